"""Coming events: forecasts with some days' demand raised or lowered by a factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.domain.arrays import Bools, Floats
from app.domain.forecasts.result import MAX_DAYS, Forecasts


@dataclass(frozen=True)
class Lift:
    """Demand of the marked `rows` (n,) is `factor` (≥ 0) times the usual on days `first` … `last`.

    Day 1 is the day after the forecast's origin; both ends count, and days before 1 are over.
    """

    rows: Bools
    first: int
    last: int
    factor: float


def lifted(made: Forecasts, lifts: Sequence[Lift]) -> Forecasts:
    """The forecasts with each lift on its days; where days are shared the factors multiply.

    The mean of a sum changes by what its days change; its quantiles scale with the mean, so that an event
    widens the range as it raises the demand. How sure the factor itself is does not widen it. Refused
    variants stay refused.
    """
    rows = np.flatnonzero(np.any([one.rows for one in lifts], axis=0)) if lifts else np.empty(0, np.int64)
    if not len(rows):
        return made
    factors = np.ones((len(rows), MAX_DAYS))
    for one in lifts:
        held = slice(max(one.first, 1) - 1, max(min(one.last, MAX_DAYS), 0))
        factors[np.flatnonzero(one.rows[rows]), held] *= one.factor
    added = np.cumsum(_each_day(made, rows) * (factors - 1), axis=1)[:, made.grid_days - 1]
    before = made.sum_mean[rows]
    mean = np.maximum(before + added, 0.0)
    ratio = np.divide(mean, before, out=np.ones_like(mean), where=before > 0)
    spread = made.sum_quantiles[rows] * ratio[..., None]
    # A sum never falls as its days rise.
    changed = {
        "sum_mean": np.maximum.accumulate(mean, axis=1),
        "sum_quantiles": np.maximum.accumulate(spread, axis=1),
        **{
            name: getattr(made, name)[rows] * factors[:, : made.horizon]
            for name in ("daily_mean", "daily_low", "daily_high")
        },
    }
    copies = {name: getattr(made, name).copy() for name in changed}
    for name, values in changed.items():
        copies[name][rows] = values
    return replace(made, **copies)


def _each_day(made: Forecasts, rows: np.ndarray) -> Floats:
    """(rows, MAX_DAYS) mean of each coming day: with its weekday as far as the chart goes, then level."""
    path = np.concatenate([np.zeros((len(rows), 1)), made.mean_path()[rows]], axis=1)
    days: Floats = np.diff(path, axis=1)
    days[:, : made.horizon] = made.daily_mean[rows]
    return days
