"""Moving averages: the daily rate of the recent past, carried forward."""

from __future__ import annotations

import numpy as np

from app.domain.arrays import Floats, Ints


def moving_average(units: Floats, starts: Ints, window: int) -> Floats:
    """(n,) mean units a day over the last `window` days of history (fewer where history is shorter)."""
    days = units.shape[1]
    length = np.minimum(window, days - starts)
    recent = units[:, max(0, days - window) :].sum(axis=1)  # days before `starts` hold zeros
    rate: Floats = np.maximum(recent, 0.0) / np.maximum(length, 1)
    return rate


def daily_spread(units: Floats, starts: Ints, window: int) -> Floats:
    """(n,) variance of one day's demand in units², over the last `window` days of history (population)."""
    days = units.shape[1]
    length = np.maximum(np.minimum(window, days - starts), 1)
    recent = units[:, max(0, days - window) :]
    mean = recent.sum(axis=1) / length
    variance: Floats = np.maximum((recent**2).sum(axis=1) / length - mean**2, 0.0)
    return variance
