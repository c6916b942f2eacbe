"""The yearly season: how sums stood to the level before them in earlier years, as far as that has proved itself.

Used from two years of history on. What the same weeks of earlier years sold, divided by what would then have
been expected without a season, is a variant's own factor; it is drawn towards the shop's where few units speak
for it, and both are taken only as far as they would have made past months' forecasts better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.domain.arrays import Floats, Ints
from app.domain.forecasts.windows import Windows

FROM_DAYS = 756  # two years and a month: a year to learn from and one to try it on
YEARS_AGO = np.round(365.25 * np.arange(1, 8) / 7).astype(np.int64) * 7  # days back to the same weekday
SETTLED = 56  # days of history that a level needs before a sum can be held against it
MONTH = 28
LEAST_SPAN = 14  # shorter sums take the season of two weeks: single days tell weather and holidays
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
OWN_UNITS = (50.0, 500.0, 5_000.0)  # units at which a variant's own season weighs as much as the shop's
CAUTION = 0.5  # of one month's misses that a season at full strength has to save
MOST = float(np.log(8.0))  # a season that changes demand by more is taken for a closure or a launch

Level = Callable[[Windows, Ints, Ints, Ints], Floats]


@dataclass(frozen=True)
class Season:
    """How far earlier years are believed: `strength` 0 (not at all) to 1, and the `units` of the shop's word."""

    strength: float = 0.0
    units: float = 0.0


def proven(windows: Windows, whole: Windows, level: Level, days: int) -> Season:
    """The season by which the past months would have been missed by least.

    `whole` holds the running totals of the whole shop as its one row; `level` is what a sum (row, cut-off,
    length) is expected to be without a season.
    """
    cuts = np.arange(days - MONTH, YEARS_AGO[0] + SETTLED, -MONTH)
    row, cut = np.tile(np.arange(len(windows.starts)), len(cuts)), np.repeat(cuts, len(windows.starts))
    known = windows.starts[row] <= cut - YEARS_AGO[0] - SETTLED
    row, cut = row[known], cut[known]
    length = np.full(len(row), MONTH)
    expected, actual = level(windows, row, cut, length), windows.total(windows.units, row, cut, cut + MONTH)
    losses = {Season(): float(np.abs(np.sqrt(expected) - np.sqrt(actual)).sum())}
    for units in OWN_UNITS:
        full = factor(Season(1.0, units), windows, whole, level, row, cut, length)
        for strength in STRENGTHS[1:]:
            missed = np.abs(np.sqrt(expected * full**strength) - np.sqrt(actual)).sum()
            losses[Season(strength, units)] = float(missed) * (1 + CAUTION * strength / max(len(cuts), 1))
    return min(losses, key=lambda season: losses[season])


def factor(
    season: Season, windows: Windows, whole: Windows, level: Level, row: Ints, cut: Ints, length: Ints
) -> Floats:
    """(m,) by what the season multiplies a sum expected by `level`; 1 where no earlier year is known."""
    span, first = np.maximum(length, LEAST_SPAN), np.zeros(len(row), dtype=np.int64)
    shop, years, sold, expected = (np.zeros(len(row)) for _ in range(4))
    for back in YEARS_AGO[cut.max(initial=0) - SETTLED >= YEARS_AGO]:
        then = np.maximum(cut - back, 1)
        total = whole.total(whole.units, first, then, then + span)
        known = (cut - back >= whole.starts[0] + SETTLED) & (total > 0)
        shop += np.log(np.where(known, total / level(whole, first, then, span), 1.0))
        years += known
        own = cut - back >= windows.starts[row] + SETTLED
        sold += np.where(own, windows.total(windows.units, row, then, then + span), 0.0)
        expected += np.where(own, level(windows, row, then, span), 0.0)
    shared = np.exp(np.clip(shop / np.maximum(years, 1), -MOST, MOST))
    ratio = (sold + season.units * shared) / (expected + season.units)
    return np.asarray(np.clip(ratio, np.exp(-MOST), np.exp(MOST)) ** season.strength)
