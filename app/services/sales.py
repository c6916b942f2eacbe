"""Sales: orders and lines as Shopify has them, and from them the net units of each store-local day.

The units of a line count on the store-local day of its order's `processedAt`, net of everything refunded or
removed later. Cancelled orders, test orders, gift cards and lines without a variant count zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from app.models.sales import Order, OrderLine
from app.platform import db
from app.shopify.rows import LineRow, OrderRow

_ORDER = ("id", "processed_at", "updated_at", "cancelled_at", "is_test", "source")
_LINE = ("id", "order_id", "variant_id", "sku", "ordered", "units", "is_gift_card", "unit_price")


def store_orders(rows: Sequence[OrderRow]) -> set[int]:
    """Insert or update orders; returns the ids of those that are older than what we hold already."""
    values = (
        (row.id, row.processed_at, row.updated_at, row.cancelled_at, row.is_test, row.source) for row in rows
    )
    written = db.upsert(Order, _ORDER, values, key=["id"], newer="updated_at")
    return {row.id for row in rows} - written


def store_lines(rows: Iterable[LineRow]) -> int:
    """Insert or update lines. The variant of a line is kept once Shopify has deleted the variant."""
    values = [
        (
            row.id,
            row.order_id,
            row.variant_id,
            row.sku,
            row.ordered,
            row.units,
            row.is_gift_card,
            row.unit_price,
        )
        for row in rows
    ]
    known = [value for value in values if value[2] is not None]
    orphans = [value for value in values if value[2] is None]
    written = len(db.upsert(OrderLine, _LINE, known, key=["id"])) if known else 0
    if orphans:
        written += len(db.upsert(OrderLine, _LINE, orphans, key=["id"], keep=["variant_id"]))
    return written


def delete_order(order_id: int, *, time_zone: str) -> None:
    """Forget an order that was deleted in Shopify, and count its day anew."""
    day = day_of(order_id, time_zone=time_zone)
    db.execute("DELETE FROM orders WHERE id = :id", id=order_id)
    if day is not None:
        rebuild_days(time_zone=time_zone, days=[day])


def day_of(order_id: int, *, time_zone: str) -> date | None:
    """The store-local day on which the order counts, if we hold it."""
    found = db.rows(
        "SELECT (processed_at AT TIME ZONE :zone)::date AS day FROM orders WHERE id = :id",
        id=order_id,
        zone=time_zone,
    )
    return found[0].day if found else None


_COUNTED = """
    INSERT INTO daily_sales (store_id, variant_id, day, units, revenue)
    SELECT l.store_id, l.variant_id, (o.processed_at AT TIME ZONE :zone)::date,
           SUM(l.units), SUM(l.units * COALESCE(l.unit_price, 0))
    FROM order_lines l JOIN orders o ON o.store_id = l.store_id AND o.id = l.order_id
    WHERE o.cancelled_at IS NULL AND NOT o.is_test AND NOT l.is_gift_card AND l.variant_id IS NOT NULL
"""
_GROUPED = " GROUP BY 1, 2, 3 HAVING SUM(l.units) <> 0"


def rebuild_all(*, time_zone: str) -> int:
    """Count every day anew from the orders; returns the number of variant-days."""
    db.execute("DELETE FROM daily_sales")
    return db.execute(_COUNTED + _GROUPED, zone=time_zone)


def rebuild_days(*, time_zone: str, days: Iterable[date]) -> int:
    """Count the given days anew from the orders."""
    wanted = sorted(set(days))
    if not wanted:
        return 0
    db.execute("DELETE FROM daily_sales WHERE day = ANY(:days)", days=wanted)
    # The range lets the index on processed_at work; a day's zone offset is at most 14 hours.
    window = (
        " AND o.processed_at >= CAST(:first AS date) - INTERVAL '15 hours'"
        " AND o.processed_at < CAST(:last AS date) + INTERVAL '39 hours'"
        " AND (o.processed_at AT TIME ZONE :zone)::date = ANY(:days)"
    )
    return db.execute(
        _COUNTED + window + _GROUPED, zone=time_zone, days=wanted, first=wanted[0], last=wanted[-1]
    )
