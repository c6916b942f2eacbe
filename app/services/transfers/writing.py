"""Plans of locations and transfers as they are stored"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from app.domain.arrays import Floats, Ints
from app.domain.replenishment.locations import LocationPlan as Plan
from app.domain.replenishment.locations import PlaceStock
from app.domain.replenishment.transfers import Transfer
from app.models.transfers import LocationPlan, TransferSuggestion
from app.platform import columns, copying, db
from app.services.transfers.grid import Grid

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


def forget() -> None:
    """Forget the plans that are stored."""
    db.execute("DELETE FROM location_plans")
    db.execute("DELETE FROM transfer_suggestions")


def store_transfers(
    grid: Grid,
    stock: PlaceStock,
    made: Plan,
    moves: Sequence[Transfer],
    transit: Ints,
    unit_cost: Floats,
    now: datetime,
) -> None:
    """Store what to move; `transit` (K,) days to each location."""
    values = _values(grid, stock, made, moves, transit, unit_cost, now)
    copying.append(TransferSuggestion, _TRANSFER, values)


def store_plans(grid: Grid, stock: PlaceStock, made: Plan, sold: Floats, in_stock: Floats) -> None:
    """Store the plan of each location that stocks a variant, with what it `sold`."""
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
    grid: Grid,
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
