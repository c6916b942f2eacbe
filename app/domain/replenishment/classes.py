"""ABC by what a product earns, XYZ by how well it can be forecast (F23), and what service costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from app.domain.arrays import Floats, Texts, spread
from app.domain.forecasts.result import Forecasts
from app.domain.replenishment.inputs import Policy
from app.domain.replenishment.target import stock_for

A_SHARE, B_SHARE = 0.80, 0.95
X_BELOW, Y_BELOW = 0.5, 1.0


def abc(earned: Floats) -> Texts:
    """(n,) A for the products that bring the first 80 % of revenue or profit, B to 95 %, C the rest (F23)."""
    worth = np.maximum(np.nan_to_num(earned), 0.0)
    order = np.argsort(-worth, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(worth[order])[:-1]]) / max(worth.sum(), 1e-300)
    letters = np.select([before < A_SHARE, before < B_SHARE], ["A", "B"], default="C")
    out = np.empty(len(worth), dtype="U1")
    out[order] = np.where(worth[order] > 0, letters, "C")
    return out


def xyz(forecasts: Forecasts, days: int = 28) -> Texts:
    """(n,) X, Y or Z by the width of the forecast's own calibrated range relative to its mean (F23)."""
    mean = forecasts.mean_of_sum(days)
    width = forecasts.quantile_of_sum(days, 0.9) - forecasts.quantile_of_sum(days, 0.1)
    variation = np.divide(width / 2.563, mean, out=np.full(len(mean), np.inf), where=mean > 0)
    return np.select([variation < X_BELOW, variation < Y_BELOW], ["X", "Y"], default="Z")


def cost_of_service(
    forecasts: Forecasts, policy: Policy, unit_cost: ArrayLike, levels: Floats, groups: Texts
) -> dict[str, Floats]:
    """Money in safety stock at each service level, by group (such as A, B, C): what the promise costs."""
    n = len(forecasts)
    lead, review = policy.each("lead_time_days", n), policy.each("review_days", n)
    sd, cost = policy.each("lead_time_sd_days", n), np.nan_to_num(spread(unit_cost, n, "unit_cost"))
    expected = forecasts.mean_of_sum(lead + review)
    held = [
        np.nan_to_num(np.maximum(stock_for(forecasts, lead + review, sd, np.full(n, a)) - expected, 0)) * cost
        for a in levels
    ]
    return {str(g): np.array([h[groups == g].sum() for h in held]) for g in np.unique(groups)}
