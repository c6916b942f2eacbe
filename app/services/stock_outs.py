"""On which days a location had none of an item, noted as its stock is read, and what part of the time that was."""

from __future__ import annotations

from datetime import date
from typing import Any

from numpy.typing import NDArray

from app.platform import columns, db
from app.services import stores

# Of one stock-out so many days count: a shelf that stays empty for longer may be meant to.
MOST_DAYS = 60
# Without such a level since today: LEAST passes over NULL.
_SINCE = "LEAST((l.updated_at AT TIME ZONE :zone)::date, :today)"
_END = f"""
    UPDATE location_stock_outs g SET until_day = GREATEST(n.back, g.from_day) - 1
    FROM (
        SELECT o.inventory_item_id, o.location_id, {_SINCE} AS back
        FROM location_stock_outs o
        LEFT JOIN inventory_levels l ON l.store_id = o.store_id AND l.inventory_item_id = o.inventory_item_id
            AND l.location_id = o.location_id AND l.is_active
        WHERE o.until_day IS NULL AND COALESCE(l.available, 1) > 0 AND {{chosen}}
    ) n
    WHERE g.until_day IS NULL AND g.inventory_item_id = n.inventory_item_id AND g.location_id = n.location_id
"""  # noqa: S608  (constants of this module)
_BEGIN = f"""
    INSERT INTO location_stock_outs (store_id, inventory_item_id, location_id, from_day)
    SELECT l.store_id, l.inventory_item_id, l.location_id, {_SINCE}
    FROM inventory_levels l
    WHERE l.is_active AND l.available <= 0 AND {{chosen}} AND NOT EXISTS (
        SELECT 1 FROM location_stock_outs o
        WHERE o.store_id = l.store_id AND o.inventory_item_id = l.inventory_item_id
          AND o.location_id = l.location_id AND o.until_day IS NULL)
    ON CONFLICT (store_id, inventory_item_id, location_id, from_day) DO UPDATE SET until_day = NULL
"""  # noqa: S608  (constants of this module)


def note(today: date, *, time_zone: str) -> None:
    """End the stock-outs of levels that have stock again, and begin those of levels that are empty now.

    After `inventory.remember_day`, whose row of an item keeps a second reading of it waiting. An empty level has been
    so at least since Shopify last changed it, one with stock has had it since then at least.
    """
    with db.by_whole_tables():
        _note("true", today=today, zone=time_zone)


def note_item(inventory_item_id: int, today: date, *, time_zone: str) -> None:
    """The same for one item."""
    _note("l.inventory_item_id = :item", today=today, zone=time_zone, item=inventory_item_id)


def _note(chosen: str, **values: Any) -> None:
    db.execute(_END.format(chosen=chosen.replace("l.", "o.")), **values)
    db.execute(_BEGIN.format(chosen=chosen), **values)


# The sales of a merged variant go further back than the one that has them now.
_IN_STOCK = f"""
    WITH out AS (
        SELECT v.id AS variant_id, g.location_id, b.begin, g.from_day >= b.begin AS is_begun,
               GREATEST(g.from_day, b.begin) AS first,
               LEAST(COALESCE(g.until_day, %(today)s), GREATEST(g.from_day, b.begin) + {MOST_DAYS - 1}) AS last
        FROM location_stock_outs g
        JOIN variants v ON v.store_id = g.store_id AND v.inventory_item_id = g.inventory_item_id
        LEFT JOIN (SELECT DISTINCT new_variant_id AS id FROM variant_merges WHERE status = 'accepted') m
          ON m.id = v.id
        CROSS JOIN LATERAL (
            SELECT GREATEST(%(first)s::date, CASE WHEN m.id IS NULL
                THEN (v.created_at AT TIME ZONE %(zone)s)::date END) AS begin
        ) b
        WHERE v.deleted_at IS NULL AND COALESCE(g.until_day, %(today)s) >= GREATEST(g.from_day, b.begin)
          AND b.begin <= %(today)s
    ), sale AS MATERIALIZED (
        SELECT DISTINCT l.variant_id, o.location_id, (o.processed_at AT TIME ZONE %(zone)s)::date AS day
        FROM orders o JOIN order_lines l ON l.store_id = o.store_id AND l.order_id = o.id
        WHERE o.processed_at >= %(first)s::date - INTERVAL '15 hours' AND o.location_id IS NOT NULL
          AND o.cancelled_at IS NULL AND NOT o.is_test AND l.units > 0 AND l.variant_id IS NOT NULL
          AND (l.variant_id, o.location_id) IN (SELECT variant_id, location_id FROM out)
    ), sold AS (
        SELECT out.variant_id, out.location_id, COUNT(*) AS days
        FROM out JOIN sale ON sale.variant_id = out.variant_id AND sale.location_id = out.location_id
            AND sale.day BETWEEN out.first + 1 AND out.last
        GROUP BY 1, 2
    )
    SELECT out.variant_id, out.location_id,
           GREATEST(1 - (SUM(out.last - out.first + 1 - CASE WHEN out.is_begun THEN 0.5 ELSE 0 END)
                         - COALESCE(MAX(sold.days), 0)) / MAX(%(today)s - out.begin + 1), 0)::float8
    FROM out LEFT JOIN sold ON sold.variant_id = out.variant_id AND sold.location_id = out.location_id
    GROUP BY 1, 2
"""  # noqa: S608  (a constant of this module)


def in_stock(first: date, today: date, *, time_zone: str) -> dict[str, NDArray[Any]]:
    """By variant_id and location_id, the `part` of the days since `first`, 0 to 1, with something to sell.

    Only of those that were seen without: all others had stock, or nobody knows. The day on which one sold out counts
    half (as in `domain.demand.records`), a later one on which it sold all the same counts whole: what is sold while
    there is none is not hidden. Days before the store's history or before the product was there are left out.
    """
    known = stores.history_from()
    kinds = {"variant_id": "bigint", "location_id": "bigint", "part": "double"}
    begin = first if known is None else max(first, known)
    return columns.read(_IN_STOCK, kinds, first=begin, today=today, zone=time_zone)
