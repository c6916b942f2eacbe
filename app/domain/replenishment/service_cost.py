"""What a service level costs: the stock that it takes and the sales still expected to be lost, by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from app.domain.arrays import Floats, Texts
from app.domain.forecasts.result import Forecasts, between_scores
from app.domain.replenishment.inputs import Policy, Stock
from app.domain.replenishment.target import ROUNDING, stock_for

USUAL_LEVELS = (0.9, 0.95, 0.98)  # what a shopkeeper compares
DAYS_OF_YEAR = 365
# Slices of probability on which losses are summed: finer where stock runs out.
EDGES = np.concatenate([np.linspace(0.0, 0.9, 19), 1 - np.geomspace(0.09, 0.0005, 24), [1.0]])
MIDDLES, WIDTHS = (EDGES[1:] + EDGES[:-1]) / 2, np.diff(EDGES)


@dataclass(frozen=True)
class ServiceCost:
    """One level for one class: money in stock on average, and units and money of sales lost in a year.

    `products` have a forecast; money counts those of them whose unit cost (`stock_value`) or price
    (`lost_value`) is known, `without_cost` says for how many the cost is not.
    """

    group: str
    level: float
    products: int
    without_cost: int
    stock_value: float
    lost_units: float
    lost_value: float


def service_costs(
    forecasts: Forecasts, policy: Policy, stock: Stock, levels: Floats, groups: Texts
) -> tuple[ServiceCost, ...]:
    """What each of `levels` would cost each group (n,) if all its products were ordered by it.

    Ordered up to S = max(Q_α(demand over L + R), minimum stock) at every review (F3). Stock at hand is the
    mean of E(S − D)⁺ over L and over L + R days, the two ends of a review period; what is lost a year is
    [E(D_{L+R} − S)⁺ − E(D_L − S)⁺] · 365 ÷ R (F7). Order sizes (MOQ, cases, maximum) are left out.
    """
    n = len(forecasts)
    lead, review, sd = (policy.each(f, n) for f in ("lead_time_days", "review_days", "lead_time_sd_days"))
    short, long = (_demand(forecasts, days, sd) for days in (lead, lead + review))
    least, known = policy.each("min_stock", n), ~forecasts.refused
    cost, price = np.nan_to_num(stock.money("unit_cost", n)), np.nan_to_num(stock.money("price", n))
    without_cost = np.isnan(stock.money("unit_cost", n))
    made = []
    for level in levels:
        target = np.ceil(stock_for(forecasts, lead + review, sd, np.full(n, level)) - ROUNDING)
        target = np.maximum(target, least)[:, None]
        held = (_mean(target - short) + _mean(target - long)) / 2
        lost = np.maximum(_mean(long - target) - _mean(short - target), 0.0) * DAYS_OF_YEAR / review
        for group in np.unique(groups):
            mine = known & (groups == group)
            made.append(
                ServiceCost(
                    group=str(group),
                    level=float(level),
                    products=int(mine.sum()),
                    without_cost=int((mine & without_cost).sum()),
                    stock_value=float((held * cost)[mine].sum()),
                    lost_units=float(lost[mine].sum()),
                    lost_value=float((lost * price)[mine].sum()),
                )
            )
    return tuple(made)


def _mean(units: Floats) -> Floats:
    """(n,) mean of the positive part of (n, slices)."""
    mean: Floats = np.maximum(units, 0.0) @ WIDTHS
    return mean


def _demand(forecasts: Forecasts, days: Floats, lead_time_sd_days: Floats) -> Floats:
    """(n, slices) demand over `days` at MIDDLES, widened by the lead time's spread as `stock_for` does."""
    low, weight = between_scores(forecasts.grid_q, MIDDLES)
    line = forecasts.quantiles_of_sum(days)
    demand = np.maximum(line[:, low] * (1 - weight) + line[:, low + 1] * weight, 0.0)
    mean = forecasts.mean_of_sum(days)
    daily = np.divide(mean, days, out=np.zeros_like(mean), where=days > 0)
    gap = demand - mean[:, None]
    spread = np.abs(ndtri(MIDDLES))[None, :] * (daily * lead_time_sd_days)[:, None]
    widened: Floats = np.maximum(demand, mean[:, None] + np.copysign(np.hypot(gap, spread), gap))
    return widened
