"""What waiting costs (F25) and what lies idle (F24), from the forecast's own quantiles."""

from __future__ import annotations

import numpy as np

from app.domain.arrays import Floats
from app.domain.forecasts.result import Forecasts

STEPS = 64


def expected_unmet(forecasts: Forecasts, days: Floats, position: Floats) -> Floats:
    """E(D − IP)⁺ in units over `days`, by integrating the quantile function: ∫(Q(u) − IP)⁺ du (F8).

    `position` and the answer are (n,), or (n, K) for K positions of each variant.
    """
    total = np.zeros(position.shape)
    for u in (np.arange(STEPS) + 0.5) / STEPS:
        total += np.maximum((forecasts.quantile_of_sum(days, u) - position.T).T, 0.0)
    return total / STEPS


def expected_left(forecasts: Forecasts, days: Floats, position: Floats) -> Floats:
    """(n,) E(IP − D)⁺ in units after `days`: what is expected not to have sold."""
    total = np.zeros(len(forecasts))
    for u in (np.arange(STEPS) + 0.5) / STEPS:
        total += np.maximum(position - forecasts.quantile_of_sum(days, u), 0.0)
    return total / STEPS


def overstock_units(forecasts: Forecasts, days: Floats, position: Floats) -> Floats:
    """(n,) whole units beyond the 95 % quantile of demand over `days` (F24)."""
    return np.floor(np.maximum(position - forecasts.quantile_of_sum(days, 0.95), 0.0))
