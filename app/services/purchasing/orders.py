"""Purchase orders from the day they are sent to their end.

Every change locks the order's row and, where a page was filled in, compares the version that page showed.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.domain import purchasing as rules
from app.models.purchasing import PurchaseOrder, PurchaseOrderLine
from app.platform import db
from app.platform.i18n import gettext
from app.services import audit
from app.services.purchasing import places, suppliers
from app.services.purchasing.places import KEPT, Kept


class OrderNotFound(LookupError):
    """The current store has no such purchase order."""


class OrderChanged(RuntimeError):
    """Somebody changed the order since the page was loaded; nothing was overwritten."""


class UnableToOrder(ValueError):
    """The order cannot be made or sent as it is; the message says what to do."""


def locked(order_id: int, *, version: int | None = None) -> PurchaseOrder:
    """The order, locked until the transaction ends. Raises OrderNotFound, OrderChanged."""
    query = select(PurchaseOrder).where(PurchaseOrder.id == order_id).with_for_update()
    order = db.session().execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if order is None:
        raise OrderNotFound(f"There is no purchase order {order_id} in this store.")
    if version is not None and order.version != version:
        raise OrderChanged(
            gettext(
                "Somebody changed this order since you opened the page, so nothing was saved."
                " Load the page again, then make your change."
            )
        )
    return order


def lines_of(order: PurchaseOrder) -> list[PurchaseOrderLine]:
    """The order's lines in the order in which they were added."""
    query = select(PurchaseOrderLine).where(PurchaseOrderLine.order_id == order.id)
    return list(db.session().execute(query.order_by(PurchaseOrderLine.id)).scalars())


def units(line: PurchaseOrderLine) -> rules.LineUnits:
    """The line's units as the rules count them."""
    return rules.LineUnits(line.ordered, line.received, line.rejected, line.cancelled)


def note(order: PurchaseOrder, act: str, *, actor: str, now: datetime, **detail: Any) -> None:
    """Close a change: a new version, the hour, and a line in the audit trail."""
    order.version += 1
    order.updated_at = now
    audit.record(
        actor=actor, action=f"purchase_order.{act}", order_id=order.id, number=order.number, **detail
    )


def send(order_id: int, *, version: int, today: date, actor: str, now: datetime) -> PurchaseOrder:
    """Make a draft an order that is on its way; its open units count as incoming from now on.

    Raises OrderNotFound, OrderChanged, ActNotAllowed, UnableToOrder while it has no line.
    """
    order = locked(order_id, version=version)
    rules.check(order.status, "send")
    if not lines_of(order):
        raise UnableToOrder(gettext("This order has no products. Add one first."))
    if order.expected_on is None or order.expected_on < today:
        lead = suppliers.lead_time_days(suppliers.get(order.supplier_id))
        order.expected_on = today + timedelta(days=lead)
    order.status, order.sent_at = rules.SENT, now
    note(order, "sent", actor=actor, now=now, expected_on=order.expected_on.isoformat())
    return order


def reschedule(
    order_id: int,
    *,
    expected_on: date,
    also_in_shopify: bool,
    version: int,
    actor: str,
    now: datetime,
    location_id: int | Kept | None = KEPT,
) -> None:
    """Another day of arrival, another location, and whether Shopify lists the same units.

    Raises as `send` does, LocationNotFound, and UnableToOrder where the order's location is to be taken off it:
    its units are on their way there, and the supplier was told so.
    """
    order = locked(order_id, version=version)
    rules.check(order.status, "reschedule")
    before = order.expected_on.isoformat() if order.expected_on else ""
    if location_id is None and order.location_id is not None:
        raise UnableToOrder(
            gettext(
                "This order is sent and its units are on their way to a location, so it cannot be without one."
                " Choose another location instead."
            )
        )
    order.expected_on, order.also_in_shopify = expected_on, also_in_shopify
    moved = places.deliver_to(order, location_id)
    note(
        order,
        "rescheduled",
        actor=actor,
        now=now,
        before=before,
        after=expected_on.isoformat(),
        also_in_shopify=also_in_shopify,
        **moved,
    )


def cancel(order_id: int, *, version: int, actor: str, now: datetime) -> None:
    """Give an order up of which nothing has arrived; its number stays taken. Raises as `send` does."""
    _end(order_id, "cancel", rules.CANCELLED, version=version, actor=actor, now=now)


def close(order_id: int, *, version: int, actor: str, now: datetime) -> None:
    """End an order of which something has arrived; what is open is given up. Raises as `send` does."""
    _end(order_id, "close", rules.CLOSED, version=version, actor=actor, now=now)


def _end(order_id: int, act: str, status: str, *, version: int, actor: str, now: datetime) -> None:
    order = locked(order_id, version=version)
    rules.check(order.status, act)
    given_up = 0
    for line in lines_of(order):
        given_up += units(line).open
        line.cancelled = units(line).give_up().cancelled
    order.status, order.ended_at = status, now
    note(order, status, actor=actor, now=now, given_up=given_up)
