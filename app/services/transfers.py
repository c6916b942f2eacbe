"""Transfers: what each location is to hold of each product, and what to move between them before buying."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from app.domain.arrays import Floats, Ints, Keys
from app.domain.forecasts import Forecasts
from app.domain.replenishment import Policy
from app.domain.replenishment.locations import LocationPlan as Plan
from app.domain.replenishment.locations import PlaceStock, plan_locations
from app.domain.replenishment.shares import shares_of_demand
from app.domain.replenishment.transfers import Transfer, transfers
from app.models.transfers import LocationPlan, TransferSuggestion
from app.platform import columns, copying, db
from app.services import sales, stock_outs, stores
from app.services.forecasts import take

# Half a year: long enough for products that sell now and then, short enough to follow a shop that has moved.
SOLD_DAYS = 180
# Variants that are planned at a time: many locations make wide arrays.
_BATCH = 4096
LEVELS = """
    SELECT v.id, l.location_id, l.available::float8, l.incoming::float8
    FROM inventory_levels l
    JOIN locations o ON o.store_id = l.store_id AND o.id = l.location_id AND o.is_active
        AND NOT o.is_left_out
    JOIN variants v ON v.store_id = l.store_id AND v.inventory_item_id = l.inventory_item_id
    WHERE l.is_active AND v.deleted_at IS NULL
"""
_PLACES = """
    SELECT o.id, COALESCE(o.transit_days, t.transfer_days) AS transit_days
    FROM locations o JOIN store_settings t ON t.store_id = o.store_id
    WHERE o.is_active AND NOT o.is_left_out ORDER BY o.id
"""
_TRANSFER = (
    "variant_id",
    "source_id",
    "destination_id",
    "units",
    "value",
    "source_available",
    "source_incoming",
    "source_goal",
    "transit_days",
    "days_of_cover",
    "ledger",
    "made_at",
)


@dataclass(frozen=True)
class _Grid:
    """n variants by K locations, both by ascending id."""

    variants: Keys
    places: Ints

    def laid_out(self, variant_ids: Ints, place_ids: Ints, *values: Floats) -> list[Floats]:
        """Each of the values as (n, K); what is of another variant or location is left out."""
        row = np.searchsorted(self.variants, variant_ids)
        column = np.searchsorted(self.places, place_ids)
        row, column = np.minimum(row, len(self.variants) - 1), np.minimum(column, len(self.places) - 1)
        known = (self.variants[row] == variant_ids) & (self.places[column] == place_ids)
        found = []
        for value in values:
            full = np.zeros((len(self.variants), len(self.places)))
            np.add.at(full, (row[known], column[known]), value[known])
            found.append(full)
        return found


def forget() -> None:
    """Forget the plans that are stored."""
    db.execute("DELETE FROM location_plans")
    db.execute("DELETE FROM transfer_suggestions")


def plan(forecasts: Forecasts, policy: Policy, unit_cost: Floats, *, today: date, now: datetime) -> None:
    """Plan the locations of every variant of `forecasts`, whose keys ascend; what is stored is forgotten already.

    A store of one location has nothing to share out, and neither has one of whose sales too few are known by
    location: an order counts for none until it has been sent.
    """
    places = db.rows(_PLACES)
    if len(places) < 2:
        return
    grid = _Grid(forecasts.keys, np.asarray([row.id for row in places], dtype=np.int64))
    transit = np.asarray([row.transit_days for row in places], dtype=np.int64)
    stock = _stock(grid)
    units, squares = _sold(grid, now)
    in_stock = _in_stock(grid, today)
    share = shares_of_demand(units, squares, stock.stocked, in_stock)
    if share is None:
        return
    several = np.flatnonzero((stock.stocked.sum(axis=1) > 1) & ~forecasts.refused)
    for start in range(0, len(several), _BATCH):
        rows = several[start : start + _BATCH]
        held = _of(stock, rows)
        made = plan_locations(held, share[rows], take(forecasts, rows), policy.take(rows), transit)
        part = _Grid(forecasts.keys[rows], grid.places)
        _store_plans(part, held, made, units[rows], in_stock[rows])
        moves = transfers(held, made)
        values = _values(part, held, made, moves, transit, unit_cost[rows], now)
        copying.append(TransferSuggestion, _TRANSFER, values)


def _stock(grid: _Grid) -> PlaceStock:
    found = columns.read(
        LEVELS, {"id": "bigint", "place": "bigint", "available": "double", "incoming": "double"}
    )
    least = db.rows("SELECT variant_id, location_id, units FROM location_minimums")
    ids = found["id"], found["place"]
    one = np.ones(len(found["id"]))
    available, incoming, stocked = grid.laid_out(*ids, found["available"], found["incoming"], one)
    wanted = np.array([(row.variant_id, row.location_id, row.units) for row in least], np.int64).reshape(
        -1, 3
    )
    (minimum,) = grid.laid_out(wanted[:, 0], wanted[:, 1], wanted[:, 2].astype(np.float64))
    return PlaceStock(available, incoming, np.where(stocked > 0, minimum, 0.0), stocked > 0)


def _sold(grid: _Grid, now: datetime) -> tuple[Floats, Floats]:
    """(n, K) units, and (n, K) sums of the squared units of each sale."""
    found = sales.by_location(since=now - timedelta(days=SOLD_DAYS))
    units, squares = grid.laid_out(
        found["variant_id"], found["location_id"], found["units"], found["squares"]
    )
    return units, squares


def _in_stock(grid: _Grid, today: date) -> Floats:
    """(n, K) the part of that time in which there was something to sell, 1 where nothing else is known."""
    found = stock_outs.in_stock(today - timedelta(days=SOLD_DAYS), today, time_zone=stores.time_zone())
    (without,) = grid.laid_out(found["variant_id"], found["location_id"], 1 - found["part"])
    return 1 - without


def _of(stock: PlaceStock, rows: Ints) -> PlaceStock:
    return PlaceStock(stock.available[rows], stock.incoming[rows], stock.least[rows], stock.stocked[rows])


def _store_plans(grid: _Grid, stock: PlaceStock, made: Plan, sold: Floats, in_stock: Floats) -> None:
    row, place = np.nonzero(stock.stocked)

    def whole(values: Floats) -> Ints:
        return values[row, place].astype(np.int64)

    columns.append(
        LocationPlan,
        {
            "variant_id": grid.variants[row],
            "location_id": grid.places[place],
            "sold": whole(sold),
            "in_stock": in_stock[row, place],
            "share": made.share[row, place],
            "expected": made.expected[row, place],
            "available": whole(stock.available),
            "incoming": whole(stock.incoming),
            "missed": whole(made.missed),
            "target": whole(made.target),
            "goal": whole(made.goal),
            "days_of_cover": made.cover[row, place],
        },
        len(row),
    )


def _values(
    grid: _Grid,
    stock: PlaceStock,
    made: Plan,
    moves: Sequence[Transfer],
    transit: Ints,
    unit_cost: Floats,
    now: datetime,
) -> Iterator[tuple[Any, ...]]:
    for move in moves:
        cost = unit_cost[move.row]
        yield (
            int(grid.variants[move.row]),
            int(grid.places[move.source]),
            int(grid.places[move.destination]),
            move.units,
            None if np.isnan(cost) else round(Decimal(repr(float(cost))) * move.units, 2),
            int(stock.available[move.row, move.source]),
            int(stock.incoming[move.row, move.source]),
            int(made.goal[move.row, move.source]),
            int(transit[move.destination]),
            float(made.cover[move.row, move.destination]),
            copying.Json([{"code": line.code, "units": line.units} for line in move.ledger]),
            now,
        )
