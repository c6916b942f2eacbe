"""Changing many products at once: what was ticked or all that match; first a preview, then the change."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_login import current_user

from app.blueprints.catalog.door import blueprint, today
from app.blueprints.catalog.listing import asked_for, block
from app.domain.forecasts import MAX_DAYS
from app.jobs import forecasts as forecast_jobs
from app.platform import clock, web
from app.platform.access import Permission, actor
from app.platform.forms import Form
from app.platform.i18n import gettext, ngettext
from app.queries import catalog
from app.queries.paging import clean_page
from app.services import variant_settings
from app.services.variant_settings import NAMES

LIMITS = {
    "lead_time_days": (0, MAX_DAYS - 1),
    "moq": (1, 1_000_000),
    "case_size": (1, 100_000),
    "low_stock_threshold": (0, 1_000_000),
}
VENDORS_OWN = "vendor"


@blueprint.get("/products/bulk", needs=Permission.CATALOG_READ)
def bulk_form() -> Response:
    """The empty form; asked for when the first product is ticked."""
    return _form(Form({}), picked=0)


@blueprint.post("/products/bulk/preview", needs=Permission.CATALOG_EDIT)
def preview_bulk() -> Response:
    """How many products the change would touch, before anything is changed."""
    ids = _picked()
    form, changes = read(ids)
    if not form.is_valid:
        return _form(form, picked=len(ids), status=422)
    return _form(form, picked=len(ids), effect=variant_settings.effect(ids, changes))


@blueprint.post("/products/bulk", needs=Permission.CATALOG_EDIT)
def change_bulk() -> Response:
    """Change the products, and plan anew."""
    ids = _picked()
    form, changes = read(ids)
    if not form.is_valid:
        response = _form(form, picked=len(ids), status=422)
        response.headers["HX-Retarget"] = "#bulk"
        return response
    changed = variant_settings.change(ids, changes, actor=actor(), now=clock.now())
    if changed:
        forecast_jobs.replan_soon(current_user.store_id)
    values = block(asked_for(request.form), clean_page(request.form.get("page")))
    told = ngettext("%(num)s product changed", "%(num)s products changed", len(changed))
    return web.toast(web.render("catalog/_table.html", **values), told)


def read(ids: list[int]) -> tuple[Form, dict[str, Any]]:
    """The form, and the changes that it asks for: names of settings with their new values, None inherits."""
    form, changes = Form(request.form), dict[str, Any]()
    clear = set(request.form.getlist("clear"))
    for name, (low, high) in LIMITS.items():
        typed = form.text(name)
        if typed and name in clear:
            form.errors[name] = gettext("Enter a value or tick the box, not both.")
        elif typed:
            form.whole(name, low=low, high=high)
            changes |= {name: form.values[name]} if name in form.values else {}
        elif name in clear:
            changes[name] = None
    _read_supplier(form, changes)
    if not ids:
        form.errors["bulk"] = gettext("Select at least one product.")
    elif not changes and form.is_valid:
        form.errors["bulk"] = gettext("Enter at least one change.")
    if form.is_valid and (slow := variant_settings.effect(ids, changes).too_slow):
        form.errors["lead_time_days"] = ngettext(
            "For %(num)s product the lead time and the days between orders come to over %(most)s days.",
            "For %(num)s products the lead time and the days between orders come to over %(most)s days.",
            slow,
            most=MAX_DAYS,
        )
    return form, changes


def _read_supplier(form: Form, changes: dict[str, Any]) -> None:
    typed = form.text("supplier_id")
    known = {value for value, _ in catalog.values("supplier")} if typed else set()
    if typed == VENDORS_OWN:
        changes["supplier_id"] = None
    elif typed in known:
        changes["supplier_id"] = int(typed)
    elif typed:
        form.errors["supplier_id"] = gettext("Choose one of the options.")


def _picked() -> list[int]:
    """The products ticked, or all that search and filters pick."""
    if request.form.get("all") == "1":
        return catalog.ids(asked_for(request.form), today=today())
    return [int(text) for text in request.form.getlist("variant") if text.isdecimal() and len(text) < 19]


def _form(
    form: Form, *, picked: int, status: int = 200, effect: variant_settings.Effect | None = None
) -> Response:
    matching = request.values.get("matching", "")
    return web.render(
        "catalog/_bulk.html",
        status=status,
        suppliers=catalog.values("supplier"),
        typed={name: form.text(name) for name in NAMES},
        cleared=request.form.getlist("clear"),
        is_all=request.form.get("all") == "1",
        matching=int(matching) if matching.isdecimal() and len(matching) < 9 else 0,
        picked=picked,
        errors=form.errors,
        effect=effect,
    )
