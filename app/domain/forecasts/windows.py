"""Sums over any window of any variant in one gather: running totals that all features are read from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel

DECAYS = (0.02, 0.05, 0.12, 0.3)
PEAKS = (28, 182)
REACH = 364 + 56  # days before a cut-off that anything asks for: a year ago, and the two months before that
BLOCK = 8_000  # cells smoothed between two divisions by the weights: what a processor's cache holds


@dataclass(frozen=True)
class Windows:
    """Running totals of a panel's demand (negative days count as 0); a cut-off c means the days before column c.

    `units`, `sizes2`, `sold` (n, days + 1 − since): cumulated units, squared units and days with a sale, kept from
    column `since` on; those of units and sales begin with what the days before it sold. `by_day` (n, days): the
    demand itself.
    """

    by_day: Floats
    starts: Ints
    first_cut: int
    since: int
    units: Floats
    sizes2: Floats
    sold: Floats
    in_stock: Floats | None

    @classmethod
    def of(cls, panel: Panel, first_cut: int = 1) -> Windows:
        """Running totals of every variant of `panel`, for cut-offs from `first_cut` on.

        A late first one spares most of the work: forecasts ask for the last day alone. Windows that begin more
        than REACH days before it cannot be asked for then.
        """
        units = np.maximum(panel.units, 0.0)
        since = max(first_cut - REACH, 0)
        earlier, late = units[:, :since], units[:, since:]
        share = None if panel.in_stock is None else np.nan_to_num(panel.in_stock[:, since:], nan=1.0)
        return cls(
            by_day=units,
            starts=panel.starts,
            first_cut=first_cut,
            since=since,
            units=_cumulated(late, earlier.sum(axis=1)),
            sizes2=_cumulated(late**2),
            sold=_cumulated(late > 0, np.count_nonzero(earlier, axis=1)),
            in_stock=None if share is None else _cumulated(share),
        )

    @cached_property
    def smoothed(self) -> dict[float, Floats]:
        """By decay (n, cut-offs): the exponentially smoothed rate per day at each cut-off from the first on, its
        weights normalised from the variant's start."""
        return _smoothed(self.by_day, self.starts, DECAYS, self.first_cut)

    @cached_property
    def peaks(self) -> dict[int, Floats]:
        """By length (n, cut-offs): the largest day of the last `length` before each cut-off from the first on."""
        return {length: _peak(self.by_day, length, self.first_cut) for length in PEAKS}

    @cached_property
    def last_sales(self) -> Ints:
        """(n, cut-offs) column of the latest sale before each cut-off from the first on, −1 before any."""
        columns = np.arange(self.by_day.shape[1])
        sale = np.where(self.by_day > 0, columns, -1)
        before, after = sale[:, : self.first_cut], sale[:, self.first_cut :]
        latest = before.max(axis=1, keepdims=True)
        return np.maximum.accumulate(np.concatenate((latest, after), axis=1), axis=1)

    def level(self, decay: float, row: Ints, cut: Ints) -> Floats:
        """The smoothed rate per day of each row at its cut-off."""
        level: Floats = self.smoothed[decay][row, self._place(cut)]
        return level

    def peak(self, length: int, row: Ints, cut: Ints) -> Floats:
        """The largest day of the last `length` (one of PEAKS) of each row before its cut-off."""
        peak: Floats = self.peaks[length][row, self._place(cut)]
        return peak

    def last_sale(self, row: Ints, cut: Ints) -> Ints:
        """Column of each row's latest sale before its cut-off, −1 where there is none."""
        last: Ints = self.last_sales[row, self._place(cut)]
        return last

    def total(self, of: Floats, row: Ints, begin: Ints, end: Ints) -> Floats:
        """Σ of `of` over columns begin … end − 1 of each row; columns before 0 count nothing."""
        begin, end = (np.maximum(column, 0) - self.since for column in (begin, end))
        if self.since and min(begin.min(initial=0), end.min(initial=0)) < 0:
            raise ValueError(f"a window begins before column {self.since}, from which totals are kept")
        picked: Floats = of[row, end] - of[row, begin]
        return picked

    def rate(self, row: Ints, cut: Ints, length: int) -> Floats:
        """Units a day over the last `length` days before `cut`, or since the start where that is shorter."""
        live = np.maximum(np.minimum(length, cut - self.starts[row]), 1)
        rate: Floats = self.total(self.units, row, cut - length, cut) / live
        return rate

    def _place(self, cut: Ints) -> Ints:
        place = cut - self.first_cut
        if place.min(initial=0) < 0:
            raise ValueError(f"a cut-off lies before {self.first_cut}, from which they are kept")
        return place


def _cumulated(values: np.ndarray, begin: np.ndarray | None = None) -> Floats:
    out = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=out[:, 1:])
    if begin is not None:
        out += begin[:, None]
    return out


def _smoothed(units: Floats, starts: Ints, decays: tuple[float, ...], first_cut: int) -> dict[float, Floats]:
    """By decay a: Σ (1−a)^k y_{t−k} ÷ Σ (1−a)^k over the days since the start, at each cut-off from the first on."""
    n, days = units.shape
    a = np.array(decays)[:, None]
    # Weights that have not yet summed to 1, by days since the start; the last is for the days before it.
    share = (1.0 - (1.0 - a) ** np.append(np.arange(1, days + 1), 1)).astype(np.float32)
    smoothed = np.empty((len(decays), days + 1 - first_cut, n), dtype=np.float32)
    level, step = np.zeros((len(decays), n)), np.empty((len(decays), n))
    width = max(BLOCK // max(n, 1), 1)
    for begin in range(0, days, width):
        by_day = np.ascontiguousarray(units[:, begin : begin + width].T)
        levels = np.empty((len(by_day), len(decays), n))
        for wanted, kept in zip(by_day, levels, strict=True):
            np.subtract(wanted, level, out=step)
            np.multiply(a, step, out=step)
            level = np.add(level, step, out=kept)
        wanted_from = max(first_cut - 1 - begin, 0)
        if wanted_from >= len(by_day):
            continue
        age = np.maximum(np.arange(begin + wanted_from, begin + len(by_day))[:, None] - starts, -1)
        place = begin + wanted_from + 1 - first_cut
        out = smoothed[:, place : place + len(age)]
        np.divide(levels[wanted_from:].transpose(1, 0, 2), share[:, age], out=out, casting="same_kind")
    return {decay: smoothed[i].T for i, decay in enumerate(decays)}


def _peak(units: Floats, length: int, first_cut: int) -> Floats:
    """(n, cut-offs) the largest of the `length` days before each: of two halves' largest, each of two halves'."""
    since = max(first_cut - length, 0)
    peak, width = units[:, since:].astype(np.float32), 1
    while width < length:
        step = min(width, length - width)
        np.maximum(peak[:, step:], peak[:, :-step].copy(), out=peak[:, step:])
        width += step
    return np.asarray(peak[:, first_cut - 1 - since :])
