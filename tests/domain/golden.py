"""Shared pieces of the golden tests: a fixed day, sums of daily laws, forecasts of a known law."""

from datetime import date
from typing import Any

import numpy as np

from app.domain.forecasts.result import GRID_DAYS, GRID_Q, Forecasts

DAY = date(2026, 3, 2)
NB_SUMS = [(5, 5, 10, 90, 62), (5, 10, 10, 110, 67), (0.1, 0.1, 14, 14, 4)]


def known_forecasts(law: Any, daily: float, n: int = 1) -> Forecasts:
    """Forecasts whose sums follow a one-parameter law with `daily` mean a day, exactly."""
    sums = law.ppf(GRID_Q[None, :], daily * GRID_DAYS[:, None])
    flat = np.full((n, 28), daily)
    words = np.full(n, "known", dtype=object)
    return Forecasts(
        keys=np.arange(n),
        origin=DAY,
        horizon=28,
        daily_mean=flat,
        daily_low=flat,
        daily_high=flat,
        sum_mean=np.repeat((daily * GRID_DAYS)[None].astype(float), n, axis=0),
        sum_quantiles=np.repeat(sums[None].astype(float), n, axis=0),
        model=words,
        confidence=np.full(n, "normal", dtype=object),
        reason=words,
        demand_class=words,
        refused_until=np.full(n, None, dtype=object),
    )
