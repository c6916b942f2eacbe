"""One purchase order with its lines, deliveries and mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

import numpy as np

from app.domain import purchasing as rules
from app.domain.replenishment.order_size import order_quantity
from app.platform import db
from app.queries.purchasing.orders import ORDERS, OrderRow, row_of


@dataclass(frozen=True)
class Line:
    """One line. `fitting` is the least order of at least these units that minimum and case allow (F11)."""

    id: int
    variant_id: int
    name: str
    sku: str
    barcode: str
    suggested: int | None
    ordered: int
    received: int
    rejected: int
    cancelled: int
    unit_cost: Decimal | None
    moq: int
    case_size: int
    fitting: int
    shopify_incoming: int
    other_orders: int

    @property
    def open(self) -> int:
        """Units still expected."""
        return self.ordered - self.received - self.rejected - self.cancelled

    @property
    def cost_text(self) -> str:
        """The unit cost as a field shows it: two decimals, more only where there are more."""
        if self.unit_cost is None:
            return ""
        cents = self.unit_cost.quantize(Decimal("0.01"))
        return f"{cents if cents == self.unit_cost else self.unit_cost.normalize():f}"

    @property
    def amount(self) -> Decimal | None:
        """What the line costs in the order's currency."""
        return None if self.unit_cost is None else self.unit_cost * self.ordered


@dataclass(frozen=True)
class Delivery:
    """What came at one time: (product, good units, rejected units)."""

    at: datetime
    actor: str
    lines: list[tuple[str, int, int]]


@dataclass(frozen=True)
class OrderMail:
    """The last mail of an order and what became of it."""

    recipients: list[str]
    status: str
    error: str
    created_at: datetime
    sent_at: datetime | None

    @property
    def is_under_way(self) -> bool:
        """Whether a page should look again by itself."""
        return self.status in ("queued", "sending")


@dataclass(frozen=True)
class Order:
    """One order with all that its page shows."""

    row: OrderRow
    version: int
    note: str
    also_in_shopify: bool
    created_by: str
    sent_at: datetime | None
    ended_at: datetime | None
    email: str
    lead_time_days: int
    minimum_order_value: Decimal | None
    lines: list[Line]
    deliveries: list[Delivery]
    mail: OrderMail | None

    def may(self, act: str) -> bool:
        """Whether the order's status allows the act."""
        return rules.may(self.row.status, act)

    @property
    def is_below_minimum(self) -> bool:
        """Whether the supplier asks for a larger order."""
        return self.minimum_order_value is not None and (self.row.total or 0) < self.minimum_order_value

    @property
    def doubles(self) -> list[Line]:
        """Lines whose units Shopify lists as incoming too: perhaps the same ones, entered there by hand."""
        if self.also_in_shopify or self.row.status in rules.OVER:
            return []
        return [line for line in self.lines if line.open and line.shopify_incoming]


def order(order_id: int, *, today: date) -> Order | None:
    """One order, None when this store has no such one. Four statements."""
    found = db.rows(f"{ORDERS} WHERE o.id = :id", id=order_id, today=today)
    if not found:
        return None
    row = found[0]
    names = (
        "version",
        "note",
        "also_in_shopify",
        "created_by",
        "sent_at",
        "ended_at",
        "email",
        "lead_time_days",
    )
    return Order(
        row=row_of(row),
        **{name: getattr(row, name) for name in names},
        minimum_order_value=row.minimum_order_value,
        lines=_lines(order_id),
        deliveries=_deliveries(order_id),
        mail=_mail(order_id),
    )


def _lines(order_id: int) -> list[Line]:
    rows = db.rows(
        """
        SELECT i.*, v.barcode, COALESCE(c.moq, 0) AS moq, COALESCE(c.case_size, 1) AS case_size,
               GREATEST(h.incoming, 0) AS shopify_incoming,
               (SELECT SUM(l.ordered - l.received - l.rejected - l.cancelled) FROM purchase_order_lines l
                JOIN purchase_orders o ON o.store_id = l.store_id AND o.id = l.order_id
                WHERE l.store_id = i.store_id AND l.variant_id = i.variant_id AND l.order_id <> i.order_id
                  AND o.status IN ('sent', 'partly_received')) AS other_orders
        FROM purchase_order_lines i
        JOIN variants v ON v.store_id = i.store_id AND v.id = i.variant_id
        LEFT JOIN variant_settings c ON c.store_id = i.store_id AND c.variant_id = i.variant_id
        LEFT JOIN stock_totals h ON h.store_id = v.store_id AND h.inventory_item_id = v.inventory_item_id
        WHERE i.order_id = :id ORDER BY i.id
        """,
        id=order_id,
    )
    wanted, moq, case = (
        np.asarray([getattr(row, name) for row in rows], dtype=np.float64)
        for name in ("ordered", "moq", "case_size")
    )
    fitting = order_quantity(wanted, moq, case)
    return [
        db.made(
            Line,
            row,
            fitting=int(units),
            shopify_incoming=int(row.shopify_incoming or 0),
            other_orders=int(row.other_orders or 0),
        )
        for row, units in zip(rows, fitting, strict=True)
    ]


def _deliveries(order_id: int) -> list[Delivery]:
    rows = db.rows(
        """
        SELECT r.at, r.actor, l.name, r.received, r.rejected FROM purchase_receipts r
        JOIN purchase_order_lines l ON l.store_id = r.store_id AND l.id = r.line_id
        WHERE r.order_id = :id ORDER BY r.at DESC, r.id
        """,
        id=order_id,
    )
    return [
        Delivery(at, actor, [(row.name, row.received, row.rejected) for row in group])
        for (at, actor), group in groupby(rows, key=lambda row: (row.at, row.actor))
    ]


def _mail(order_id: int) -> OrderMail | None:
    found = db.rows(
        "SELECT recipients, status, error, created_at, sent_at FROM purchase_mails"
        " WHERE order_id = :id ORDER BY id DESC LIMIT 1",
        id=order_id,
    )
    return OrderMail(**found[0]._asdict()) if found else None
