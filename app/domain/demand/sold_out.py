"""Demand behind sold-out time, drawn from the days around it by Kaplan and Meier's rule.

A day that ended with stock showed its demand; one that sold out showed the least that it was (F19); one without
stock showed nothing. So a hidden day draws one of the days near it: from those that reached at least as far as it
did, and where the drawn day sold out itself, again from those that reached at least as far as that (Efron's
redistribution to the right). Unlike a mean, a draw keeps the ups and downs that ranges are learnt from.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.domain.arrays import Bools, Floats, Ints
from app.domain.demand.holidays import off_days
from app.domain.demand.panel import Panel

AROUND = 28  # days before and after from which is drawn
FEWEST = 4  # days near that showed their whole demand; with fewer, nothing is made up
FULL, NOTHING = 0.999, 0.001  # shares of the day in stock
TRIES = 20


def restore(panel: Panel) -> Panel:
    """The panel with sold-out time given back a draw of its demand, for forecasting what customers wanted.

    The same panel gives the same draws, and a day keeps its draw while the days within AROUND of it stay as they
    are. Without `in_stock`, or with under FEWEST days near, sales stand as they are.
    """
    if panel.in_stock is None:
        return panel
    wanted = sampled_demand(panel, 0, panel.days, seed=0)[:, 0]
    return replace(panel, units=panel.units + wanted - np.maximum(panel.units, 0.0))


def sampled_demand(panel: Panel, begin: int, days: int, *, seed: int, draws: int = 1) -> Floats:
    """(n, draws, days) whole units of demand from column `begin` on: sales, plus what sold-out time hid.

    A day whose draw finds no day that reached as far in TRIES tries keeps what it showed. The same seed gives the
    same demand to the byte.
    """
    sold = np.maximum(panel.units[:, begin : begin + days], 0.0)
    wanted = np.repeat(sold[:, None], draws, axis=1)
    if panel.in_stock is None:
        return wanted
    unknown = np.isnan(panel.in_stock)
    # Once their holiday is over, goods are no example for the days before it, nor these for what is left of them.
    live = (np.arange(panel.days)[None, :] >= panel.starts[:, None]) & ~off_days(panel)
    full = (panel.in_stock >= FULL) | unknown
    row, day = np.nonzero((live & ~full)[:, begin : begin + days])
    window = np.maximum(begin + day - AROUND, 0), np.minimum(begin + day + AROUND + 1, panel.days)
    whole = _running(live & full)
    known = whole[row, window[1]] - whole[row, window[0]] >= FEWEST
    row, day, start, end = (x[known] for x in (row, day, *window))
    shown = live & ((panel.in_stock > NOTHING) | unknown)
    counted = _running(shown)
    near = counted[row, end] - counted[row, start]
    low = counted[row, start] + np.concatenate([[0], np.cumsum(counted[:, -1], dtype=np.int64)])[row]
    cell = np.flatnonzero(shown)
    units, exact = np.maximum(panel.units.ravel()[cell], 0.0), full.ravel()[cell]
    first = panel.first_day.toordinal() + begin
    for draw in range(draws):
        salt = (seed * 1_000 + draw) * TRIES
        wanted[row, draw, day] = _drawn(sold[row, day], units, exact, low, near, (row, first + day), salt)
    return wanted


def _running(marks: Bools) -> NDArray[np.int32]:
    """(n, days + 1) running counts, from 0."""
    counted = np.zeros((len(marks), marks.shape[1] + 1), dtype=np.int32)
    np.cumsum(marks, axis=1, out=counted[:, 1:])
    return counted


def _drawn(
    reached: Floats, units: Floats, exact: Bools, low: Ints, near: Ints, which: tuple[Ints, Ints], salt: int
) -> Floats:
    """(m,) demand of hidden days that `reached` at least so many units, from the `near` shown days from `low` on."""
    reached = reached.copy()
    open_ = np.arange(len(reached))
    for k in range(TRIES):
        if not len(open_):
            break
        chance = _uniform(which[0][open_], which[1][open_], salt + k)
        at = low[open_] + (chance * near[open_]).astype(np.int64)
        fits = units[at] >= reached[open_]
        reached[open_[fits]] = units[at[fits]]
        open_ = open_[~(fits & exact[at])]
    return reached


def _uniform(row: Ints, day: Ints, salt: int) -> Floats:
    """(m,) numbers in [0, 1) that depend on nothing but variant, day and salt (SplitMix64's finaliser)."""
    mixed = row.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + day.astype(np.uint64) * np.uint64(
        0xD1B54A32D192ED03
    )
    mixed = mixed + np.uint64((salt * 0x8CB92BA72F3D8DD7) % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed = mixed ^ (mixed >> np.uint64(31))
    chance: Floats = (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return chance
