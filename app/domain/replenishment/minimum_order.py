"""When the supplier's minimum is more than is needed: accept it, or wait, priced in money (F11, F25)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.domain.arrays import Bools, Floats, Texts
from app.domain.forecasts.result import MAX_DAYS, Forecasts
from app.domain.replenishment.inputs import Policy, Stock
from app.domain.replenishment.money import expected_left, expected_unmet
from app.domain.replenishment.planning import quantity
from app.domain.replenishment.target import target_stock

HOLDING_RATE = 0.25  # of unit cost, a year


@dataclass(frozen=True)
class MinimumOrder:
    """Arrays (n,). `conflict`: the order exceeds the need. `years_of_cover` the order creates at the mean
    rate; `cost_of_accepting`: holding the excess until it sells, and writing off what is expected to be left
    after 180 days; `cost_of_waiting`: margin expected to be lost if this review is skipped. `cheaper` is
    accept, wait, or "" without conflict or where cost or price is unknown. Money, NaN where unknown."""

    conflict: Bools
    years_of_cover: Floats
    cost_of_accepting: Floats
    cost_of_waiting: Floats
    cheaper: Texts


def resolve(
    stock: Stock,
    forecasts: Forecasts,
    policy: Policy,
    *,
    settling: ArrayLike = 0.0,
    holding_rate: float = HOLDING_RATE,
) -> MinimumOrder:
    """Price accepting the minimum order against waiting for the next review; targets are `settling` units higher."""
    n = len(forecasts)
    position = stock.position(n)
    above = np.broadcast_to(np.asarray(settling, dtype=np.float64), (n,))
    order = quantity(stock, forecasts, policy, above)
    target = np.maximum(target_stock(forecasts, policy) + above, policy.each("min_stock", n))
    need = np.nan_to_num(target - position)
    excess = np.clip(order - need, 0.0, order)
    cost, price = stock.money("unit_cost", n), stock.money("price", n)
    yearly = forecasts.mean_of_sum(float(MAX_DAYS)) * 365 / MAX_DAYS
    years = np.divide(order, yearly, out=np.full(n, np.inf), where=yearly > 0)
    left = np.minimum(expected_left(forecasts, np.full(n, float(MAX_DAYS)), position + order), excess)
    sold_off = np.divide(excess, yearly, out=np.zeros(n), where=yearly > 0)
    accept = cost * ((excess - left) * holding_rate * sold_off / 2 + left)
    period = policy.each("lead_time_days", n) + policy.each("review_days", n)
    wait = (price - cost) * expected_unmet(forecasts, period, position)
    conflict = excess > 0
    known = conflict & ~np.isnan(accept) & ~np.isnan(wait)
    cheaper = np.where(known, np.where(accept <= wait, "accept", "wait"), "")
    return MinimumOrder(conflict, years, accept, wait, cheaper)
