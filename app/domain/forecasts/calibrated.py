"""A recent average whose ranges come from its own past errors."""

from __future__ import annotations

import numpy as np

from app.domain import laws
from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel
from app.domain.forecasts.baseline import daily_spread, moving_average
from app.domain.forecasts.conformal import ratio_quantiles
from app.domain.forecasts.result import GRID_DAYS, GRID_Q

CUTOFFS = 8
STEP_DAYS = 7
LONG_DAYS = 182
LONG_SHARE = 0.1  # keeps a forecast above zero for what sold in the last half year but not lately


def _rate(units: Floats, starts: Ints) -> Floats:
    recent, long = moving_average(units, starts, 28), moving_average(units, starts, LONG_DAYS)
    return (1 - LONG_SHARE) * recent + LONG_SHARE * long


def calibrated_average(panel: Panel) -> tuple[Floats, Floats]:
    """(n, H) mean and (n, H, Q) quantiles of the coming sums.

    At each grid length the ratios actual ÷ predicted of the last cut-offs are pooled over variants; where
    the pool is too small, a negative binomial of the variant's own spread serves instead (F4).
    """
    rate = _rate(panel.units, panel.starts)
    sold = rate > 0
    mean = rate[:, None] * GRID_DAYS
    table = np.zeros((*mean.shape, len(GRID_Q)))
    variance = daily_spread(panel.units, panel.starts, LONG_DAYS)
    for h, length in enumerate(GRID_DAYS):
        predicted, actual = _past_sums(panel, int(length))
        asked = np.maximum(mean[sold, h], 1e-9)
        ratios = ratio_quantiles(predicted, actual, GRID_Q, asked)
        if ratios is None:
            v = np.maximum(variance[sold] * length, mean[sold, h])
            table[sold, h] = laws.quantile(asked[:, None], 1.5 * v[:, None], GRID_Q)
        else:
            table[sold, h] = asked[:, None] * ratios
            mean[sold, h] = _mean_of(table[sold, h])
    table = np.maximum.accumulate(np.maximum.accumulate(table, axis=1), axis=2)
    return np.maximum.accumulate(mean, axis=1), table


def _mean_of(quantiles: Floats) -> Floats:
    """Mean of a distribution given by its quantiles at GRID_Q (trapezoids, flat beyond the ends)."""
    edges = np.concatenate([[0.0], (GRID_Q[1:] + GRID_Q[:-1]) / 2, [1.0]])
    mean: Floats = quantiles @ np.diff(edges)
    return mean


def _past_sums(panel: Panel, length: int) -> tuple[Floats, Floats]:
    """Predicted and actual sums at the last cut-offs whose `length` days ended by the last known day."""
    predicted, actual = [np.empty(0)], [np.empty(0)]
    for k in range(CUTOFFS):
        cut = panel.days - length - STEP_DAYS * k
        if cut < 28:
            break
        known = panel.starts < cut - 7
        rate = _rate(panel.units[known, :cut], panel.starts[known])
        seen = rate > 0
        predicted.append(rate[seen] * length)
        actual.append(np.maximum(panel.units[known, cut : cut + length].sum(axis=1)[seen], 0.0))
    return np.concatenate(predicted), np.concatenate(actual)
