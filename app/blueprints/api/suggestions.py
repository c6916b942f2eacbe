"""Suggestions as JSON: what to order and why, and the decision about each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from flask import abort
from pydantic import Field

from app.blueprints.api.door import blueprint
from app.platform import clock
from app.platform.access import Permission, actor
from app.platform.api import paged
from app.platform.bodies import Done, Invalid, Model, Paged, PageQuery, Words
from app.platform.i18n import gettext
from app.queries import replenishment, stores
from app.queries.api import stock as read
from app.services import purchasing, snoozes

_LONGEST_SNOOZE = timedelta(days=366)
MOST_UNITS = 1_000_000
Urgency = Literal["now", "soon", "later", "none", "unknown"]
Sort = Literal[
    "urgency",
    "-urgency",
    "product_name",
    "-product_name",
    "reorder_amount",
    "-reorder_amount",
    "cost",
    "-cost",
    "order_by",
    "-order_by",
]


class SuggestionsQuery(PageQuery):
    """Which suggestions."""

    search: Words = Field("", description="Part of a name or SKU.")
    sort: Sort = Field("urgency", description="A leading minus turns the order around.")
    show: Literal["order", "snoozed", "all"] = Field(
        "order", description="What is to be ordered, what was left off until a day, or every product."
    )


class Suggestion(Model):
    """What to order of one product now; money in the store's currency."""

    product_id: int
    product_name: str
    sku: str
    vendor: str = Field(description="As Shopify names it.")
    supplier: str | None = Field(
        description="From whom it is ordered: the one chosen for it, else its vendor's."
    )
    supplier_id: int | None
    current_stock: int
    incoming: int
    predicted_demand: float | None = Field(description="Over the protection days.")
    protection_days: int = Field(description="Lead time and review period.")
    reorder_amount: int
    urgency: Urgency
    order_by: date | None
    stock_out_date: date | None = Field(description="When stock runs out, as likely earlier as later.")
    cost: float | None
    cost_of_waiting: float | None
    snoozed_until: date | None


class Suggestions(Paged[Suggestion]):
    """One page of suggestions."""


class LedgerLine(Model):
    """One signed line of the reckoning."""

    code: str
    label: str
    units: int
    detail: str


class ChangeLine(Model):
    """Units that one cause changed."""

    code: Literal["sales", "stock", "arrivals", "settings", "sharing"]
    label: str
    units: int


class Change(Model):
    """Why the amount is not what it was: the lines add up to it less the amount before."""

    since: date = Field(description="Day of the earlier plan: a week ago or more, once there is one.")
    before: int
    lines: list[ChangeLine]


class SuggestionDetail(Model):
    """Why this amount: the lines of the ledger add up to it."""

    product_id: int
    product_name: str
    sku: str
    reorder_amount: int
    urgency: Urgency
    on_hand: int
    committed: int
    incoming: int
    safety_stock: int | None
    reorder_point: int | None
    target_stock: int | None
    days_of_cover: float | None
    stock_out_early: date | None
    stock_out_date: date | None
    stock_out_late: date | None
    overstock_units: int
    ledger: list[LedgerLine]
    change: Change | None = Field(description="Null where nothing has changed, and on a store's first day.")


class Decision(Model):
    """To accept a suggestion, as it is or with another quantity."""

    quantity: Annotated[int, Field(ge=1, le=MOST_UNITS)] | None = Field(
        None, description="Units to order; null takes the suggested amount."
    )


class Snooze(Model):
    """To leave a product off the list until a day, at most a year ahead."""

    until: date
    reason: Words = ""


class Accepted(Done):
    """The draft order on which the product now stands."""

    order_id: int
    order_number: int


@blueprint.read(
    "/suggestions",
    needs=Permission.REPLENISHMENT_READ,
    tag="Suggestions",
    answer=Suggestions,
    query=SuggestionsQuery,
)
def suggestions(query: SuggestionsQuery) -> dict[str, Any]:
    """List what to order, most urgent first."""
    found = read.suggestions(
        search=query.search, sort=query.sort, show=query.show, page=query.page, size=query.per_page
    )
    return paged(found, query)


@blueprint.read(
    "/suggestions/<int:product_id>",
    needs=Permission.REPLENISHMENT_READ,
    tag="Suggestions",
    answer=SuggestionDetail,
)
def suggestion(product_id: int) -> SuggestionDetail:
    """Explain one suggestion by its ledger."""
    found = replenishment.detail(product_id)
    if found is None:
        abort(404)
    return SuggestionDetail(
        product_id=found.row.variant_id,
        product_name=found.row.product,
        sku=found.row.sku,
        reorder_amount=found.row.quantity,
        urgency=found.row.urgency,  # type: ignore[arg-type]
        on_hand=found.on_hand,
        committed=found.committed,
        incoming=found.row.incoming,
        safety_stock=found.safety_stock,
        reorder_point=found.reorder_point,
        target_stock=found.target_stock,
        days_of_cover=found.days_of_cover,
        stock_out_early=found.stock_out_early,
        stock_out_date=found.row.stock_out,
        stock_out_late=found.stock_out_late,
        overstock_units=found.overstock_units,
        ledger=[LedgerLine.model_validate(line) for line in found.ledger],
        change=None if found.change is None else Change.model_validate(found.change),
    )


@blueprint.write(
    "/suggestions/<int:product_id>/accept",
    needs=Permission.REPLENISHMENT_DECIDE,
    tag="Suggestions",
    answer=Accepted,
    body=Decision,
)
def accept_suggestion(product_id: int, body: Decision) -> Accepted:
    """Put a product on its supplier's draft order. Doing it twice orders once: the last quantity counts."""
    order = purchasing.accept(product_id, quantity=body.quantity, actor=actor(), now=clock.now())
    message = gettext("The product is on draft order %(number)s.", number=f"PO-{order.number:04d}")
    return Accepted(message=message, order_id=order.id, order_number=order.number)


@blueprint.write(
    "/suggestions/<int:product_id>/snooze",
    needs=Permission.REPLENISHMENT_DECIDE,
    tag="Suggestions",
    answer=Done,
    body=Snooze,
)
def snooze_suggestion(product_id: int, body: Snooze) -> Done:
    """Leave a product off what is to be ordered until a day."""
    today = clock.today(stores.store().time_zone)
    if not today < body.until <= today + _LONGEST_SNOOZE:
        raise Invalid([{"field": "until", "detail": gettext("Send a day after today and within a year.")}])
    snoozes.snooze(product_id, until=body.until, reason=body.reason, actor=actor(), now=clock.now())
    return Done(message=gettext("The product is off the list until %(day)s.", day=body.until.isoformat()))


@blueprint.write(
    "/suggestions/<int:product_id>/wake",
    needs=Permission.REPLENISHMENT_DECIDE,
    tag="Suggestions",
    answer=Done,
)
def wake_suggestion(product_id: int) -> Done:
    """Take a product back onto what is to be ordered."""
    if replenishment.detail(product_id) is None:
        abort(404)
    snoozes.wake(product_id, actor=actor())
    return Done(message=gettext("The product is on the list."))
