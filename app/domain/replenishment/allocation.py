"""Service by value: where the next unit of stock saves most sales for its money, instead of one level for all.

A level that is the same for all products buys some service dearly: the last unit of a slow, lumpy product lies
for months for one sale, the same money in a fast product serves somebody each week. Here each product gets the
units of which value × chance of being asked for a day ≥ rate × cost × chance of lying idle (F10, F25 by unit).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import ndtr

from app.domain.arrays import Bools, Floats
from app.domain.forecasts.result import MAX_DAYS, Forecasts, at_probabilities
from app.domain.replenishment.inputs import LIMITS, Policy
from app.domain.replenishment.money import expected_unmet
from app.domain.replenishment.settling import NOTHING, Reviewed, settle
from app.domain.replenishment.target import ROUNDING, chance_within, target_stock

STEPS = ndtr(np.linspace(-1.5, 3.5, 61))  # service levels tried, 7 % to 99.98 %

SERVICE_BY = ("level", "value")  # what a store may choose: the levels of classes alone, or by value
LEAST_LEVEL = 0.5
RATES = np.geomspace(1.0, 1e-5, 48)
WITHIN = 0.25  # of a unit below a target: the level there, rounded up to whole units, is the target again
FAR_PERIODS = 3  # protection periods after which what is still there was too much, not just early
FAR_SHARE = 0.8


def targets_by_value(
    forecasts: Forecasts, policy: Policy, *, value: Floats, cost: Floats, rates: Floats
) -> Floats:
    """(n, K) whole units of target stock for each of K `rates`: what a money unit of stock must earn a day.

    `value` (n,) is what one sale is worth, `cost` (n,) what one unit binds. The S-th unit saves a sale if demand
    passes S between the arrival of this order and that of the next (the derivative of F7); the chance a day is
    taken from half a review more on either side, since the forecast knows it better over longer spans. It lies
    idle while demand has not reached it: a fifth of that is this cycle's, the rest whether it is still there after
    FAR_PERIODS protection periods, or after the last day that a forecast speaks of. NaN where refused.
    """
    n = len(forecasts)
    lead, review = policy.each("lead_time_days", n), policy.each("review_days", n)
    period, half = lead + review, review / 2
    early, late = np.maximum(lead - half, 0.0), _within(period + half)
    demand = at_probabilities(forecasts.quantiles_of_sum(period), forecasts.grid_q, STEPS)
    levels = np.stack([np.ceil(units - ROUNDING) for units in demand], axis=1)
    spans = (early, late, lead, period, _within(FAR_PERIODS * period))
    short_of = [chance_within(forecasts, days, levels - 0.5) for days in spans]
    asked = np.maximum(short_of[0] - short_of[1], 1e-9) / (late - early)[:, None]
    idle = (1 - FAR_SHARE) * (short_of[2] + short_of[3]) / 2 + FAR_SHARE * short_of[4]
    worth = asked * value[:, None] / np.maximum(idle * cost[:, None], 1e-9)
    return np.stack([_last_worth(levels, worth >= rate, forecasts.refused) for rate in rates], axis=1)


def movable(forecasts: Forecasts, *, value: Floats, cost: Floats, fixed: Bools) -> Bools:
    """(n,) whose levels may move: not those that are `fixed`, refused, or whose value or cost is not known or 0."""
    may: Bools = ~fixed & ~forecasts.refused & (value > 0) & (cost > 0)
    return may


def levels_by_value(
    forecasts: Forecasts,
    policy: Policy,
    *,
    value: Floats,
    cost: Floats,
    fixed: Bools,
    before: Reviewed = NOTHING,
) -> Floats:
    """(n,) service levels that are to meet as much demand in all, weighed by `value`, as the policy's own levels.

    The share of demand that the policy's levels are expected to meet is the goal; it is reached with the stock where
    it saves most sales for its money, no product below LEAST_LEVEL; what is kept at the next review of targets that
    come down from `before` serves too. Variants that are not `movable` keep their level.
    """
    levels = policy.each("service_level", len(forecasts))
    free = movable(forecasts, value=value, cost=cost, fixed=fixed)
    if not free.any():
        return levels
    weight, money = np.where(free, value, 0.0), np.where(free, cost, 1.0)
    least = target_stock(forecasts, replace(policy, service_level=LEAST_LEVEL))
    targets = targets_by_value(forecasts, policy, value=weight, cost=money, rates=RATES)
    targets = np.maximum(targets, least[:, None])
    goal = expected_fill(forecasts, policy, target_stock(forecasts, policy)[:, None], weight)[0]
    lead, review = (policy.each(name, len(free))[:, None] for name in ("lead_time_days", "review_days"))
    settled = settle(targets, before.at_next(review[:, 0]), lead, review)
    enough = expected_fill(forecasts, policy, targets + settled.whole, weight) >= goal
    chosen = targets[:, int(enough.argmax()) if enough.any() else -1]
    found = chance_within(forecasts, (lead + review)[:, 0], chosen[:, None] - WITHIN)[:, 0]
    return np.where(free, np.clip(found, LEAST_LEVEL, LIMITS["service_level"][1]), levels)


def expected_fill(forecasts: Forecasts, policy: Policy, targets: Floats, value: Floats) -> Floats:
    """(K,) share of demand, weighed by `value`, that (n, K) `targets` are expected to meet (F7)."""
    n = len(forecasts)
    lead, review = policy.each("lead_time_days", n), policy.each("review_days", n)
    known = ~forecasts.refused
    wanted = float((forecasts.mean_of_sum(lead + review) - forecasts.mean_of_sum(lead))[known] @ value[known])
    short = expected_unmet(forecasts, lead + review, targets) - expected_unmet(forecasts, lead, targets)
    fills: Floats = 1.0 - value[known] @ short[known] / max(wanted, 1e-12)
    return fills


def _within(days: Floats) -> Floats:
    return np.minimum(days, float(MAX_DAYS))


def _last_worth(levels: Floats, worth: Bools, refused: Bools) -> Floats:
    """(n,) the highest level that is still worth its money, 0 if none is."""
    count = np.where(worth.any(axis=1), worth.shape[1] - worth[:, ::-1].argmax(axis=1), 0)
    found = np.take_along_axis(levels, np.maximum(count - 1, 0)[:, None], axis=1)[:, 0]
    return np.where(refused, np.nan, np.where(count > 0, found, 0.0))
