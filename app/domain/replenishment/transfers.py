"""Transfers between locations: move what one has to spare before buying what another lacks (F26)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.arrays import Floats
from app.domain.replenishment.ledger import LedgerLine
from app.domain.replenishment.locations import LocationPlan, PlaceStock

CODES = (
    "demand",  # expected at the destination until the next order arrives
    "safety",  # safety stock for the service level there
    "missed",  # of it lost until a transfer arrives: nothing that is sent can serve it
    "minimum",  # raised to the location's minimum
    "shared",  # the store has less than all locations want: each gets what is the same risk
    "available",  # what the destination can sell now
    "incoming",  # on its way there
    "others",  # what other locations send there
    "no_spare",  # what no location has to spare
)


@dataclass(frozen=True)
class Transfer:
    """Move `units` of variant number `row` from one location number to another; the ledger sums to the units."""

    row: int
    source: int
    destination: int
    units: int
    ledger: tuple[LedgerLine, ...]


def transfers(stock: PlaceStock, plan: LocationPlan) -> tuple[Transfer, ...]:
    """Moves that fill lacks from what others can spare, the largest first, in whole units.

    A location gives only what it has beyond its own goal, and gets no more than it lacks. If there is less to spare
    than is lacking, what is needed at once comes first, and each gets the same part of it. Where there is no forecast
    nothing is moved.
    """
    spare, lack, at_once = (np.nan_to_num(one) for one in (plan.spare, plan.lack, plan.at_once))
    found: list[Transfer] = []
    for row in np.flatnonzero((spare.sum(axis=1) > 0) & (lack.sum(axis=1) > 0)):
        total = float(spare[row].sum())
        first = _part(at_once[row], total)
        gets = first + _part(lack[row] - at_once[row], total - float(first.sum()))
        moves = _of_one(spare[row].copy(), gets)
        for source, destination, units in moves:
            there = sum(amount for _, place, amount in moves if place == destination)
            lines = _ledger(stock, plan, (int(row), destination), units, there)
            found.append(Transfer(int(row), source, destination, units, lines))
    return tuple(found)


def _part(wanted: Floats, total: float) -> Floats:
    """(K,) whole units that come to at most `total`: all that is `wanted`, or the same part of it for each."""
    if wanted.sum() <= total:
        return wanted
    exact = wanted * (total / wanted.sum())
    part: Floats = np.floor(exact)
    left = round(total - float(part.sum()))
    part[np.argsort(part - exact, kind="stable")[:left]] += 1
    return part


def _of_one(spare: Floats, lack: Floats) -> list[tuple[int, int, int]]:
    moves = []
    while spare.max() >= 1 and lack.max() >= 1:
        source, destination = int(spare.argmax()), int(lack.argmax())
        units = int(min(spare[source], lack[destination]))
        spare[source] -= units
        lack[destination] -= units
        moves.append((source, destination, units))
    return moves


def _ledger(
    stock: PlaceStock, plan: LocationPlan, cell: tuple[int, int], units: int, there: int
) -> tuple[LedgerLine, ...]:
    """Why `units` go to `cell`, a (variant, location) that `there` units go to in all."""
    expected = round(plan.expected[cell])
    parts = {
        "demand": expected,
        "safety": plan.needed[cell] - expected,
        "missed": -plan.missed[cell],
        "minimum": plan.target[cell] + plan.missed[cell] - plan.needed[cell],
        "shared": plan.goal[cell] - plan.target[cell],
        "available": -stock.available[cell],
        "incoming": -stock.incoming[cell],
        "others": -(there - units),
        "no_spare": -(plan.lack[cell] - there),
    }
    lines = tuple(LedgerLine(code, int(parts[code]), {}) for code in CODES if parts[code] or code == "demand")
    if sum(line.units for line in lines) != units:
        raise AssertionError("ledger lines do not sum to the units of a transfer")
    return lines
