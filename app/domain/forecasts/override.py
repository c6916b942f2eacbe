"""The merchant's own word on demand: units a day, or a percentage, that replace the model's for some days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.domain import laws
from app.domain.arrays import Floats
from app.domain.forecasts.result import Forecasts

UNITS, PERCENT = "units", "percent"
LOW_Q, HIGH_Q = 0.1, 0.9  # of the range that the chart shows


@dataclass(frozen=True)
class Override:
    """What is expected of variant number `row` on the first `days` days after the forecast's origin.

    `kind` UNITS: `value` units a day (≥ 0). PERCENT: the model's demand changed by `value` % (≥ −100).
    """

    row: int
    kind: str
    value: float
    days: int


def overridden(made: Forecasts, overrides: Sequence[Override]) -> Forecasts:
    """The forecasts with each override in place of the model; after its last day the model goes on.

    The mean of a sum changes by what the override adds over the days they share. A percentage scales demand,
    so its quantiles scale with it. Units a day come with a spread whose variance grows with the mean as a
    Poisson's does (F1), at least Poisson where the model said nothing. A refused variant becomes a forecast
    of low confidence. Raises ValueError for a percentage of a refused forecast.
    """
    copies = {
        name: getattr(made, name).copy()
        for name in (
            "daily_mean",
            "daily_low",
            "daily_high",
            "sum_mean",
            "sum_quantiles",
            "model",
            "confidence",
            "reason",
            "refused_until",
        )
    }
    changed = replace(made, **copies)
    for one in overrides:
        _put(changed, one)
    return changed


def _put(made: Forecasts, one: Override) -> None:
    i = one.row
    if made.refused[i]:
        if one.kind == PERCENT:
            raise ValueError(f"variant {i} has no forecast that a percentage could change")
        for values in (made.daily_mean, made.daily_low, made.daily_high, made.sum_mean, made.sum_quantiles):
            values[i] = 0.0
        made.model[i], made.confidence[i], made.refused_until[i] = "override", "low", None
        made.reason[i] = "overridden"
    before = made.sum_mean[i].copy()
    mean = before + _added(made, one)
    around = _spread(made.sum_quantiles[i], before, mean, one.kind, made.grid_q)
    # A sum never falls as its days or its probability rise.
    made.sum_quantiles[i] = np.maximum.accumulate(np.maximum.accumulate(around, axis=0), axis=1)
    made.sum_mean[i] = mean
    _change_days(made, one)


def _added(made: Forecasts, one: Override) -> Floats:
    """(H,) what the override adds to the mean of the sum over each grid length."""
    shared = np.minimum(made.grid_days, one.days).astype(np.float64)
    of_model = np.interp(shared, [0, *made.grid_days], [0.0, *made.sum_mean[one.row]])
    wanted = one.value * shared if one.kind == UNITS else of_model * (1 + one.value / 100)
    added: Floats = wanted - of_model
    return added


def _spread(quantiles: Floats, before: Floats, mean: Floats, kind: str, grid_q: Floats) -> Floats:
    """(k, Q) quantiles around the new mean (k,), from those around the mean before."""
    ratio = np.divide(mean, before, out=np.ones_like(mean), where=before > 0)[:, None]
    if kind == PERCENT:
        return quantiles * ratio
    wide, old = mean[:, None], before[:, None]
    moved = np.maximum(wide + (quantiles - old) * np.sqrt(ratio), 0.0)
    poisson = np.where(wide > 0, laws.quantile(wide, wide, grid_q), 0.0)
    return np.where(old > 0, moved, poisson)


def _change_days(made: Forecasts, one: Override) -> None:
    """The single days of the chart, up to the last one that the override holds for."""
    i, held = one.row, slice(0, min(one.days, made.horizon))
    before = made.daily_mean[i, held].copy()
    mean = np.full_like(before, one.value) if one.kind == UNITS else before * (1 + one.value / 100)
    bounds = np.stack([made.daily_low[i, held], made.daily_high[i, held]], axis=1)
    bounds = _spread(bounds, before, mean, one.kind, np.array([LOW_Q, HIGH_Q]))
    made.daily_mean[i, held] = mean
    made.daily_low[i, held], made.daily_high[i, held] = bounds.T
