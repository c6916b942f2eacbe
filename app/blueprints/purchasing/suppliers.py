"""The suppliers' pages."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_login import current_user

from app.blueprints.purchasing import form as forms
from app.blueprints.purchasing.pages import blueprint, today
from app.jobs import forecasts as forecast_jobs
from app.platform import formats, web
from app.platform.access import Permission, actor
from app.platform.forms import Form
from app.platform.i18n import gettext
from app.queries import purchasing, stores
from app.queries.purchasing import SupplierView
from app.services.purchasing import SupplierNotFound, change_supplier

_PLANNING = {"lead_time_days", "lead_time_sd_days", "review_days"}


@blueprint.get("/suppliers", needs=Permission.PURCHASING_READ)
def supplier_list() -> Response:
    """All suppliers."""
    search = request.args.get("search", "").strip()[:100]
    values: dict[str, Any] = {"suppliers": purchasing.suppliers(search=search), "search": search}
    values |= {"inherited": web.once(stores.settings), "amount": formats.money}
    if not web.wants_fragment():
        return web.render("purchasing/suppliers.html", **values)
    response = web.render("purchasing/_suppliers.html", **values)
    response.headers["HX-Push-Url"] = web.page_url("purchasing.supplier_list", search=search)
    return response


@blueprint.get("/suppliers/<int:supplier_id>", needs=Permission.PURCHASING_READ)
def show_supplier(supplier_id: int) -> Response:
    """One supplier with its products and orders."""
    supplier = _found(supplier_id)
    orders = purchasing.table(today=today(), show="all", supplier_id=supplier_id)
    products = purchasing.supplied(supplier.id, supplier.vendor)
    return web.render("purchasing/supplier.html", orders=orders, products=products, **_values(supplier))


@blueprint.post("/suppliers/<int:supplier_id>", needs=Permission.PURCHASING_EDIT)
def save_supplier(supplier_id: int) -> Response:
    """Change a supplier; the plan follows its days."""
    supplier, settings = _found(supplier_id), web.once(stores.settings)
    form = forms.supplier(request.form, settings.review_days, settings.lead_time_days)
    if not form.is_valid:
        return web.render("purchasing/_supplier_form.html", status=422, **_values(supplier, form))
    values = {name: form.values[name] for name in forms.SUPPLIER_FIELDS}
    changed = change_supplier(supplier_id, values, actor=actor())
    if _PLANNING & set(changed):
        forecast_jobs.replan_soon(current_user.store_id)
    response = web.render("purchasing/_supplier_form.html", **_values(_found(supplier_id)))
    return web.toast(response, gettext("Saved") if changed else gettext("Nothing to change"))


def _found(supplier_id: int) -> SupplierView:
    supplier = purchasing.supplier(supplier_id)
    if supplier is None:
        raise SupplierNotFound(f"There is no supplier {supplier_id} in this store.")
    return supplier


def _values(supplier: SupplierView, form: Form | None = None) -> dict[str, Any]:
    names = forms.SUPPLIER_FIELDS
    stored = {name: "" if getattr(supplier, name) is None else getattr(supplier, name) for name in names}
    sd = supplier.lead_time_sd_days
    stored["lead_time_sd_days"] = "" if sd is None else f"{sd:g}"
    return {
        "supplier": supplier,
        "inherited": web.once(stores.settings),
        "values": {name: form.text(name) for name in names} if form else stored,
        "errors": form.errors if form else {},
        "amount": formats.money,
    }
