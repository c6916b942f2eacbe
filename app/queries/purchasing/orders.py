"""Purchase orders as a table, and what of one product is on its way with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.platform import db
from app.queries.paging import PAGE_SIZE, Page


@dataclass(frozen=True)
class OrderRow:
    """One order of the table; `total` is in the order's own currency, None while no line has a cost; `location` is
    where it is to be delivered, None if it does not say."""

    id: int
    number: int
    supplier_id: int
    supplier: str
    status: str
    currency: str
    expected_on: date | None
    location_id: int | None
    location: str | None
    created_at: datetime
    lines: int
    ordered: int
    open: int
    total: Decimal | None
    open_value: Decimal | None
    without_cost: int
    late_days: int

    @property
    def code(self) -> str:
        """The number as suppliers see it."""
        return code(self.number)


@dataclass(frozen=True)
class OrderTable:
    """One page of orders, and what is on its way in each currency.

    `location` is the one chosen, None for all and 0 for the orders that name none.
    """

    rows: list[OrderRow]
    page: Page
    show: str
    location: int | None
    on_the_way: dict[str, Decimal]
    late: int


def code(number: int) -> str:
    """`PO-0007`."""
    return f"PO-{number:04d}"


ORDERS = """
    SELECT o.*, s.name AS supplier, s.email, s.minimum_order_value, n.lines, n.ordered, n.open, n.total,
           n.open_value, n.without_cost, COALESCE(s.lead_time_days, t.lead_time_days) AS lead_time_days,
           p.name AS location,
           CASE WHEN o.status IN ('sent', 'partly_received')
                THEN GREATEST(CAST(:today AS date) - o.expected_on, 0) ELSE 0 END AS late_days
    FROM purchase_orders o
    JOIN suppliers s ON s.store_id = o.store_id AND s.id = o.supplier_id
    JOIN store_settings t ON t.store_id = o.store_id
    LEFT JOIN locations p ON p.store_id = o.store_id AND p.id = o.location_id
    CROSS JOIN LATERAL (
        SELECT COUNT(*) AS lines, COALESCE(SUM(i.ordered), 0) AS ordered,
               COALESCE(SUM(i.ordered - i.received - i.rejected - i.cancelled), 0) AS open,
               SUM(i.ordered * i.unit_cost) AS total,
               SUM((i.ordered - i.received - i.rejected - i.cancelled) * i.unit_cost) AS open_value,
               COUNT(*) FILTER (WHERE i.unit_cost IS NULL) AS without_cost
        FROM purchase_order_lines i WHERE i.store_id = o.store_id AND i.order_id = o.id
    ) n
"""
_SHOW = {
    "open": "o.status IN ('draft', 'sent', 'partly_received', 'received')",
    "late": "o.status IN ('sent', 'partly_received') AND o.expected_on < :today",
    "all": "true",
}


_CHOSEN = """
    (CAST(:supplier AS bigint) IS NULL OR o.supplier_id = :supplier)
    AND (CAST(:location AS bigint) IS NULL OR COALESCE(o.location_id, 0) = :location)
"""


def table(
    *,
    today: date,
    show: str = "open",
    supplier_id: int | None = None,
    location: int | None = None,
    page: int = 1,
) -> OrderTable:
    """A page of orders, newest first: `show` "open", "late" or "all", `location` as in OrderTable. Two statements."""
    show = show if show in _SHOW else "open"
    asked = {"today": today, "supplier": supplier_id, "location": location}
    sums = db.rows(
        f"SELECT COUNT(*) FILTER (WHERE {_SHOW[show]}) AS shown, o.currency,"  # noqa: S608
        f" COUNT(*) FILTER (WHERE {_SHOW['late']}) AS late,"
        " SUM(o.open_value) FILTER (WHERE o.status IN ('sent', 'partly_received')) AS value"
        f" FROM ({ORDERS}) o WHERE {_CHOSEN} GROUP BY o.currency ORDER BY o.currency",
        **asked,
    )
    total = sum(row.shown for row in sums)
    place = Page(min(page, max(1, -(-total // PAGE_SIZE))), total)
    found = db.rows(
        f"{ORDERS} WHERE {_SHOW[show]} AND {_CHOSEN} ORDER BY o.number DESC LIMIT :limit OFFSET :offset",
        **asked,
        limit=place.size,
        offset=(place.number - 1) * place.size,
    )
    values = {row.currency: row.value for row in sums if row.value}
    late = sum(row.late for row in sums)
    return OrderTable([row_of(row) for row in found], place, show, location, values, late)


def named_locations() -> dict[int, str | None]:
    """The locations that orders name, by id and in the order of their names; last 0 → None, if some order names none.

    One statement.
    """
    found = db.rows(
        """
        SELECT COALESCE(p.id, 0) AS id, p.name
        FROM (SELECT DISTINCT store_id, location_id FROM purchase_orders) o
        LEFT JOIN locations p ON p.store_id = o.store_id AND p.id = o.location_id
        ORDER BY p.name NULLS LAST, p.id
        """
    )
    return {row.id: row.name for row in found}


def row_of(row: Any) -> OrderRow:
    return db.made(OrderRow, row, ordered=int(row.ordered), open=int(row.open))


@dataclass(frozen=True)
class OpenLine:
    """Units of one product that are on their way with one of our orders."""

    order_id: int
    code: str
    units: int
    expected_on: date | None
    also_in_shopify: bool
    location: str | None


def open_lines(variant_id: int) -> list[OpenLine]:
    """Where a product's own incoming comes from, the next delivery first. One statement."""
    rows = db.rows(
        """
        SELECT o.id, o.number, l.ordered - l.received - l.rejected - l.cancelled AS units,
               o.expected_on, o.also_in_shopify, p.name AS location
        FROM purchase_order_lines l JOIN purchase_orders o ON o.store_id = l.store_id AND o.id = l.order_id
        LEFT JOIN locations p ON p.store_id = o.store_id AND p.id = o.location_id
        WHERE l.variant_id = :id AND o.status IN ('sent', 'partly_received')
          AND l.ordered > l.received + l.rejected + l.cancelled
        ORDER BY o.expected_on, o.number
        """,
        id=variant_id,
    )
    return [
        OpenLine(r.id, code(r.number), int(r.units), r.expected_on, r.also_in_shopify, r.location)
        for r in rows
    ]
