"""The plan of each location: what it is to hold at the same risk as all others, what it lacks and can spare (F26)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from app.domain.arrays import Bools, Floats
from app.domain.forecasts.result import Forecasts, at_probability
from app.domain.replenishment.inputs import Policy
from app.domain.replenishment.planning import days_of_cover
from app.domain.replenishment.target import ROUNDING

HALVINGS = 16
LOWEST = -3.0  # normal score below which a lack is shared in proportion


@dataclass(frozen=True)
class PlaceStock:
    """Stock of n variants at K locations, each field (n, K) in whole units.

    `available` can be sold now (below 0: oversold), `incoming` is on its way there, `least` the merchant's minimum.
    Where a variant is not `stocked` the other three are 0.
    """

    available: Floats
    incoming: Floats
    least: Floats
    stocked: Bools

    @property
    def position(self) -> Floats:
        """(n, K) available and on the way."""
        return self.available + self.incoming


@dataclass(frozen=True)
class LocationPlan:
    """What each location of each variant is to hold; every field (n, K), NaN where the forecast was refused.

    `expected` demand over lead time and review, `needed` to cover it at the variant's service level, `target` that
    or the location's minimum, `goal` what of it the store's stock can pay for at the same risk everywhere, `cover`
    days until what it has is sold. `lack` is what a location that may run out before the next review is short of
    its goal, `at_once` what of that it needs before that review. `spare` is what one has beyond its goal, as far as
    what stays on its shelf lasts until the review, or until then bears the same risk as all others.
    """

    share: Floats
    expected: Floats
    needed: Floats
    target: Floats
    goal: Floats
    cover: Floats
    lack: Floats
    at_once: Floats
    spare: Floats


def plan_locations(stock: PlaceStock, share: Floats, forecasts: Forecasts, policy: Policy) -> LocationPlan:
    """Share out the forecast of the whole store by `share` (n, K), and the stock it has.

    Demand splits unit by unit: of D units a location gets Binomial(D, p), so that its mean is p·μ and its variance
    p²·V + p·(1 − p)·μ (total variance). Its quantile keeps the shape of the store's: p·μ + (Q − μ)·√(variance ÷ V);
    at p = 1 that is the store's own. If all targets come to more than there is, the goals are the quantiles at the
    highest level that the stock pays for, one level for all locations (equal risk, F26).
    """
    n = len(forecasts)
    lead, review = policy.each("lead_time_days", n), policy.each("review_days", n)
    alpha = policy.each("service_level", n)
    period = _Split.over(forecasts, lead + review, policy.each("lead_time_sd_days", n), share)
    needed = _whole(period.at(ndtri(alpha)))
    target = np.maximum(needed, stock.least)
    goal = _goals(period, stock.position, stock.least, target, ndtri(alpha))
    until_review = _Split.over(forecasts, review, np.zeros(n), share)
    enough = np.maximum(_whole(until_review.at(ndtri(alpha))), stock.least)
    # What is on the shelves now, until that review: nobody keeps more of it than is the same risk for all.
    near = _goals(until_review, stock.available, stock.least, enough, ndtri(alpha))
    position = stock.position
    lack = np.where(position < enough, np.maximum(goal - position, 0.0), 0.0)
    return LocationPlan(
        share=share,
        expected=share * period.mean[:, None],
        needed=needed,
        target=target,
        goal=goal,
        cover=_cover(forecasts, position, share),
        lack=lack,
        at_once=np.minimum(lack, np.maximum(near - position, 0.0)),
        spare=np.maximum(np.minimum(position - goal, stock.available - np.minimum(near, goal)), 0.0),
    )


@dataclass(frozen=True)
class _Split:
    """The demand of n variants over a span, and how K locations share it."""

    line: Floats  # (n, Q) quantiles of the sum
    grid_q: Floats
    mean: Floats  # (n,)
    late: Floats  # (n,) units by which one standard deviation of the lead time moves the sum
    share: Floats  # (n, K)
    ratio: Floats  # (n, K) spread of a location's demand to that of the store's

    @classmethod
    def over(cls, forecasts: Forecasts, days: Floats, lead_time_sd_days: Floats, share: Floats) -> _Split:
        line, mean = forecasts.quantiles_of_sum(days), forecasts.mean_of_sum(days)
        q = forecasts.grid_q
        widths = np.diff(np.concatenate([[0.0], (q[1:] + q[:-1]) / 2, [1.0]]))
        variance = ((line - (line @ widths)[:, None]) ** 2) @ widths
        apart = np.divide(mean, variance, out=np.zeros_like(mean), where=variance > 0)
        daily = np.divide(mean, days, out=np.zeros_like(mean), where=days > 0)
        ratio = np.sqrt(share**2 + share * (1 - share) * apart[:, None])
        return cls(line, q, mean, daily * lead_time_sd_days, share, ratio)

    def at(self, score: Floats) -> Floats:
        """(n, K) quantiles at normal scores (n,), widened by the lead time as `stock_for` does (F4)."""
        gap = at_probability(self.line, self.grid_q, ndtr(score)) - self.mean
        gap = np.copysign(np.hypot(gap, score * self.late), gap)
        return np.maximum(self.share * self.mean[:, None] + self.ratio * gap[:, None], 0.0)


def _whole(units: Floats) -> Floats:
    return np.ceil(units - ROUNDING)


def _goals(period: _Split, have: Floats, least: Floats, target: Floats, score: Floats) -> Floats:
    """(n, K) whole units: the targets where what they `have` pays for them all, else what it pays for at one risk."""
    total = np.maximum(have.sum(axis=1), 0.0)
    low, high = np.full(len(total), LOWEST), score.copy()
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        fits = np.maximum(period.at(middle), least).sum(axis=1) <= total
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    wanted = np.maximum(period.at(low), least)
    need = wanted.sum(axis=1)
    wanted *= np.minimum(np.divide(total, need, out=np.ones_like(need), where=need > 0), 1.0)[:, None]
    enough = target.sum(axis=1) <= total
    goal = np.where(enough[:, None], target, np.minimum(_rounded(wanted, total), target))
    return np.where(np.isnan(target), np.nan, goal)


def _rounded(wanted: Floats, total: Floats) -> Floats:
    """(n, K) whole units; what rounding down leaves of `total` (n,) goes to the largest remainders."""
    whole = np.floor(wanted + ROUNDING)
    rest = np.maximum(wanted - whole, 0.0)
    rank = np.argsort(np.argsort(-rest, axis=1, kind="stable"), axis=1)
    left = total - whole.sum(axis=1)
    filled: Floats = whole + ((rank < left[:, None]) & (rest > 0))
    return filled


def _cover(forecasts: Forecasts, position: Floats, share: Floats) -> Floats:
    """(n, K) days until expected demand there has used the position up; infinite where none is expected."""
    found = np.empty_like(position)
    for place in range(position.shape[1]):
        of_store = np.divide(
            position[:, place],
            share[:, place],
            out=np.where(position[:, place] > 0, np.inf, 0.0),
            where=share[:, place] > 0,
        )
        found[:, place] = days_of_cover(forecasts, of_store)
    return found
