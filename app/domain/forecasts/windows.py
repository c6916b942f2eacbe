"""Sums over any window of any variant in one gather: running totals that all features are read from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel

DECAYS = (0.02, 0.05, 0.12, 0.3)
PEAKS = (28, 182)
BLOCK = 8_000  # cells smoothed between two divisions by the weights: what a processor's cache holds


@dataclass(frozen=True)
class Windows:
    """Running totals of a panel's demand (negative days count as 0); index c means the days before column c.

    `units`, `sizes2`, `sold` (n, days + 1): cumulated units, squared units and days with a sale.
    `last_sale` (n, days): column of the latest sale, −1 before any. `by_day` (n, days): the demand itself.
    """

    by_day: Floats
    starts: Ints
    units: Floats
    sizes2: Floats
    sold: Floats
    last_sale: Ints
    in_stock: Floats | None

    @classmethod
    def of(cls, panel: Panel) -> Windows:
        """Running totals of every variant of `panel`."""
        units = np.maximum(panel.units, 0.0)
        columns = np.arange(panel.days)
        sold = units > 0
        return cls(
            by_day=units,
            starts=panel.starts,
            units=_cumulated(units),
            sizes2=_cumulated(units**2),
            sold=_cumulated(sold),
            last_sale=np.maximum.accumulate(np.where(sold, columns, -1), axis=1),
            in_stock=None if panel.in_stock is None else _cumulated(np.nan_to_num(panel.in_stock, nan=1.0)),
        )

    @cached_property
    def smoothed(self) -> dict[float, Floats]:
        """By decay (n, days): the exponentially smoothed rate per day at the close of a column, its weights
        normalised from the variant's start."""
        return _smoothed(self.by_day, self.starts, DECAYS)

    @cached_property
    def peak(self) -> dict[int, Floats]:
        """By length (n, days): the largest day of the last `length`, at the close of a column."""
        return {length: _peak(self.by_day, length) for length in PEAKS}

    def total(self, of: Floats, row: Ints, begin: Ints, end: Ints) -> Floats:
        """Σ of `of` over columns begin … end − 1 of each row; columns before 0 count nothing."""
        picked: Floats = of[row, np.maximum(end, 0)] - of[row, np.maximum(begin, 0)]
        return picked

    def rate(self, row: Ints, cut: Ints, length: int) -> Floats:
        """Units a day over the last `length` days before `cut`, or since the start where that is shorter."""
        live = np.maximum(np.minimum(length, cut - self.starts[row]), 1)
        rate: Floats = self.total(self.units, row, cut - length, cut) / live
        return rate


def _cumulated(values: np.ndarray) -> Floats:
    out = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=out[:, 1:])
    return out


def _smoothed(units: Floats, starts: Ints, decays: tuple[float, ...]) -> dict[float, Floats]:
    """By decay a: Σ (1−a)^k y_{t−k} ÷ Σ (1−a)^k over the days since the start, at the close of each column."""
    n, days = units.shape
    a = np.array(decays)[:, None]
    # Weights that have not yet summed to 1, by days since the start; the last is for the days before it.
    share = (1.0 - (1.0 - a) ** np.append(np.arange(1, days + 1), 1)).astype(np.float32)
    smoothed = np.empty((len(decays), days, n), dtype=np.float32)
    level, step = np.zeros((len(decays), n)), np.empty((len(decays), n))
    width = max(BLOCK // max(n, 1), 1)
    for begin in range(0, days, width):
        by_day = np.ascontiguousarray(units[:, begin : begin + width].T)
        levels = np.empty((len(by_day), len(decays), n))
        for wanted, kept in zip(by_day, levels, strict=True):
            np.subtract(wanted, level, out=step)
            np.multiply(a, step, out=step)
            level = np.add(level, step, out=kept)
        age = np.maximum(np.arange(begin, begin + len(by_day))[:, None] - starts, -1)
        out = smoothed[:, begin : begin + width]
        np.divide(levels.transpose(1, 0, 2), share[:, age], out=out, casting="same_kind")
    return {decay: smoothed[i].T for i, decay in enumerate(decays)}


def _peak(units: Floats, length: int) -> Floats:
    """(n, days) the largest of the `length` days up to each: of two halves' largest, each of two halves'."""
    peak, width = units.astype(np.float32), 1
    while width < length:
        step = min(width, length - width)
        np.maximum(peak[:, step:], peak[:, :-step].copy(), out=peak[:, step:])
        width += step
    return np.asarray(peak)
