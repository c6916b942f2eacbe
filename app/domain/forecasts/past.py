"""Past forecasts laid beside what was sold, and beside what the plain 7-day average would have said"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.arrays import Floats, Ints, Keys, Texts

AVERAGE_DAYS = 7


@dataclass(frozen=True)
class Sales:
    """Net units of some variants and days, one row for each; a day without a row had none."""

    keys: Keys
    days: Texts
    units: Floats


def beside(sales: Sales, keys: Keys, origins: Texts, days: Ints) -> tuple[Floats, Floats]:
    """For each past forecast (m,) of the sum of the `days` days after `origins` (datetime64[D]), in units:

    what was sold on these days, and what the average of the 7 days up to the origin expected of them. Both
    are net of returns, as sales are. Sales of other variants, or on other days, may be there.
    """
    variants, row = np.unique(keys, return_inverse=True)
    begin = origins.min() - AVERAGE_DAYS + 1
    width = int(((origins + days).max() - begin).astype(int)) + 1
    totals = _running(sales, variants, begin, width)
    at = (origins - begin).astype(np.int64) + 1
    sold = totals[row, at + days] - totals[row, at]
    average = (totals[row, at] - totals[row, at - AVERAGE_DAYS]) / AVERAGE_DAYS
    return sold, average * days


def _running(sales: Sales, variants: Keys, begin: np.datetime64, width: int) -> Floats:
    """(variants, width + 1) units sold before each day of the calendar that starts with `begin`."""
    row = np.minimum(np.searchsorted(variants, sales.keys), len(variants) - 1)
    column = (sales.days - begin).astype(np.int64)
    known = (variants[row] == sales.keys) & (column >= 0) & (column < width)
    cells = row[known] * width + column[known]
    units = np.bincount(cells, sales.units[known], minlength=len(variants) * width)
    totals = np.zeros((len(variants), width + 1))
    np.cumsum(units.reshape(len(variants), width), axis=1, out=totals[:, 1:])
    return totals
