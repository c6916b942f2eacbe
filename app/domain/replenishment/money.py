"""What waiting costs (F25) and what lies idle (F24), from the forecast's own quantiles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from app.domain.arrays import Floats
from app.domain.forecasts.result import Forecasts, at_probabilities

STEPS = 64
MIDDLES = (np.arange(STEPS) + 0.5) / STEPS


def expected_unmet(forecasts: Forecasts, days: Floats, position: Floats) -> Floats:
    """E(D − IP)⁺ in units over `days`, by integrating the quantile function: ∫(Q(u) − IP)⁺ du (F8).

    `position` and the answer are (n,), or (n, K) for K positions of each variant.
    """
    total = np.zeros(position.shape)
    for demand in _slices(forecasts, days):
        total += np.maximum((demand - position.T).T, 0.0)
    return total / STEPS


def expected_left(forecasts: Forecasts, days: Floats, position: Floats) -> Floats:
    """(n,) E(IP − D)⁺ in units after `days`: what is expected not to have sold."""
    total = np.zeros(len(forecasts))
    for demand in _slices(forecasts, days):
        total += np.maximum(position - demand, 0.0)
    return total / STEPS


def _slices(forecasts: Forecasts, days: Floats) -> Iterator[Floats]:
    """(n,) demand over `days` in the middle of each of STEPS equal slices of probability."""
    return at_probabilities(forecasts.quantiles_of_sum(days), forecasts.grid_q, MIDDLES)


def overstock_units(forecasts: Forecasts, days: Floats, position: Floats) -> Floats:
    """(n,) whole units beyond the 95 % quantile of demand over `days` (F24)."""
    return np.floor(np.maximum(position - forecasts.quantile_of_sum(days, 0.95), 0.0))
