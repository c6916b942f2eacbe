"""One product: its page, its own settings, and its plan once that has been worked out anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response, request
from flask_login import current_user

from app.blueprints.catalog import form as product_form
from app.blueprints.catalog.door import blueprint, product_of, today
from app.domain.forecasts import ENGINES
from app.jobs import forecasts as forecast_jobs
from app.platform import clock, web
from app.platform.access import Permission, actor
from app.platform.forms import Form
from app.platform.i18n import gettext
from app.queries import (
    accuracy,
    catalog,
    forecasts,
    overrides,
    projections,
    proof,
    purchasing,
    replenishment,
    stores,
    transfers,
    wholesale,
)
from app.queries.catalog import ProductDetail
from app.services.catalog import change_variant_settings

_PATIENCE = timedelta(minutes=5)
_SETTINGS = (
    "supplier_id",
    "low_stock_threshold",
    "lead_time_days",
    "service_level",
    "moq",
    "case_size",
    "engine",
)
# Where on the page a new plan is announced: below the form that asked for it.
_PLACES = ("replanning", "replanning-override", "replanning-minimums")


@blueprint.get("/products/<int:variant_id>", needs=Permission.CATALOG_READ)
def show(variant_id: int) -> Response:
    """One product."""
    product = product_of(variant_id)
    return web.render(
        "catalog/show.html",
        product=product,
        own_orders=purchasing.open_lines(variant_id),
        proof=proof.of_variant(variant_id),
        wholesale=wholesale.of_product(variant_id),
        accuracy=accuracy.of_product(variant_id, today=today()),
        **numbers(product),
        **override_values(product),
        **_form_values(product),
    )


def numbers(product: ProductDetail) -> dict[str, Any]:
    """What a plan changes: history and forecast, the suggestion with its ledger, where stock is heading."""
    return {
        "history": forecasts.history(product.variant_id, today=today()),
        "forecast": forecasts.forecast(product.variant_id),
        "suggestion": replenishment.detail(product.variant_id),
        "projection": projections.projection(product.variant_id),
        **_locations(product),
    }


def _locations(product: ProductDetail) -> dict[str, Any]:
    """The plan of each location that stocks the product, where there are several, and what is to be moved."""
    several = web.once(stores.store).locations > 1
    places = transfers.at_locations(product.variant_id) if several else []
    return {"places": places, "moves": transfers.of_product(product.variant_id) if places else []}


def override_values(product: ProductDetail, form: Form | None = None) -> dict[str, Any]:
    """The overrides of a product, and what stands in the form of a new one."""
    found = overrides.of_product(product.variant_id, today=today())
    return {
        "overrides": found,
        "override": next((one for one in found if one.holds), None),
        "override_typed": form.typed if form else {},
        "override_errors": form.errors if form else {},
    }


@blueprint.post("/products/<int:variant_id>/settings", needs=Permission.CATALOG_EDIT)
def change(variant_id: int) -> Response:
    """Change the product's own settings and plan anew."""
    product = product_of(variant_id)
    suppliers = [value for value, _ in catalog.values("supplier")]
    form = product_form.read(request.form, web.once(stores.settings), suppliers=suppliers)
    if not form.is_valid:
        values = _form_values(product, form)
        return web.render("catalog/_settings.html", status=422, product=product, **values)
    changed = change_variant_settings(variant_id, form.values, actor=actor(), now=clock.now())
    if "engine" in changed:
        forecast_jobs.forecast_soon(current_user.store_id)
    elif changed:
        forecast_jobs.replan_soon(current_user.store_id)
    product = product_of(variant_id)
    since = clock.now() if changed else None
    response = web.render(
        "catalog/_settings.html", product=product, replanning_since=since, **_form_values(product)
    )
    return web.toast(response, gettext("Saved") if changed else gettext("Nothing to change"))


@blueprint.get("/products/<int:variant_id>/plan", needs=Permission.CATALOG_READ)
def plan(variant_id: int) -> Response:
    """The suggestion once it is newer than `after`; nothing while it is not."""
    after = web.moment_of(request.args.get("after", ""))
    product = product_of(variant_id)
    is_planned, is_late = _is_newer(replenishment.planned_at(), after), clock.now() - after > _PATIENCE
    if not is_planned and not is_late:
        return Response(status=204)
    place = request.args.get("place", "")
    return web.render(
        "catalog/_plan.html",
        product=product,
        is_planned=is_planned,
        is_late=is_late,
        place=place if place in _PLACES else _PLACES[0],
        **override_values(product),
        **numbers(product),
    )


def _is_newer(planned_at: datetime | None, after: datetime) -> bool:
    return planned_at is not None and planned_at > after


def _form_values(product: ProductDetail, form: Form | None = None) -> dict[str, Any]:
    stored = {name: getattr(product, name) for name in _SETTINGS}
    stored["service_level"] = stores.per_cent(product.service_level)
    inherited = web.once(stores.settings)
    return {
        "inherited": inherited,
        "service_of_class": stores.per_cent(inherited.service_of(product.abc_class)),
        "values": {name: form.text(name) for name in _SETTINGS} if form else stored,
        "errors": form.errors if form else {},
        "engines": list(ENGINES),
        "suppliers": catalog.values("supplier"),
    }
