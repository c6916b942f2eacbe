"""Large one-off orders as JSON: which were kept apart from demand, and the decision about each"""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_login import current_user
from pydantic import Field

from app.blueprints.api.door import blueprint
from app.jobs import forecasts as forecast_jobs
from app.platform.access import Permission, actor
from app.platform.api import paged
from app.platform.bodies import Done, Id, Model, Paged, PageQuery
from app.platform.i18n import gettext
from app.queries.api import demand as read
from app.services import wholesale as service

_TAG = "Forecasts"


class LargeOrdersQuery(PageQuery):
    """Which orders."""

    product_id: Id | None = Field(None, description="Of one product only.")


class LargeOrder(Model):
    """An order line far above what is usually ordered of the product, and rare."""

    line_id: int
    product_id: int
    product_name: str
    sku: str
    day: date
    units: int
    usual_units: float = Field(description="The product's median order line.")
    counted: bool = Field(description="Counted as demand like any other, instead of kept apart.")
    decided_by: str = Field(description="Empty while nobody has decided.")


class LargeOrders(Paged[LargeOrder]):
    """One page of large orders, the latest first."""


class Counted(Model):
    """Whether the order counts as demand."""

    counted: bool


@blueprint.read(
    "/forecast/large-orders",
    needs=Permission.FORECASTS_READ,
    tag=_TAG,
    answer=LargeOrders,
    query=LargeOrdersQuery,
)
def large_orders(query: LargeOrdersQuery) -> dict[str, Any]:
    """List the large one-off orders that were found in the sales."""
    found = read.large_orders(product_id=query.product_id, page=query.page, size=query.per_page)
    return paged(found, query)


@blueprint.write(
    "/products/<int:product_id>/large-orders/<int:line_id>",
    needs=Permission.REPLENISHMENT_DECIDE,
    tag=_TAG,
    answer=Done,
    body=Counted,
)
def decide_large_order(product_id: int, line_id: int, body: Counted) -> Done:
    """Count a large order as demand like any other, or keep it apart; the forecast is made anew."""
    service.decide(product_id, line_id, is_counted=body.counted, actor=actor())
    forecast_jobs.forecast_soon(current_user.store_id)
    return Done(message=gettext("Saved. The forecast is being made anew."))
