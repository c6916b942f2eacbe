"""Large one-off orders of a product: kept apart from its demand, or counted in again"""

from __future__ import annotations

from flask import Response, request
from flask_login import current_user

from app.blueprints.catalog.door import blueprint, product_of
from app.jobs import forecasts as forecast_jobs
from app.platform import web
from app.platform.access import Permission, actor
from app.platform.i18n import gettext
from app.queries import wholesale
from app.services import wholesale as service


@blueprint.post("/products/<int:variant_id>/wholesale/<int:line_id>", needs=Permission.REPLENISHMENT_DECIDE)
def decide_wholesale(variant_id: int, line_id: int) -> Response:
    """Count an order as demand like any other, or keep it apart; the forecast is made anew."""
    product = product_of(variant_id)
    service.decide(variant_id, line_id, is_counted=request.form.get("counted") == "1", actor=actor())
    forecast_jobs.forecast_soon(current_user.store_id)
    response = web.render(
        "catalog/_wholesale.html",
        product=product,
        wholesale=wholesale.of_product(variant_id),
        is_changed=True,
    )
    return web.toast(response, gettext("Saved"))
