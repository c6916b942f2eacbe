"""How K locations share the demand of a store over a span, and what it has at the same risk for each (F26)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from app.domain.arrays import Floats
from app.domain.forecasts.result import Forecasts, at_probability
from app.domain.replenishment.target import ROUNDING

HALVINGS = 16
LOWEST = -3.0  # normal score below which a lack is shared in proportion


@dataclass(frozen=True)
class Split:
    """The demand of n variants over a span, and how K locations share it.

    Demand splits unit by unit: of D units a location gets Binomial(D, p), so that its mean is p·μ and its variance
    p²·V + p·(1 − p)·μ (total variance). Its quantile keeps the shape of the store's: p·μ + (Q − μ)·√(variance ÷ V);
    at p = 1 that is the store's own.
    """

    lines: tuple[Floats, ...]  # (n, Q) quantiles of the sum: one for all locations, or one for each
    grid_q: Floats
    mean: Floats  # (n, 1 or K)
    late: Floats  # (n, 1 or K) units by which one standard deviation of the lead time moves the sum
    share: Floats  # (n, K)
    ratio: Floats  # (n, K) spread of a location's demand to that of the store's

    @classmethod
    def over(cls, forecasts: Forecasts, days: Floats, lead_time_sd_days: Floats, share: Floats) -> Split:
        """Over `days` with a deviation of `lead_time_sd_days`: (n,) for all locations, or (n, K) for each."""
        each = days if days.ndim > 1 else days[:, None]
        sd = lead_time_sd_days if lead_time_sd_days.ndim > 1 else lead_time_sd_days[:, None]
        spans = (each if (each != each[:, :1]).any() else each[:, :1]).T
        lines, q = tuple(forecasts.quantiles_of_sum(span) for span in spans), forecasts.grid_q
        mean = np.stack([forecasts.mean_of_sum(span) for span in spans], axis=1)
        widths = np.diff(np.concatenate([[0.0], (q[1:] + q[:-1]) / 2, [1.0]]))
        variance = np.stack([((one - (one @ widths)[:, None]) ** 2) @ widths for one in lines], axis=1)
        apart = np.divide(mean, variance, out=np.zeros_like(mean), where=variance > 0)
        daily = np.divide(mean, spans.T, out=np.zeros_like(mean), where=spans.T > 0)
        ratio = np.sqrt(share**2 + share * (1 - share) * apart)
        return cls(lines, q, mean, daily * sd, share, ratio)

    @property
    def expected(self) -> Floats:
        """(n, K) expected demand."""
        return self.share * self.mean

    def at(self, score: Floats) -> Floats:
        """(n, K) quantiles at normal scores (n,), widened by the lead time as `stock_for` does (F4).

        A late delivery moves a location's demand by its share of what it moves the store's.
        """
        chance = ndtr(score)
        gap = np.stack([at_probability(line, self.grid_q, chance) for line in self.lines], axis=1) - self.mean
        spread = np.hypot(self.ratio * gap, self.share * (score[:, None] * self.late))
        return np.maximum(self.expected + np.copysign(spread, gap), 0.0)


def whole(units: Floats) -> Floats:
    """Rounded up to whole units."""
    return np.ceil(units - ROUNDING)


def goals(
    period: Split, have: Floats, least: Floats, target: Floats, score: Floats, missed: Floats
) -> Floats:
    """(n, K) whole units: the targets where what they `have` pays for them all, else what it pays for at one risk.

    If all targets come to more than there is, the goals are the quantiles at the highest level that the stock pays
    for, one level for all locations, each without the demand that is `missed`, or the `least`.
    """
    total = np.maximum(have.sum(axis=1), 0.0)
    low, high = np.full(len(total), LOWEST), score.copy()
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        fits = np.maximum(period.at(middle) - missed, least).sum(axis=1) <= total
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    wanted = np.maximum(period.at(low) - missed, least)
    need = wanted.sum(axis=1)
    wanted *= np.minimum(np.divide(total, need, out=np.ones_like(need), where=need > 0), 1.0)[:, None]
    enough = target.sum(axis=1) <= total
    goal = np.where(enough[:, None], target, np.minimum(_rounded(wanted, total), target))
    return np.where(np.isnan(target), np.nan, goal)


def _rounded(wanted: Floats, total: Floats) -> Floats:
    """(n, K) whole units; what rounding down leaves of `total` (n,) goes to the largest remainders."""
    down = np.floor(wanted + ROUNDING)
    rest = np.maximum(wanted - down, 0.0)
    rank = np.argsort(np.argsort(-rest, axis=1, kind="stable"), axis=1)
    left = total - down.sum(axis=1)
    filled: Floats = down + ((rank < left[:, None]) & (rest > 0))
    return filled
