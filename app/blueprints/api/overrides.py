"""Overrides of forecasts as JSON: which hold, set one, end it"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from flask_login import current_user
from pydantic import Field

from app.blueprints.api.door import blueprint
from app.jobs import forecasts as jobs
from app.platform import clock
from app.platform.access import Permission, actor
from app.platform.api import paged
from app.platform.bodies import Done, Id, Invalid, Model, Paged, PageQuery, Words
from app.platform.i18n import gettext
from app.queries import catalog, stores
from app.queries.api import work as read
from app.services import overrides as service
from app.services.catalog import VariantNotFound

_LONGEST = timedelta(days=179)
_TAG = "Forecasts"


class OverridesQuery(PageQuery):
    """Which overrides."""

    show: Literal["open", "all"] = Field("open", description="Those that hold today, or every one.")
    product_id: Id | None = Field(None, description="Of one product only.")


class Override(Model):
    """A merchant's own number in place of the model's."""

    id: int
    product_id: int
    product_name: str
    sku: str
    kind: Literal["units", "percent"]
    value: float = Field(description="Units a day, or the change of the model's demand in percent.")
    starts_on: date
    until: date
    reason: str
    actor: str
    timestamp: datetime = Field(description="When it was set.")
    ended_at: datetime | None
    holds: bool


class Overrides(Paged[Override]):
    """One page of overrides, newest first."""


class OverrideWanted(Model):
    """Your own number from today until a day."""

    kind: Literal["units", "percent"]
    value: Annotated[float, Field(ge=-100, le=100_000, allow_inf_nan=False)]
    until: date
    reason: Annotated[Words, Field(min_length=1)]


@blueprint.read(
    "/forecast/overrides", needs=Permission.FORECASTS_READ, tag=_TAG, answer=Overrides, query=OverridesQuery
)
def overrides(query: OverridesQuery) -> dict[str, Any]:
    """List the overrides."""
    found = read.overrides(
        show=query.show, product_id=query.product_id, today=_today(), page=query.page, size=query.per_page
    )
    return paged(found, query)


@blueprint.write(
    "/products/<int:product_id>/override",
    needs=Permission.REPLENISHMENT_DECIDE,
    tag=_TAG,
    answer=Override,
    body=OverrideWanted,
    status=201,
)
def set_override(product_id: int, body: OverrideWanted) -> dict[str, Any]:
    """Put your own number in place of a product's forecast until a day; an earlier one ends.

    `units`: what is sold on each day, 0 or more. `percent`: the change of the model's demand, from -100 to
    1,000. The suggestion follows.
    """
    _require(product_id)
    today = _today()
    _check(body, today)
    service.put(
        product_id,
        kind=body.kind,
        value=Decimal(str(round(body.value, 3))),
        until=body.until,
        reason=body.reason,
        actor=actor(),
        now=clock.now(),
        today=today,
    )
    jobs.replan_soon(current_user.store_id)
    found: list[dict[str, Any]] = read.overrides(
        show="open", product_id=product_id, today=today, page=1, size=1
    )["items"]
    return found[0]


@blueprint.write(
    "/products/<int:product_id>/override/end",
    needs=Permission.REPLENISHMENT_DECIDE,
    tag=_TAG,
    answer=Done,
)
def end_override(product_id: int) -> Done:
    """End a product's override; the model's forecast counts again. Without one nothing changes."""
    _require(product_id)
    if service.end(product_id, actor=actor(), now=clock.now()):
        jobs.replan_soon(current_user.store_id)
    return Done(message=gettext("The model's forecast counts again."))


def _check(body: OverrideWanted, today: date) -> None:
    if not today <= body.until <= today + _LONGEST:
        words = gettext("Send a day from today on and within %(days)s days.", days=_LONGEST.days)
        raise Invalid([{"field": "until", "detail": words}])
    if body.kind == "units" and body.value < 0:
        raise Invalid([{"field": "value", "detail": gettext("Send 0 or more.")}])
    if body.kind == "percent" and body.value > 1_000:
        raise Invalid([{"field": "value", "detail": gettext("Send at most 1,000 percent.")}])


def _require(product_id: int) -> None:
    if catalog.detail(product_id) is None:
        raise VariantNotFound(f"There is no product {product_id} in this store.")


def _today() -> date:
    return clock.today(stores.store().time_zone)
