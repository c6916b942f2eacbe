"""Order sizes by cost: economic order quantity (F9), newsvendor (F10); peers' rules kept for comparison."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from app.domain import laws


def economic_order_quantity(yearly_demand: float, order_cost: float, holding_cost: float) -> float:
    """Q* = √(2DK/h) in units (F9); D units/year, K money/order, h money/unit/year."""
    return float(np.sqrt(2 * yearly_demand * order_cost / holding_cost))


def yearly_cost(quantity: float, yearly_demand: float, order_cost: float, holding_cost: float) -> float:
    """K·D/Q + h·Q/2, money a year (F9)."""
    return order_cost * yearly_demand / quantity + holding_cost * quantity / 2


def best_multiple(case_size: int, yearly_demand: float, order_cost: float, holding_cost: float) -> int:
    """The multiple of the case beside Q* that costs less; never blind rounding up (F9)."""
    ideal = economic_order_quantity(yearly_demand, order_cost, holding_cost)
    below = max(int(ideal // case_size), 1) * case_size
    options = (below, below + case_size)
    return min(options, key=lambda q: yearly_cost(q, yearly_demand, order_cost, holding_cost))


def critical_ratio(underage: float, overage: float) -> float:
    """Cu ÷ (Cu + Co): the service level that balances a unit short against a unit left over (F10)."""
    return underage / (underage + overage)


def newsvendor_normal(mean: float, sd: float, underage: float, overage: float) -> float:
    """Order for one season under normal demand, in units (F10)."""
    return float(ndtri(critical_ratio(underage, overage)) * sd + mean)


def newsvendor(mean: float, variance: float, underage: float, overage: float) -> int:
    """Order for one season of whole units under Poisson or negative-binomial demand (F4, F10)."""
    return int(laws.quantile(mean, variance, critical_ratio(underage, overage)))


def planning_period_need(
    daily: float, lead_time_days: float, days_of_stock: float, minimum: float, stock: float, on_order: float
) -> float:
    """A common tool's rule: demand over (L + days of stock) + minimum − stock − on order (F13)."""
    return daily * (lead_time_days + days_of_stock) + minimum - stock - on_order


def days_of_stock_need(daily: float, days_of_stock: float, stock: float, incoming: float) -> float:
    """Another tool's rule: average a day × days of stock − stock − incoming (F14)."""
    return daily * days_of_stock - stock - incoming


def velocity_reorder_point(sold_in_30_days: float, lead_time_days: float) -> float:
    """The rule many merchants know: units sold in 30 days ÷ 30 × lead time, without safety stock (F12)."""
    return sold_in_30_days / 30 * lead_time_days
