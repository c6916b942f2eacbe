"""Demand over an interval as Poisson or negative binomial: quantiles, service and unit loss (F1–F8)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from app.domain.arrays import Bools, Floats


def _parameters(mean: ArrayLike, variance: ArrayLike) -> tuple[Bools, Floats, Floats, Floats]:
    """Whether each law is Poisson, its mean, and the negative binomial's r = μ²/(v − μ), prob = μ/v (F4)."""
    mu, v = np.broadcast_arrays(
        np.maximum(np.asarray(mean, dtype=np.float64), 1e-12), np.asarray(variance, dtype=np.float64)
    )
    extra = v - mu
    poisson = extra <= 1e-9 * mu
    r = mu * mu / np.where(poisson, 1.0, extra)
    return poisson, mu, r, np.where(poisson, 0.5, mu / np.where(poisson, 1.0, v))


def quantile(mean: ArrayLike, variance: ArrayLike, alpha: ArrayLike) -> Floats:
    """Smallest x with Pr(D ≤ x) ≥ alpha, in whole units (F1, F3): Poisson if v ≤ μ, else NB (F4)."""
    poisson, mu, r, prob = _parameters(mean, variance)
    from scipy import stats  # at first use: it is the slowest import of all

    rate = np.where(poisson, mu, 1.0)  # the Poisson of a huge mean is slow: it is asked for where it counts
    found: Floats = np.where(poisson, stats.poisson.ppf(alpha, rate), stats.nbinom.ppf(alpha, r, prob))
    return found


def cycle_service(mean: ArrayLike, variance: ArrayLike, stock: ArrayLike) -> Floats:
    """Pr(D ≤ S): the share of cycles without a stock-out (F6)."""
    poisson, mu, r, prob = _parameters(mean, variance)
    from scipy import stats  # at first use: it is the slowest import of all

    share: Floats = np.where(poisson, stats.poisson.cdf(stock, mu), stats.nbinom.cdf(stock, r, prob))
    return share


def moments(
    daily_mean: ArrayLike, daily_variance: ArrayLike, days: ArrayLike, lead_time_sd_days: ArrayLike = 0.0
) -> tuple[Floats, Floats]:
    """Mean and variance of demand over `days` with a random lead time: dP and Pσ² + d²σ_L² (F4)."""
    d, p = np.asarray(daily_mean, dtype=np.float64), np.asarray(days, dtype=np.float64)
    sd = np.asarray(lead_time_sd_days, dtype=np.float64)
    return d * p, p * np.asarray(daily_variance, dtype=np.float64) + d * d * sd * sd


def normal_safety_stock(
    daily_mean: ArrayLike,
    daily_variance: ArrayLike,
    days: ArrayLike,
    alpha: ArrayLike,
    lead_time_sd_days: ArrayLike = 0.0,
) -> Floats:
    """z·√(nσ² + d²σ_L²) in units (F2): good for fast movers, poor for slow or lumpy ones."""
    _, variance = moments(daily_mean, daily_variance, days, lead_time_sd_days)
    return np.asarray(ndtri(alpha) * np.sqrt(variance), dtype=np.float64)


def unit_loss(mean: ArrayLike, variance: ArrayLike, stock: ArrayLike) -> Floats:
    """E(D − S)⁺ in units for whole S (F8), by F8's finite sum in closed form.

    Σ_{j≤S}(S − j)·Pr(D = j) = Σ_{j<S} Pr(D ≤ j), so the loss is μ − S + Σ_{j<S} F(j).
    """
    mu, s = np.asarray(mean, dtype=np.float64), np.asarray(stock, dtype=np.float64)
    mu, v, s = np.broadcast_arrays(mu, np.asarray(variance, dtype=np.float64), s)
    steps = np.arange(int(max(s.max(), 0)) + 1)
    below = np.where(steps < s[..., None], cycle_service(mu[..., None], v[..., None], steps), 0.0)
    return np.asarray(np.maximum(mu - s + below.sum(axis=-1), 0.0))


def fill_rate(
    daily_mean: float, daily_variance: float, stock: float, lead_time_days: float, review_days: float
) -> float:
    """Fraction of demand met from stock under order-up-to `stock`, with backorders (F7)."""
    long_mean, long_v = moments(daily_mean, daily_variance, lead_time_days + review_days)
    short_mean, short_v = moments(daily_mean, daily_variance, lead_time_days)
    missed = unit_loss(long_mean, long_v, stock) - unit_loss(short_mean, short_v, stock)
    return float(1 - missed / (review_days * daily_mean))
