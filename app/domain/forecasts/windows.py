"""Sums over any window of any variant in one gather: running totals that all features are read from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel

DECAYS = (0.02, 0.05, 0.12, 0.3)
PEAKS = (28, 182)


@dataclass(frozen=True)
class Windows:
    """Running totals of a panel's demand (negative days count as 0); index c means the days before column c.

    `units`, `sizes2`, `sold` (n, days + 1): cumulated units, squared units and days with a sale.
    `smoothed` by decay and `peak` by length (n, days): exponentially smoothed rate per day (weights
    normalised from the variant's start) and the largest day of the last `length`, both at the close of a
    column. `last_sale` (n, days): column of the latest sale, −1 before any.
    """

    starts: Ints
    units: Floats
    sizes2: Floats
    sold: Floats
    smoothed: dict[float, Floats]
    peak: dict[int, Floats]
    last_sale: Ints
    in_stock: Floats | None

    @classmethod
    def of(cls, panel: Panel) -> Windows:
        """Running totals of every variant of `panel`."""
        units = np.maximum(panel.units, 0.0)
        columns = np.arange(panel.days)
        sold = units > 0
        return cls(
            starts=panel.starts,
            units=_cumulated(units),
            sizes2=_cumulated(units**2),
            sold=_cumulated(sold),
            smoothed=_smoothed(units, panel.starts, DECAYS),
            peak={length: _peak(units, length) for length in PEAKS},
            last_sale=np.maximum.accumulate(np.where(sold, columns, -1), axis=1),
            in_stock=None if panel.in_stock is None else _cumulated(np.nan_to_num(panel.in_stock, nan=1.0)),
        )

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
    by_day = np.ascontiguousarray(units.T)
    a = np.array(decays)[:, None]
    level = np.zeros((len(decays), n))
    levels = np.empty((len(decays), days, n), dtype=np.float32)
    # Weights that have not yet summed to 1, by days since the start; the last is for the days before it.
    share = (1.0 - (1.0 - a) ** np.append(np.arange(1, days + 1), 1)).astype(np.float32)
    for day in range(days):
        level += a * (by_day[day] - level)
        np.divide(level, share[:, np.maximum(day - starts, -1)], out=levels[:, day], casting="same_kind")
    return {decay: levels[i].T for i, decay in enumerate(decays)}


def _peak(units: Floats, length: int) -> Floats:
    width = min(length, units.shape[1])
    trailing = maximum_filter1d(
        units.astype(np.float32), width, axis=1, origin=(width - 1) // 2, mode="constant"
    )
    return np.asarray(trailing)
