"""Calibration: how far sums really strayed from their forecasts at past cut-offs (split conformal)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.arrays import Floats
from app.domain.demand import Panel

MIN_POOL = 40
BINS = 8


@dataclass(frozen=True)
class Ratios:
    """Quantiles of actual ÷ predicted: `table` (B, Q) at the mean log sizes `centres` (B,) of bins of forecasts."""

    centres: Floats
    table: Floats

    def at(self, sizes: Floats) -> Floats:
        """(n, Q) quantiles for forecasts of these sizes: linear in log size between the centres."""
        size = np.log(sizes)
        out = np.empty((len(sizes), self.table.shape[1]))
        for column, values in enumerate(self.table.T):
            out[:, column] = np.interp(size, self.centres, values)
        return np.maximum.accumulate(out, axis=1)


def ratios(predicted: Floats, actual: Floats, grid_q: Floats) -> Ratios | None:
    """What past forecasts say of how far sums stray, in up to BINS bins of predicted size; None if they are too few.

    `predicted` and `actual` (m,) are sums at past cut-offs whose windows ended by the origin.
    """
    if len(predicted) < MIN_POOL:
        return None
    bins = min(BINS, len(predicted) // MIN_POOL)
    order = np.argsort(predicted, kind="stable")
    parts = np.array_split(order, bins)
    centres = np.array([np.log(predicted[part]).mean() for part in parts])
    table = np.array([np.quantile(actual[part] / predicted[part], grid_q) for part in parts])
    return Ratios(centres, table)


def widening(panel: Panel, length: int | None = None) -> float:
    """Factor on a range's distance from its median, for spread that the past shown cannot contain.

    With few variants the pool is a small sample; with few independent windows of `length` (for a model fitted
    to them) shop-wide luck has been drawn only once or twice. Both fade as evidence grows. The two constants
    were set on shops of 5 to 100 variants and histories of 60 to 600 days.
    """
    few_variants = 6.0 / (len(panel) + 4.0)
    if length is None:
        return 1.0 + few_variants
    windows = max(panel.days - length, 1) / length
    return float(1.0 + few_variants + 0.3 / windows**1.5)


def widened(quantiles: Floats, factor: Floats | float, median: Floats) -> Floats:
    """Quantiles moved away from `median` by `factor`, never below 0."""
    moved: Floats = np.maximum(median + (quantiles - median) * factor, 0.0)
    return moved
