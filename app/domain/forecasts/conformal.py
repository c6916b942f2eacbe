"""Calibration: how far sums really strayed from their forecasts at past cut-offs (split conformal)."""

from __future__ import annotations

import numpy as np

from app.domain.arrays import Floats

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
