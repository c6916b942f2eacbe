"""Receiving: what a delivery brought, line by line, kept apart into good units and rejected ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.domain import purchasing as rules
from app.models.purchasing import PurchaseOrder, PurchaseOrderLine, PurchaseReceipt
from app.platform import db
from app.platform.i18n import gettext
from app.services.purchasing.orders import UnableToOrder, lines_of, locked, note, units


def receive(
    order_id: int,
    brought: Mapping[int, tuple[int, int]],
    *,
    version: int,
    actor: str,
    now: datetime,
) -> PurchaseOrder:
    """Note a delivery: `brought` maps a line's id to (good units, rejected units).

    Stock in Shopify is not touched. Raises OrderNotFound, OrderChanged, ActNotAllowed, TooManyUnits with the
    product's name, and UnableToOrder when the delivery holds nothing.
    """
    order = locked(order_id, version=version)
    rules.check(order.status, "receive")
    lines = lines_of(order)
    # All lines are checked before any is changed: a refused delivery leaves no trace.
    after = {line.id: _after(line, *brought.get(line.id, (0, 0))) for line in lines}
    arrived = 0
    for line in lines:
        good, bad = brought.get(line.id, (0, 0))
        arrived += good + bad
        line.received, line.rejected = after[line.id].received, after[line.id].rejected
        if good + bad:
            db.session().add(
                PurchaseReceipt(
                    order_id=order.id, line_id=line.id, received=good, rejected=bad, at=now, actor=actor
                )
            )
    if not arrived:
        raise UnableToOrder(gettext("Enter how many units arrived of at least one product."))
    order.status = rules.after_receipt(units(line) for line in lines)
    note(order, "received", actor=actor, now=now, units=arrived, status=order.status)
    return order


def _after(line: PurchaseOrderLine, good: int, bad: int) -> rules.LineUnits:
    try:
        return units(line).receive(received=good, rejected=bad)
    except rules.TooManyUnits as error:
        raise rules.TooManyUnits(error.wanted, error.line, line.name) from error
