"""Demand over an interval as Poisson or negative binomial: quantiles, service and unit loss (F1–F8)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, nbdtrik, ndtri, pdtr, pdtrik

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
    """Smallest x with Pr(D ≤ x) ≥ alpha, in whole units (F1, F3): Poisson if v ≤ μ, else NB (F4).

    `alpha` lies strictly between 0 and 1.
    """
    every = np.broadcast_arrays(np.asarray(alpha, dtype=np.float64), *_parameters(mean, variance))
    poisson = every[1]
    q, _, mu, r, prob = (x[~poisson] for x in every)
    found: Floats = np.empty(poisson.shape)
    found[~poisson] = _smallest(nbdtrik(q, r, prob), q, lambda x: betainc(r, x + 1, prob))
    q, _, mu, r, prob = (x[poisson] for x in every)
    found[poisson] = _smallest(pdtrik(q, mu), q, lambda x: pdtr(x, mu))
    return found


def _smallest(near: Floats, q: Floats, within: Callable[[Floats], Floats]) -> Floats:
    """The whole x from which on Pr(D ≤ x), `within`, is q or more; `near` may err in its last digits."""
    above = np.ceil(near)
    below = np.maximum(above - 1, 0.0)
    return np.where(within(below) >= q, below, np.where(within(above) < q, above + 1, above))


def cycle_service(mean: ArrayLike, variance: ArrayLike, stock: ArrayLike) -> Floats:
    """Pr(D ≤ S): the share of cycles without a stock-out (F6)."""
    poisson, mu, r, prob = _parameters(mean, variance)
    s = np.floor(np.asarray(stock, dtype=np.float64))
    units = np.maximum(s, 0.0)
    within = np.where(poisson, pdtr(units, mu), betainc(r, units + 1, prob))
    return np.where(s < 0, 0.0, within)


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
