"""Where one product's stock is heading: the paths behind its stock-out dates, with what arrives when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from app.domain.arrays import Floats
from app.domain.forecasts import MAX_DAYS
from app.domain.forecasts.result import at_probability
from app.domain.replenishment import Receipt
from app.domain.replenishment.projection import arrivals
from app.platform import db

LEAST_DAYS, MOST_DAYS = 28, 90
LIKELY = {"early": 0.9, "middle": 0.5, "late": 0.1}  # the quantile of demand behind each path


@dataclass(frozen=True)
class Arrival:
    """Units that are taken to arrive on a day; `is_dated` False: only the lead time says when."""

    day: date
    units: int
    is_dated: bool


@dataclass(frozen=True)
class Projection:
    """Stock at each day's end, the first entry now: if sales are high, as expected, low (1 in 10 each side)."""

    days: list[date]
    early: list[float]
    middle: list[float]
    late: list[float]
    arrivals: list[Arrival]


def projection(variant_id: int) -> Projection | None:
    """The paths from the day of the plan on, None without a forecast or plan. Two statements.

    The same numbers and the same rule (F15) as the plan's stock-out dates: dated receipts on their day, the
    undated rest of what is on its way after one lead time.
    """
    found = db.rows(
        """
        SELECT f.grid_days, f.grid_q, f.sum_quantiles, s.on_hand, s.committed, s.incoming, s.stock_out_late,
               (s.made_at AT TIME ZONE COALESCE(g.time_zone, e.time_zone))::date AS planned_on,
               COALESCE(t.lead_time_days, u.lead_time_days, g.lead_time_days) AS lead_time_days
        FROM suggestions s
        JOIN forecasts f ON f.store_id = s.store_id AND f.variant_id = s.variant_id
        JOIN variants v ON v.store_id = s.store_id AND v.id = s.variant_id
        JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
        JOIN store_settings g ON g.store_id = s.store_id
        JOIN stores e ON e.id = s.store_id
        LEFT JOIN variant_settings t ON t.store_id = s.store_id AND t.variant_id = s.variant_id
        LEFT JOIN suppliers n ON n.store_id = p.store_id AND n.vendor = p.vendor
        LEFT JOIN suppliers u ON u.store_id = p.store_id AND u.id = COALESCE(t.supplier_id, n.id)
        WHERE s.variant_id = :id AND f.refused_until IS NULL AND s.urgency <> 'unknown'
        """,
        id=variant_id,
    )
    if not found:
        return None
    row = found[0]
    coming = _arrivals(variant_id, row.planned_on, row.incoming, row.lead_time_days)
    length = _length(row.planned_on, row.stock_out_late, coming)
    receipts = [Receipt(0, (one.day - row.planned_on).days, one.units) for one in coming]
    arrived = arrivals(1, MAX_DAYS, np.zeros(1), np.zeros(1), receipts)[0]
    quantiles = np.asarray(row.sum_quantiles).reshape(len(row.grid_days), -1)
    available = row.on_hand - row.committed
    paths = {}
    for name, q in LIKELY.items():
        left = available + arrived - _demand(quantiles, row.grid_days, row.grid_q, q)
        paths[name] = np.maximum([available, *left[:length]], 0).astype(float).tolist()
    days = [row.planned_on + timedelta(days=i) for i in range(length + 1)]
    return Projection(days=days, arrivals=coming, **paths)


def _demand(quantiles: Floats, grid_days: list[int], grid_q: list[float], q: float) -> Floats:
    """(180,) quantile `q` of demand over the first 1, 2, … days, as `Forecasts.paths` has it."""
    at_grid = at_probability(quantiles, np.asarray(grid_q), np.full(len(grid_days), q))
    path: Floats = np.interp(np.arange(1, MAX_DAYS + 1), [0, *grid_days], [0.0, *at_grid])
    return path


def _arrivals(variant_id: int, planned_on: date, incoming: int, lead_time_days: int) -> list[Arrival]:
    dated = db.rows(
        """
        SELECT GREATEST(o.expected_on, CAST(:today AS date) + 1) AS day,
               SUM(i.ordered - i.received - i.rejected - i.cancelled)::bigint AS units
        FROM purchase_order_lines i
        JOIN purchase_orders o ON o.store_id = i.store_id AND o.id = i.order_id
        WHERE i.variant_id = :id AND o.status IN ('sent', 'partly_received') AND o.expected_on IS NOT NULL
          AND i.ordered > i.received + i.rejected + i.cancelled AND NOT EXISTS (
              SELECT 1 FROM locations p WHERE p.store_id = o.store_id AND p.id = o.location_id AND p.is_left_out)
        GROUP BY 1 ORDER BY 1
        """,
        id=variant_id,
        today=planned_on,
    )
    found = [Arrival(row.day, row.units, True) for row in dated]
    rest = incoming - sum(one.units for one in found)
    if rest > 0:
        found.append(Arrival(planned_on + timedelta(days=max(lead_time_days, 1)), rest, False))
    return sorted(found, key=lambda one: one.day)


def _length(planned_on: date, stock_out_late: date | None, coming: list[Arrival]) -> int:
    """Days to draw: a week past what happens last, within limits."""
    ends = [one.day for one in coming] + ([stock_out_late] if stock_out_late else [])
    last = max(((end - planned_on).days for end in ends), default=MOST_DAYS)
    return min(max(last + 7, LEAST_DAYS), MOST_DAYS)
