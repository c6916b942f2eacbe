"""What is known of each location for a plan: its stock, what is on its way, what it sold, when it was empty"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy.engine import Row

from app.domain.arrays import Floats
from app.domain.replenishment.locations import PlaceStock
from app.platform import columns, db
from app.services import sales, stock_outs, stores
from app.services.transfers.grid import Grid

# Half a year: long enough for products that sell now and then, short enough to follow a shop that has moved.
SOLD_DAYS = 180
LEVELS = """
    SELECT v.id, l.location_id, l.available::float8, l.incoming::float8
    FROM inventory_levels l
    JOIN locations o ON o.store_id = l.store_id AND o.id = l.location_id AND o.is_active
        AND NOT o.is_left_out
    JOIN variants v ON v.store_id = l.store_id AND v.inventory_item_id = l.inventory_item_id
    WHERE l.is_active AND v.deleted_at IS NULL
"""
# What is open on our own orders, as for the store as a whole (services.replenishment); a late one comes tomorrow.
_OWN = """
    SELECT i.variant_id, o.location_id, MAX(GREATEST(o.expected_on - CAST(:today AS date), 1)) AS in_days,
           COALESCE(SUM(i.ordered - i.received - i.rejected - i.cancelled) FILTER (WHERE o.also_in_shopify), 0)
               AS listed,
           COALESCE(SUM(i.ordered - i.received - i.rejected - i.cancelled)
               FILTER (WHERE NOT o.also_in_shopify), 0) AS own
    FROM purchase_order_lines i
    JOIN purchase_orders o ON o.store_id = i.store_id AND o.id = i.order_id
    WHERE o.status IN ('sent', 'partly_received') AND o.location_id IS NOT NULL
      AND i.ordered > i.received + i.rejected + i.cancelled
    GROUP BY i.variant_id, o.location_id
"""


def stock(grid: Grid, lead_time_days: Floats, today: date) -> PlaceStock:
    """What is at each location and on its way there, with our own orders that name it.

    As for the store as a whole: of an order that Shopify lists too, what both know counts once. A location that a
    product is ordered to stocks it. What Shopify says is on its way has no day: it comes after `lead_time_days` (n,).
    """
    found = columns.read(
        LEVELS, {"id": "bigint", "place": "bigint", "available": "double", "incoming": "double"}
    )
    one = np.ones(len(found["id"]))
    available, incoming, stocked = grid.laid_out(
        found["id"], found["place"], found["available"], found["incoming"], one
    )
    listed, own, in_days = _table(grid, db.rows(_OWN, today=today), "listed", "own", "in_days")
    (least,) = _table(grid, db.rows("SELECT * FROM location_minimums"), "units")
    is_stocked = (stocked > 0) | (in_days > 0)
    lead = np.broadcast_to(lead_time_days[:, None], in_days.shape)
    arrival = np.where(incoming > listed, np.maximum(in_days, lead), in_days)
    total = np.maximum(incoming, listed) + own
    return PlaceStock(available, total, np.where(is_stocked, least, 0.0), is_stocked, arrival)


def _table(grid: Grid, found: Sequence[Row[Any]], *names: str) -> list[Floats]:
    """The named columns of rows of one variant and location each, as (n, K)."""
    ids = np.array([(row.variant_id, row.location_id) for row in found], dtype=np.int64).reshape(-1, 2)
    values = [np.array([float(getattr(row, name)) for row in found]) for name in names]
    return grid.laid_out(ids[:, 0], ids[:, 1], *values)


def sold(grid: Grid, now: datetime) -> tuple[Floats, Floats]:
    """(n, K) units, and (n, K) sums of the squared units of each sale."""
    found = sales.by_location(since=now - timedelta(days=SOLD_DAYS))
    units, squares = grid.laid_out(
        found["variant_id"], found["location_id"], found["units"], found["squares"]
    )
    return units, squares


def in_stock(grid: Grid, today: date) -> Floats:
    """(n, K) the part of that time in which there was something to sell, 1 where nothing else is known."""
    found = stock_outs.in_stock(today - timedelta(days=SOLD_DAYS), today, time_zone=stores.time_zone())
    (without,) = grid.laid_out(found["variant_id"], found["location_id"], 1 - found["part"])
    return 1 - without
