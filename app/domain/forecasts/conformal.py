"""Calibration: how far sums really strayed from their forecasts at past cut-offs (split conformal)."""

from __future__ import annotations

import numpy as np

from app.domain.arrays import Floats
from app.domain.demand import Panel

MIN_POOL = 40
BINS = 8


def ratio_quantiles(
    predicted: Floats, actual: Floats, grid_q: Floats, asked: Floats, *, bins: int = BINS
) -> Floats | None:
    """(n, Q) quantiles of actual ÷ predicted for forecasts of the sizes `asked`, or None if too few.

    `predicted` and `actual` (m,) are sums at past cut-offs whose windows ended by the origin. They are
    pooled in bins of predicted size; between bin centres the quantiles are linear in log size.
    """
    if len(predicted) < MIN_POOL:
        return None
    bins = int(min(bins, len(predicted) // MIN_POOL))
    order = np.argsort(predicted, kind="stable")
    parts = np.array_split(order, bins)
    centres = np.array([np.log(predicted[part]).mean() for part in parts])
    table = np.array([np.quantile(actual[part] / predicted[part], grid_q) for part in parts])
    size = np.log(asked)
    out = np.empty((len(asked), len(grid_q)))
    for column in range(len(grid_q)):
        out[:, column] = np.interp(size, centres, table[:, column])
    return np.maximum.accumulate(out, axis=1)


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
