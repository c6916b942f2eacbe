"""Suggestions, suppliers and purchase orders as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from flask import abort
from pydantic import Field

from app.blueprints.api.door import blueprint
from app.platform.access import Permission
from app.platform.api import paged
from app.platform.bodies import Model, Paged, PageQuery, Words
from app.queries import api as read
from app.queries import replenishment

Urgency = Literal["now", "soon", "later", "none", "unknown"]
Status = Literal["draft", "sent", "partly_received", "received", "closed", "cancelled"]
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
    show: Literal["order", "all"] = Field(
        "order", description="Only what is to be ordered, or every product."
    )


class Suggestion(Model):
    """What to order of one product now; money in the store's currency."""

    product_id: int
    product_name: str
    sku: str
    supplier: str
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


class Suggestions(Paged[Suggestion]):
    """One page of suggestions."""


class LedgerLine(Model):
    """One signed line of the reckoning."""

    code: str
    label: str
    units: int
    detail: str


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


class Supplier(Model):
    """From whom products come; what is null the store's settings decide."""

    id: int
    vendor: str = Field(description="As Shopify names it.")
    name: str
    email: str
    currency: str | None
    lead_time_days: int | None
    lead_time_sd_days: float | None
    review_days: int | None
    minimum_order_value: float | None


class Suppliers(Paged[Supplier]):
    """One page of suppliers."""


class OrdersQuery(PageQuery):
    """Which purchase orders."""

    status: Status | None = Field(None, description="In one state only.")


class PurchaseOrder(Model):
    """One order to one supplier."""

    id: int
    number: int
    status: Status
    currency: str
    supplier: str
    expected_on: date | None
    timestamp: datetime = Field(description="When it was written.")
    sent_at: datetime | None
    lines: int
    ordered_units: int
    received_units: int
    cost: float | None


class PurchaseOrders(Paged[PurchaseOrder]):
    """One page of purchase orders, newest first."""


class OrderLine(Model):
    """One product of an order."""

    product_id: int
    product_name: str
    sku: str
    suggested: int | None
    ordered: int
    received: int
    rejected: int
    cancelled: int
    unit_cost: float | None


class OrderLines(Model):
    """All lines of an order."""

    items: list[OrderLine]


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
    )


@blueprint.read(
    "/suppliers", needs=Permission.PURCHASING_READ, tag="Purchasing", answer=Suppliers, query=PageQuery
)
def suppliers(query: PageQuery) -> dict[str, Any]:
    """List the suppliers."""
    return paged(read.suppliers(page=query.page, size=query.per_page), query)


@blueprint.read(
    "/purchase-orders",
    needs=Permission.PURCHASING_READ,
    tag="Purchasing",
    answer=PurchaseOrders,
    query=OrdersQuery,
)
def purchase_orders(query: OrdersQuery) -> dict[str, Any]:
    """List purchase orders, newest first."""
    return paged(read.purchase_orders(status=query.status, page=query.page, size=query.per_page), query)


@blueprint.read(
    "/purchase-orders/<int:order_id>/lines",
    needs=Permission.PURCHASING_READ,
    tag="Purchasing",
    answer=OrderLines,
)
def purchase_order_lines(order_id: int) -> dict[str, Any]:
    """List the lines of one purchase order."""
    found = read.purchase_order_lines(order_id)
    if found is None:
        abort(404)
    return {"items": found}
