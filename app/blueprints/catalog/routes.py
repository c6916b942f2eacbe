"""The product pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, request
from flask_login import current_user

from app.blueprints.catalog import form as product_form
from app.domain.forecasts import ENGINES
from app.jobs import forecasts as forecast_jobs
from app.platform import clock, web
from app.platform.access import AppBlueprint, Permission, actor
from app.platform.forms import Form
from app.queries import catalog, forecasts, purchasing, replenishment, stores
from app.queries.catalog import ProductDetail
from app.queries.paging import clean_page
from app.services.catalog import VariantNotFound, change_variant_settings

blueprint = AppBlueprint("catalog", __name__)
_PATIENCE = timedelta(minutes=5)
_SETTINGS = ("low_stock_threshold", "lead_time_days", "moq", "case_size", "engine")


@blueprint.get("/products", needs=Permission.CATALOG_READ)
def index() -> Response:
    """The list."""
    table = catalog.table(
        sort=request.args.get("sort", "product"),
        search=request.args.get("search", "").strip()[:100],
        page=clean_page(request.args.get("page")),
    )
    if not web.wants_fragment():
        return web.render("catalog/index.html", table=table)
    response = web.render("catalog/_table.html", table=table)
    shown = {"sort": table.sort, "search": table.search, "page": table.page.number}
    response.headers["HX-Push-Url"] = web.page_url("catalog.index", **shown)
    return response


@blueprint.get("/products/<int:variant_id>", needs=Permission.CATALOG_READ)
def show(variant_id: int) -> Response:
    """One product."""
    product = _product(variant_id)
    today = clock.today(web.once(stores.store).time_zone)
    return web.render(
        "catalog/show.html",
        product=product,
        history=forecasts.history(variant_id, today=today),
        forecast=forecasts.forecast(variant_id),
        suggestion=replenishment.detail(variant_id),
        own_orders=purchasing.open_lines(variant_id),
        **_form_values(product),
    )


@blueprint.post("/products/<int:variant_id>/settings", needs=Permission.CATALOG_EDIT)
def change(variant_id: int) -> Response:
    """Change the product's own settings and plan anew."""
    product = _product(variant_id)
    form = product_form.read(request.form, web.once(stores.settings))
    if not form.is_valid:
        values = _form_values(product, form)
        return web.render("catalog/_settings.html", status=422, product=product, **values)
    changed = change_variant_settings(variant_id, form.values, actor=actor(), now=clock.now())
    if "engine" in changed:
        forecast_jobs.forecast_soon(current_user.store_id)
    elif changed:
        forecast_jobs.replan_soon(current_user.store_id)
    product = _product(variant_id)
    since = clock.now() if changed else None
    response = web.render(
        "catalog/_settings.html", product=product, replanning_since=since, **_form_values(product)
    )
    return web.toast(response, "Saved" if changed else "Nothing to change")


@blueprint.get("/products/<int:variant_id>/plan", needs=Permission.CATALOG_READ)
def plan(variant_id: int) -> Response:
    """The suggestion once it is newer than `after`; nothing while it is not."""
    after = web.moment_of(request.args.get("after", ""))
    product, planned_at = _product(variant_id), replenishment.planned_at()
    is_planned = planned_at is not None and planned_at > after
    is_late = clock.now() - after > _PATIENCE
    if not is_planned and not is_late:
        return Response(status=204)
    return web.render(
        "catalog/_plan.html",
        product=product,
        suggestion=replenishment.detail(variant_id),
        is_planned=is_planned,
        is_late=is_late,
    )


def _product(variant_id: int) -> ProductDetail:
    found = catalog.detail(variant_id)
    if found is None:
        raise VariantNotFound(f"There is no product {variant_id} in this store.")
    return found


def _form_values(product: ProductDetail, form: Form | None = None) -> dict[str, Any]:
    stored = {name: getattr(product, name) for name in _SETTINGS}
    return {
        "inherited": web.once(stores.settings),
        "values": {name: form.text(name) for name in _SETTINGS} if form else stored,
        "errors": form.errors if form else {},
        "engines": list(ENGINES),
    }
