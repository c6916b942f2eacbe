"""Target stock, reorder point and safety stock from calibrated quantiles (F1, F3, F4)."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from app.domain.arrays import Floats
from app.domain.forecasts.result import MAX_DAYS, Forecasts
from app.domain.replenishment.inputs import Policy

ROUNDING = 1e-6  # a quantile of 4.0000001 means 4: interpolation noise must not order one more


def stock_for(forecasts: Forecasts, days: Floats, lead_time_sd_days: Floats, alpha: Floats) -> Floats:
    """(n,) units that cover demand over `days` with probability `alpha`, before rounding.

    The quantile of the sum comes from the forecast; a random lead time widens its distance from the mean
    as F4's d²σ_L² widens the variance: √((Q − μ)² + (z·d·σ_L)²). NaN where the forecast was refused.
    """
    if (days > MAX_DAYS).any():
        i = int((days > MAX_DAYS).argmax())
        raise ValueError(
            f"lead time + review of variant {i} is {days[i]:g} days; at most {MAX_DAYS} can be planned"
        )
    mean, quantile = forecasts.mean_of_sum(days), forecasts.quantile_of_sum(days, alpha)
    daily = np.divide(mean, days, out=np.zeros_like(mean), where=days > 0)
    extra = np.abs(ndtri(alpha)) * daily * lead_time_sd_days
    gap = quantile - mean
    widened = mean + np.copysign(np.hypot(gap, extra), gap)
    return np.where(extra > 0, np.maximum(quantile, widened), quantile)


def target_stock(forecasts: Forecasts, policy: Policy) -> Floats:
    """(n,) whole units S = Q_α(demand over lead time + review) (F3); NaN where refused."""
    n = len(forecasts)
    period = policy.each("lead_time_days", n) + policy.each("review_days", n)
    sd, alpha = policy.each("lead_time_sd_days", n), policy.each("service_level", n)
    return np.ceil(stock_for(forecasts, period, sd, alpha) - ROUNDING)


def service_of(forecasts: Forecasts, policy: Policy, stock: Floats) -> Floats:
    """(n,) or (n, K) chance that demand over lead time + review stays within whole units of `stock` (F6).

    What a target promises once it is rounded up to whole units: more than the level asked for, most of all where
    demand is slow. The lead time's own spread is left out. NaN where refused.
    """
    n = len(forecasts)
    period = policy.each("lead_time_days", n) + policy.each("review_days", n)
    chance = chance_within(forecasts, period, stock.reshape(n, -1) + 0.5)  # up to where the next unit begins
    return np.where(forecasts.refused[:, None], np.nan, chance).reshape(stock.shape)


def chance_within(forecasts: Forecasts, days: Floats, units: Floats) -> Floats:
    """(n, m) chance that the sum of the first `days` days is at most `units` (n, m), linear in normal scores.

    Of equal quantiles the highest counts: if a half and nine tenths both stay within 4 units, 4 units last for nine
    tenths. 0 below the lowest quantile of the grid, 1 from the highest on.
    """
    line = forecasts.quantiles_of_sum(days)
    scores = ndtri(forecasts.grid_q)
    place = np.clip((line[:, None, :] <= units[:, :, None]).sum(axis=2) - 1, 0, len(scores) - 2)
    below = np.take_along_axis(line, place, axis=1)
    step = np.take_along_axis(line, place + 1, axis=1) - below
    with np.errstate(divide="ignore", invalid="ignore"):  # no step: below the lowest, or from the highest on
        chance = ndtr(scores[place] + (units - below) / step * np.diff(scores)[place])
    return np.where(units < line[:, :1], 0.0, np.where(units >= line[:, -1:], 1.0, chance))
