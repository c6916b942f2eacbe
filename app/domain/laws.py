"""Demand over an interval as Poisson or negative binomial: quantiles, service and unit loss (F1–F8)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from app.domain.arrays import Floats


def law(mean: ArrayLike, variance: ArrayLike) -> Any:
    """Frozen scipy distribution of whole units with this mean and variance (F4).

    Poisson where variance ≤ mean, else negative binomial with r = μ²/(v − μ) and prob = μ/v. The Poisson
    is written as a negative binomial of enormous r, so that one call serves arrays of both kinds.
    """
    mu = np.maximum(np.asarray(mean, dtype=np.float64), 1e-12)
    v = np.asarray(variance, dtype=np.float64)
    spread_out = np.maximum(v - mu, mu * 1e-9)
    return stats.nbinom(mu * mu / spread_out, mu / (mu + spread_out))


def quantile(mean: ArrayLike, variance: ArrayLike, alpha: ArrayLike) -> Floats:
    """Smallest x with Pr(D ≤ x) ≥ alpha, in whole units (F1, F3)."""
    return np.asarray(law(mean, variance).ppf(alpha), dtype=np.float64)


def moments(
    daily_mean: ArrayLike, daily_variance: ArrayLike, days: ArrayLike, lead_time_sd_days: ArrayLike = 0.0
) -> tuple[Floats, Floats]:
    """Mean and variance of demand over `days` with a random lead time: dP and Pσ² + d²σ_L² (F4)."""
    d, p = np.asarray(daily_mean, dtype=np.float64), np.asarray(days, dtype=np.float64)
    sd = np.asarray(lead_time_sd_days, dtype=np.float64)
    return d * p, p * np.asarray(daily_variance, dtype=np.float64) + d * d * sd * sd


def unit_loss(mean: ArrayLike, variance: ArrayLike, stock: ArrayLike) -> Floats:
    """E(D − S)⁺ in units for whole S (F8), by F8's finite sum in closed form.

    Σ_{j≤S}(S − j)·Pr(D = j) = Σ_{j<S} Pr(D ≤ j), so the loss is μ − S + Σ_{j<S} F(j).
    """
    mu, s = np.asarray(mean, dtype=np.float64), np.asarray(stock, dtype=np.float64)
    mu, v, s = np.broadcast_arrays(mu, np.asarray(variance, dtype=np.float64), s)
    steps = np.arange(int(max(s.max(), 0)) + 1)
    below = np.where(steps < s[..., None], law(mu[..., None], v[..., None]).cdf(steps), 0.0)
    return np.asarray(np.maximum(mu - s + below.sum(axis=-1), 0.0))


def cycle_service(mean: ArrayLike, variance: ArrayLike, stock: ArrayLike) -> Floats:
    """Pr(D ≤ S): the share of cycles without a stock-out (F6)."""
    return np.asarray(law(mean, variance).cdf(stock))


def fill_rate(
    daily_mean: float, daily_variance: float, stock: float, lead_time_days: float, review_days: float
) -> float:
    """Fraction of demand met from stock under order-up-to `stock`, with backorders (F7)."""
    long_mean, long_v = moments(daily_mean, daily_variance, lead_time_days + review_days)
    short_mean, short_v = moments(daily_mean, daily_variance, lead_time_days)
    missed = unit_loss(long_mean, long_v, stock) - unit_loss(short_mean, short_v, stock)
    return float(1 - missed / (review_days * daily_mean))
