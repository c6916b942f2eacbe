"""Sales: orders and lines as Shopify has them, and from them the net units of each store-local day.

The units of a line count on the store-local day of its order's `processedAt`, net of everything refunded or
removed later. Cancelled orders, test orders, gift cards and lines without a variant count zero. Days before the
first one that we know whole (`stores.history_from`) are left out: half a day would look like a weak one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from numpy.typing import NDArray

from app.models.sales import Order, OrderLine
from app.platform import columns, copying, db
from app.services import stores
from app.shopify.rows import LineRow, OrderRow

# The columns are the rows' fields.
_ORDER, _LINE = (*OrderRow._fields, "seen_at"), LineRow._fields


def store_orders(rows: Sequence[OrderRow], *, asof: datetime) -> set[int]:
    """Insert or update orders as read since `asof`; returns the ids of those older than what we hold already."""
    values = ((*row, asof) for row in rows)
    written = copying.upsert(Order, _ORDER, values, key=["id"], newer="updated_at")
    return {row.id for row in rows} - written


def store_lines(rows: Iterable[LineRow]) -> int:
    """Insert or update lines; the variant of a line is kept once Shopify has deleted the variant.

    A line that we first see after that names no variant any more. Its SKU does: where exactly one deleted
    variant of ours carries it, the line is that one's.
    """
    known: list[LineRow] = []
    orphans: list[LineRow] = []
    for row in rows:
        (orphans if row.variant_id is None else known).append(row)
    written = len(copying.upsert(OrderLine, _LINE, known, key=["id"])) if known else 0
    if orphans:
        deleted = _deleted_by_sku({row.sku for row in orphans})
        named = [row._replace(variant_id=deleted.get(row.sku)) for row in orphans]
        written += len(copying.upsert(OrderLine, _LINE, named, key=["id"], keep=["variant_id"]))
    return written


def _deleted_by_sku(skus: set[str]) -> dict[str, int]:
    found = db.rows(
        "SELECT sku, MIN(id) AS id FROM variants WHERE deleted_at IS NOT NULL AND sku = ANY(:skus)"
        " GROUP BY sku HAVING COUNT(*) = 1",
        skus=sorted(skus - {""}),
    )
    return {row.sku: row.id for row in found}


def name_orphans() -> int:
    """Give lines without a variant to the only deleted variant of their SKU; returns how many days changed hands.

    A product may be found deleted only after the lines of its last orders were read.
    """
    return db.execute(
        """
        UPDATE order_lines l SET variant_id = v.id
        FROM (SELECT sku, MIN(id) AS id FROM variants
              WHERE deleted_at IS NOT NULL AND sku <> '' GROUP BY sku HAVING COUNT(*) = 1) AS v
        WHERE l.variant_id IS NULL AND l.sku = v.sku AND NOT l.is_gift_card
        """
    )


def stored_since(order_ids: Iterable[int], *, asof: datetime) -> tuple[set[int], set[int]]:
    """(those of the orders that the reading begun at `asof` has written, those we hold at all)."""
    found = db.rows("SELECT id, seen_at FROM orders WHERE id = ANY(:ids)", ids=list(order_ids))
    return {row.id for row in found if row.seen_at == asof}, {row.id for row in found}


def keep_only_lines(order_id: int, present: Iterable[int]) -> None:
    """Forget lines of an order, read whole, that Shopify no longer lists."""
    db.execute(
        "DELETE FROM order_lines WHERE order_id = :id AND id <> ALL(:present)",
        id=order_id,
        present=list(present),
    )


def drop_missing(*, asof: datetime, created_since: datetime | None) -> int:
    """Forget orders created since then that the whole reading begun at `asof` did not show: they were deleted."""
    return db.execute(
        "DELETE FROM orders WHERE created_at >= COALESCE(:since, '-infinity'::timestamptz)"
        " AND created_at < :asof AND (seen_at IS NULL OR seen_at < :asof)",
        since=created_since,
        asof=asof,
    )


def delete_order(order_id: int, *, time_zone: str) -> None:
    """Forget an order that was deleted in Shopify, and count its day anew."""
    before = cells_of(order_id, time_zone=time_zone)
    db.execute("DELETE FROM orders WHERE id = :id", id=order_id)
    recount(before, time_zone=time_zone)


Cell = tuple[int, date]


def cells_of(order_id: int, *, time_zone: str) -> set[Cell]:
    """The (variant, store-local day) pairs on which the order counts as we hold it now."""
    found = db.rows(
        f"""
        SELECT DISTINCT {_VARIANT} AS variant_id, (o.processed_at AT TIME ZONE :zone)::date AS day
        FROM orders o JOIN order_lines l ON l.store_id = o.store_id AND l.order_id = o.id
        {_MERGED}
        WHERE o.id = :id AND l.variant_id IS NOT NULL
        """,  # noqa: S608  (constants of this module)
        id=order_id,
        zone=time_zone,
    )
    return {(row.variant_id, row.day) for row in found}


def created_after(order_id: int, moment: datetime) -> bool:
    """Whether we hold the order and it was created after that moment."""
    return bool(
        db.rows("SELECT 1 FROM orders WHERE id = :id AND created_at > :moment", id=order_id, moment=moment)
    )


def oldest_day(*, time_zone: str) -> date | None:
    """The store-local day of the oldest order that we hold."""
    found = db.rows(
        "SELECT (MIN(processed_at) AT TIME ZONE :zone)::date AS day FROM orders WHERE NOT is_test",
        zone=time_zone,
    )
    return found[0].day if found else None


# The sales of a deleted variant that the merchant has merged into another are that one's.
_VARIANT = "COALESCE(m.new_variant_id, l.variant_id)"
_MERGED = (
    "LEFT JOIN variant_merges m ON m.store_id = l.store_id AND m.old_variant_id = l.variant_id"
    " AND m.status = 'accepted'"
)
_COUNTED = f"""
    INSERT INTO daily_sales (store_id, variant_id, day, units, revenue)
    SELECT l.store_id, {_VARIANT}, (o.processed_at AT TIME ZONE :zone)::date,
           SUM(l.units), SUM(l.units * COALESCE(l.unit_price, 0))
    FROM order_lines l JOIN orders o ON o.store_id = l.store_id AND o.id = l.order_id
    {_MERGED}
    WHERE o.cancelled_at IS NULL AND NOT o.is_test AND NOT l.is_gift_card AND l.variant_id IS NOT NULL
      AND (o.processed_at AT TIME ZONE :zone)::date >= COALESCE(:history_from, '-infinity'::date)
