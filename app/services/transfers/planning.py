"""The plan of each location, and the transfers between them"""

from __future__ import annotations

from datetime import date, datetime

import numpy as np

from app.domain.arrays import Floats
from app.domain.forecasts import Forecasts
from app.domain.replenishment import Policy
from app.domain.replenishment.locations import plan_locations
from app.domain.replenishment.shares import shares_of_demand
from app.domain.replenishment.transfers import transfers
from app.platform import db
from app.services.forecasts import take
from app.services.transfers import records, writing
from app.services.transfers.grid import Grid

# Variants that are planned at a time: many locations make wide arrays.
_BATCH = 4096
_PLACES = """
    SELECT o.id, COALESCE(o.transit_days, t.transfer_days) AS transit_days
    FROM locations o JOIN store_settings t ON t.store_id = o.store_id
    WHERE o.is_active AND NOT o.is_left_out ORDER BY o.id
"""


def plan(forecasts: Forecasts, policy: Policy, unit_cost: Floats, *, today: date, now: datetime) -> None:
    """Plan the locations of every variant of `forecasts`, whose keys ascend; what is stored is forgotten already.

    A store of one location has nothing to share out, and neither has one of whose sales too few are known by
    location: an order counts for none until it has been sent.
    """
    places = db.rows(_PLACES)
    if len(places) < 2:
        return
    grid = Grid(forecasts.keys, np.asarray([row.id for row in places], dtype=np.int64))
    transit = np.asarray([row.transit_days for row in places], dtype=np.int64)
    lead = policy.each("lead_time_days", len(forecasts))
    stock = records.stock(grid, lead, today)
    units, squares = records.sold(grid, now)
    in_stock = records.in_stock(grid, today)
    share = shares_of_demand(units, squares, stock.stocked, in_stock)
    if share is None:
        return
    several = np.flatnonzero((stock.stocked.sum(axis=1) > 1) & ~forecasts.refused)
    for start in range(0, len(several), _BATCH):
        rows = several[start : start + _BATCH]
        held = stock.take(rows)
        made = plan_locations(held, share[rows], take(forecasts, rows), policy.take(rows), transit)
        part = Grid(forecasts.keys[rows], grid.places)
        writing.store_plans(part, held, made, units[rows], in_stock[rows])
        moves = transfers(held, made)
        writing.store_transfers(part, held, made, moves, transit, unit_cost[rows], now)
