"""Demand behind sold-out days: the rate that stock allowed us to see (F19), and gaps nobody recorded (F20)."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, gammaln, pdtrc

from app.domain.arrays import Bools, Floats

K_GRID = np.geomspace(0.05, 50.0, 13)
PASSES, PASSES_AFTER = 25, 6  # of expectation–maximisation: for the first size, and from there to the next
MANY = 1e6  # negative binomial size at which it is a Poisson for all purposes
SURPRISE = 0.01


def log_likelihood(sold: Floats, stock: Floats, mean: float, size: float = np.inf) -> float:
    """ln likelihood of daily sales under stock of whole units: exact while stock lasted, D ≥ stock when it
    sold out, nothing on days without stock (F19). Poisson for infinite `size`, else negative binomial."""
    open_days = stock > 0
    s, a = sold[open_days], stock[open_days]
    out = s >= a
    exact = _log_mass(s[~out], mean, size).sum()
    beyond = np.log(np.maximum(_at_least(a[out], mean, size), 1e-300)).sum()
    return float(exact + beyond)


def censored_rate(sold: Floats, stock: Floats, *, poisson: bool = False) -> tuple[Floats, Floats]:
    """(n,) maximum-likelihood mean demand a day and (n,) negative-binomial size, from (n, days) (F19).

    `stock` is what could be sold that day (opening + receipts), NaN where unknown: such a day counts as
    fully stocked. For each size on a grid the mean is found by expectation–maximisation (a sold-out day is
    taken at its expected demand given D ≥ stock), then the best size is kept. NaN without an open day.
    """
    available = np.where(np.isnan(stock), np.inf, stock)
    open_days = available > 0
    out = open_days & (sold >= available)
    sizes = np.array([MANY]) if poisson else np.append(K_GRID, MANY)
    best = np.full(len(sold), -np.inf)
    mean, size = np.full(len(sold), np.nan), np.full(len(sold), np.inf)
    candidate = None
    for k in sizes[::-1]:
        candidate = _fit_mean(sold, available, open_days, out, float(k), candidate)
        fit = _fit_of(sold, available, open_days, out, candidate, float(k))
        better = fit > best + 1e-9
        best = np.where(better, fit, best)
        mean, size = np.where(better, candidate, mean), np.where(better, k, size)
    return mean, np.where(size >= MANY, np.inf, size)


def _fit_mean(
    sold: Floats, stock: Floats, open_days: Bools, out: Bools, size: float, near: Floats | None
) -> Floats:
    """(n,) mean at this size; `near` is the mean at a neighbouring one, from where it is a few steps."""
    count = open_days.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.maximum((sold * open_days).sum(axis=1) / count, 0.02) if near is None else near
        row, column = np.nonzero(out)
        known = (sold * (open_days & ~out)).sum(axis=1)
        for _ in range(PASSES if near is None else PASSES_AFTER):
            expected = _mean_beyond(stock[row, column], mean[row], size)
            mean = np.maximum((known + np.bincount(row, expected, minlength=len(sold))) / count, 1e-9)
    return np.where(count > 0, mean, np.nan)


def _fit_of(sold: Floats, stock: Floats, open_days: Bools, out: Bools, mean: Floats, size: float) -> Floats:
    exact = open_days & ~out
    mass = np.where(exact, _log_mass(np.where(exact, sold, 0.0), mean[:, None], size), 0.0).sum(axis=1)
    row, column = np.nonzero(out)
    tail = np.log(np.maximum(_at_least(stock[row, column], mean[row], size), 1e-300))
    return np.where(np.isnan(mean), -np.inf, mass + np.bincount(row, tail, minlength=len(sold)))


def _log_mass(x: Floats, mean: Floats | float, size: float) -> Floats:
    if size >= MANY:
        poisson: Floats = x * np.log(mean) - mean - gammaln(x + 1)
        return poisson
    q = mean / (mean + size)
    mass: Floats = gammaln(x + size) - gammaln(size) - gammaln(x + 1) + size * np.log1p(-q) + x * np.log(q)
    return mass


def _at_least(a: Floats, mean: Floats | float, size: float) -> Floats:
    """Pr(D ≥ a) for whole a ≥ 1."""
    if size >= MANY:
        return np.asarray(pdtrc(a - 1, mean))
    return _negative_binomial_tail(a, mean, size)


def _negative_binomial_tail(a: Floats, mean: Floats | float, size: float) -> Floats:
    return np.asarray(betainc(a, size, mean / (mean + size)))


def _mean_beyond(a: Floats, mean: Floats, size: float) -> Floats:
    """E(D | D ≥ a): μ·Pr(D′ ≥ a − 1) ÷ Pr(D ≥ a), D′ the size-biased law shifted by one."""
    tail = np.maximum(_at_least(a, mean, size), 1e-300)
    if size >= MANY:
        biased = np.where(a <= 1, 1.0, pdtrc(np.maximum(a - 2, 0), mean))
    else:
        shifted = _negative_binomial_tail(np.maximum(a - 1, 1e-9), mean * (size + 1) / size, size + 1)
        biased = np.where(a <= 1, 1.0, shifted)
    return np.asarray(np.maximum(mean * biased / tail, a))


def zero_run_days(rate: float, size: float = np.inf, limit: float = SURPRISE) -> int:
    """Fewest days without a sale that are less likely than `limit` at this rate (F20): a likely stock-out."""
    per_day = rate if np.isinf(size) else size * np.log1p(rate / size)
    return int(np.floor(-np.log(limit) / per_day)) + 1