"""  # noqa: S608  (constants of this module)
_BY_LOCATION = f"""
    SELECT {_VARIANT}, o.location_id, SUM(l.units)::float8, SUM(l.units::float8 * l.units)
    FROM orders o JOIN order_lines l ON l.store_id = o.store_id AND l.order_id = o.id
    {_MERGED}
    LEFT JOIN wholesale_lines w ON w.store_id = l.store_id AND w.line_id = l.id AND NOT w.is_counted
    WHERE o.processed_at >= %(since)s AND o.location_id IS NOT NULL AND o.cancelled_at IS NULL AND NOT o.is_test
      AND NOT l.is_gift_card AND l.variant_id IS NOT NULL AND l.units > 0 AND w.line_id IS NULL
    GROUP BY 1, 2
"""  # noqa: S608  (constants of this module)
_GROUPED = " GROUP BY 1, 2, 3 HAVING SUM(l.units) <> 0"


def _one_at_a_time() -> None:
    """Two counts of the same day at once would each miss what the other has just stored."""
    db.execute("SELECT pg_advisory_xact_lock(hashtextextended('daily_sales', app_store_id()))")


def rebuild_all(*, time_zone: str) -> int:
    """Count every day anew from the orders; returns the number of variant-days."""
    _one_at_a_time()
    db.execute("DELETE FROM daily_sales")
    return db.execute(_COUNTED + _GROUPED, zone=time_zone, history_from=stores.history_from())


def by_location(*, since: datetime) -> dict[str, NDArray[Any]]:
    """What was sold since then, by variant_id and location_id: `units`, and `squares`, their squares summed.

    Large one-off orders are left out, and so are orders that nobody has sold or sent yet.
    """
    kinds = {"variant_id": "bigint", "location_id": "bigint", "units": "double", "squares": "double"}
    return columns.read(_BY_LOCATION, kinds, since=since)


def recount(cells: Iterable[Cell], *, time_zone: str) -> int:
    """Count these variants anew on these days; returns the number of variant-days with sales."""
    wanted = set(cells)
    if not wanted:
        return 0
    return _recount(sorted({day for _, day in wanted}), sorted({one for one, _ in wanted}), time_zone)


def rebuild_days(*, time_zone: str, days: Iterable[date]) -> int:
    """Count the given days anew from the orders."""
    wanted = sorted(set(days))
    return _recount(wanted, None, time_zone) if wanted else 0


def rebuild_read(*, asof: datetime, time_zone: str) -> int:
    """Count anew the days of all orders that the reading begun at `asof` has written."""
    found = db.rows(
        "SELECT DISTINCT (processed_at AT TIME ZONE :zone)::date AS day FROM orders WHERE seen_at = :asof",
        zone=time_zone,
        asof=asof,
    )
    return rebuild_days(time_zone=time_zone, days=[row.day for row in found])


def _recount(days: Sequence[date], variants: Sequence[int] | None, time_zone: str) -> int:
    _one_at_a_time()
    db.execute(
        "DELETE FROM daily_sales WHERE day = ANY(:days)"
        " AND (CAST(:variants AS bigint[]) IS NULL OR variant_id = ANY(:variants))",
        days=days,
        variants=variants,
    )
    # The range lets the index on processed_at work; a day's zone offset is at most 14 hours.
    window = (
        " AND o.processed_at >= CAST(:first AS date) - INTERVAL '15 hours'"
        " AND o.processed_at < CAST(:last AS date) + INTERVAL '39 hours'"
        " AND (o.processed_at AT TIME ZONE :zone)::date = ANY(:days)"
    )
    window += "" if variants is None else f" AND {_VARIANT} = ANY(:variants)"
    return db.execute(
        _COUNTED + window + _GROUPED,
        zone=time_zone,
        history_from=stores.history_from(),
        days=days,
        variants=variants,
        first=days[0],
        last=days[-1],
    )
