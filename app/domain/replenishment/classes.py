"""ABC by what a product earns, XYZ by how well it can be forecast (F23)."""

from __future__ import annotations

import numpy as np

from app.domain.arrays import Floats, Texts
from app.domain.forecasts.result import Forecasts

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
