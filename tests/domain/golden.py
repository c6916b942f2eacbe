"""Shared pieces of the golden tests: a fixed day, sums of daily laws, Poisson's law, forecasts that follow it."""

from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from math import lgamma

import numpy as np

from app.domain.forecasts.result import GRID_DAYS, GRID_Q, Forecasts

DAY = date(2026, 3, 2)
NB_SUMS = [(5, 5, 10, 90, 62), (5, 10, 10, 110, 67), (0.1, 0.1, 14, 14, 4)]


@dataclass(frozen=True)
class Poisson:
    """Poisson's law summed up from its definition, by no library: what the app's own functions are held against."""

    mean: float

    def pmf(self, units: np.ndarray) -> np.ndarray:
        """Pr(D = units) for whole units from 0 on."""
        factorials = np.array([lgamma(k + 1) for k in units])
        return np.exp(units * np.log(self.mean) - self.mean - factorials)

    @cached_property
    def _sums(self) -> np.ndarray:
        return np.cumsum(self.pmf(np.arange(int(self.mean + 12 * np.sqrt(self.mean)) + 20)))

    def cdf(self, units: np.ndarray) -> np.ndarray:
        """Pr(D ≤ units) for whole units from 0 on."""
        return self._sums[np.asarray(units, dtype=np.int64)]

    def ppf(self, q: np.ndarray) -> np.ndarray:
        """The fewest units with Pr(D ≤ units) ≥ q."""
        return np.searchsorted(self._sums, q) * 1.0


@cache
def _quantiles(daily: float) -> np.ndarray:
    """(H, Q) of the sums of a Poisson demand of `daily` a day."""
    return np.stack([Poisson(daily * days).ppf(GRID_Q) for days in GRID_DAYS])


def known_forecasts(daily: float, n: int = 1) -> Forecasts:
    """Forecasts whose sums follow Poisson's law with `daily` mean a day, exactly."""
    sums = _quantiles(daily)
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
        sum_quantiles=np.repeat(sums[None], n, axis=0),
        model=words,
        confidence=np.full(n, "normal", dtype=object),
        reason=words,
        demand_class=words,
        refused_until=np.full(n, None, dtype=object),
    )
