"""What a shop's stock records say of each day, and runs without a sale that chance does not explain (F20)."""

from __future__ import annotations

import numpy as np

from app.domain.arrays import Bools, Floats, Ints
from app.domain.demand.panel import Panel

BEFORE_DAYS = 56
LONGEST_RUN = 60  # longer without a sale is the end of a product, not a shelf waiting for its supplier
UNLIKELY = 0.001  # stricter than one test's 1 %: a year holds dozens of runs of each product
FEWEST_SALES = 3


def share_in_stock(units: Floats, closing: Floats) -> Floats:
    """(n, days) share of each day in stock from the stock at its close, NaN where there is no record.

    A day that ended with something on the shelf was in stock; one that ended empty was sold out part-way if it
    sold something, and the whole day otherwise.
    """
    share = np.where(closing > 0, 1.0, np.where(units > 0, 0.5, 0.0))
    return np.where(np.isnan(closing), np.nan, share)


def unexplained_runs(panel: Panel) -> Bools:
    """(n, days) runs without a sale that the rate of the weeks before makes unlikely (F20): inferred, not known.

    Only runs that ended in another sale count, of at most LONGEST_RUN days, with FEWEST_SALES days with sales
    in the BEFORE_DAYS before. The law is a negative binomial of that time's own mean and variance. Days on which
    the shop was closed count neither as evidence nor as part of the length.
    """
    open_days = np.ones(panel.days, dtype=bool) if panel.closed is None else ~panel.closed
    row, begin, end = _runs(panel.units > 0)
    length = _running(open_days[None, :].astype(np.float64))[0]
    before = np.maximum(begin - BEFORE_DAYS, panel.starts[row])
    count = length[begin] - length[before]
    units = np.maximum(panel.units, 0.0)
    worked = open_days.astype(np.float64)
    sums, squares, sold = (_running(x * worked) for x in (units, units**2, np.sign(units)))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (sums[row, begin] - sums[row, before]) / count
        variance = (squares[row, begin] - squares[row, before]) / count - mean**2
        size = mean**2 / np.maximum(variance - mean, 1e-9)
        log_chance = -size * np.log1p(mean / size) * (length[end] - length[begin])
    known = sold[row, begin] - sold[row, before] >= FEWEST_SALES
    flagged = known & (end - begin <= LONGEST_RUN) & (log_chance < np.log(UNLIKELY))
    marks = np.zeros((len(panel), panel.days + 1))
    np.add.at(marks, (row[flagged], begin[flagged]), 1)
    np.add.at(marks, (row[flagged], end[flagged]), -1)
    inside: Bools = (np.cumsum(marks, axis=1)[:, :-1] > 0) & open_days
    return inside


def _runs(sold: Bools) -> tuple[Ints, Ints, Ints]:
    """Row, first day and day after the last of each run without a sale between two days with one."""
    row, day = np.nonzero(sold)
    between = (row[1:] == row[:-1]) & (day[1:] - day[:-1] > 1)
    return row[:-1][between], day[:-1][between] + 1, day[1:][between]


def _running(values: Floats) -> Floats:
    """(n, days + 1) running totals, from 0."""
    total: Floats = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    return total
