"""Transfers between locations: move what one has to spare before buying what another lacks (F26)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.arrays import Floats


@dataclass(frozen=True)
class Transfer:
    """Move `units` of variant number `row` from one location number to another."""

    row: int
    source: int
    destination: int
    units: int


def transfers(available: Floats, target: Floats, *, least: int = 1) -> tuple[Transfer, ...]:
    """Moves that fill shortages from surpluses, largest first; both arrays (variants, locations), whole units.

    A location gives only what it has beyond its own target, and gets no more than it lacks; moves under
    `least` units are not worth a parcel and left out. NaN targets (no forecast) neither give nor take.
    """
    spare = np.floor(np.nan_to_num(np.maximum(available - target, 0.0)))
    lack = np.ceil(np.nan_to_num(np.maximum(target - available, 0.0)))
    moves: list[Transfer] = []
    for row in np.flatnonzero((spare.sum(axis=1) > 0) & (lack.sum(axis=1) > 0)):
        moves += _of_one(int(row), spare[row].copy(), lack[row].copy(), least)
    return tuple(moves)


def _of_one(row: int, spare: Floats, lack: Floats, least: int) -> list[Transfer]:
    moves = []
    while spare.max() >= least and lack.max() >= least:
        source, destination = int(spare.argmax()), int(lack.argmax())
        units = int(min(spare[source], lack[destination]))
        spare[source] -= units
        lack[destination] -= units
        moves.append(Transfer(row, source, destination, units))
    return moves
