"""The JSON bodies and answers of purchase orders."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from app.platform.bodies import LARGEST_ID, Email, Id, Model, Note, Paged, PageQuery, left_out

_MOST_UNITS, _MOST_LINES = 1_000_000, 1_000
Status = Literal["draft", "sent", "partly_received", "received", "closed", "cancelled"]
Units = Annotated[int, Field(ge=0, le=_MOST_UNITS)]


class OrdersQuery(PageQuery):
    """Which purchase orders."""

    status: Status | None = Field(None, description="In one state only.")
    location_id: Annotated[int, Field(ge=0, le=LARGEST_ID)] | None = Field(
        None, description="To be delivered to this location only; 0: those that name none."
    )


class PurchaseOrder(Model):
    """One order to one supplier."""

    id: int
    number: int
    status: Status
    currency: str
    supplier_id: int
    supplier: str
    expected_on: date | None
    location_id: int | None = Field(description="Where it is to be delivered; null: it does not say.")
    location: str | None
    timestamp: datetime = Field(description="When it was written.")
    sent_at: datetime | None
    lines: int
    ordered_units: int
    received_units: int
    cost: float | None


class PurchaseOrders(Paged[PurchaseOrder]):
    """One page of purchase orders, newest first."""


class OrderLine(Model):
    """One product of an order; ordered = received + rejected + cancelled + open."""

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


class PurchaseOrderDetail(PurchaseOrder):
    """One order with its lines."""

    version: int = Field(description="Send it with every change, so that two clients cannot undo each other.")
    note: str
    also_in_shopify: bool = Field(description="Shopify lists the same units as incoming; they count once.")
    items: list[OrderLine]


class Wanted(Model):
    """Units of one product."""

    product_id: Id
    quantity: Annotated[int, Field(ge=1, le=_MOST_UNITS)]


class OrderWanted(Model):
    """A draft order to write."""

    supplier_id: Id
    items: Annotated[list[Wanted], Field(min_length=1, max_length=_MOST_LINES)] | None = Field(
        None, description="What to order; null: all that is due from the supplier now."
    )
    location_id: Id | None = Field(
        None,
        description="Where it is to be delivered; null: where the draft goes, or the supplier's last order.",
    )


class Version(Model):
    """Which version of the order the client has seen."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1)]


class LineWanted(Model):
    """One product of a draft: 0 units take it off, a cost of null keeps the known one."""

    product_id: Id
    ordered: Units
    unit_cost: Annotated[float, Field(ge=0, le=1e9)] | None = None


class OrderUpdate(Version):
    """What is to change; what is left out stays. Only drafts take lines and a note."""

    expected_on: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2200, 1, 1))] | None = None
    location_id: Id | None = Field(
        None, description="Where it is to be delivered: a location that counts; null, in a draft alone: none."
    )
    note: Note = left_out()
    also_in_shopify: bool = left_out()
    items: Annotated[list[LineWanted], Field(max_length=_MOST_LINES)] = left_out()


class Mail(Model):
    """The mail that carries the order to the supplier, with its PDF."""

    recipients: Annotated[list[Email], Field(min_length=1, max_length=5)]
    message: Note = ""
    reply_to: Email | None = None


class Sending(Version):
    """To send a draft."""

    email: Mail | None = Field(None, description="Null: the order was sent in another way; it is only noted.")


class Arrived(Model):
    """What came of one product."""

    product_id: Id
    received: Units = Field(0, description="Good units.")
    rejected: Units = Field(0, description="Units that go back.")


class Delivery(Version):
    """One delivery. Stock in Shopify is not touched."""

    items: Annotated[list[Arrived], Field(min_length=1, max_length=_MOST_LINES)] | None = Field(
        None, description="What was counted; null: all that is open has come."
    )
