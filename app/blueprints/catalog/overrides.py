"""The merchant's own number in place of a product's forecast: set it until a day, or end it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from flask import Response, request
from flask_login import current_user

from app.blueprints.catalog.door import blueprint, product_of, today
from app.blueprints.catalog.product import override_values
from app.jobs import forecasts as forecast_jobs
from app.platform import clock, web
from app.platform.access import Permission, actor
from app.platform.forms import Form
from app.platform.i18n import gettext
from app.services import overrides
from app.services.overrides import UnableToOverride

_LONGEST = timedelta(days=179)
_MOST_UNITS, _MOST_PERCENT = 100_000, 1_000


@blueprint.post("/products/<int:variant_id>/override", needs=Permission.REPLENISHMENT_DECIDE)
def override(variant_id: int) -> Response:
    """Set an override from today until a day."""
    product_of(variant_id)
    form = _read()
    if not form.is_valid:
        return _part(variant_id, form=form)
    values = form.values
    try:
        overrides.put(
            variant_id,
            kind=values["kind"],
            value=Decimal(str(values["value"])),
            until=values["until"],
            reason=values["reason"],
            actor=actor(),
            now=clock.now(),
            today=today(),
        )
    except UnableToOverride as problem:
        form.errors["kind"] = str(problem)
        return _part(variant_id, form=form)
    forecast_jobs.replan_soon(current_user.store_id)
    return web.toast(_part(variant_id), gettext("Override saved"))


@blueprint.post("/products/<int:variant_id>/override/end", needs=Permission.REPLENISHMENT_DECIDE)
def end_override(variant_id: int) -> Response:
    """End the override that holds; the model's forecast counts again."""
    product_of(variant_id)
    if overrides.end(variant_id, actor=actor(), now=clock.now()):
        forecast_jobs.replan_soon(current_user.store_id)
    return web.toast(_part(variant_id), gettext("Override ended"))


def _read() -> Form:
    form = Form(request.form)
    form.choice("kind", overrides.KINDS)
    is_percent = form.values.get("kind") == "percent"
    form.decimal("value", low=-100 if is_percent else 0, high=_MOST_PERCENT if is_percent else _MOST_UNITS)
    form.day("until", earliest=today(), latest=today() + _LONGEST)
    form.words("reason", most=200, optional=False)
    return form


def _part(variant_id: int, *, form: Form | None = None) -> Response:
    product = product_of(variant_id)
    return web.render(
        "catalog/_override.html",
        status=422 if form else 200,
        product=product,
        replanning_since=None if form else clock.now(),
        **override_values(product, form),
    )
