"""Accuracy of 28-day sums and daily means at one or more origins: the protocol of `bench.forecast`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LEVELS = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
NAMES = ("q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975")
WQL_LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
Floats = NDArray[np.float64]


def scaled_errors(
    history: Floats, starts: NDArray[np.int64], actual: Floats, mean: Floats
) -> dict[str, Floats]:
    """(n,) RMSSE (lag-1 mean squared difference since first sale) and MASE (lag 7); NaN without a scale."""
    live = np.arange(history.shape[1])[None, :] >= starts[:, None]
    out = {}
    for name, lag, power in (("rmsse", 1, 2), ("mase", 7, 1)):
        step = np.abs(history[:, lag:] - history[:, :-lag]) ** power
        scale = _mean(step, live[:, :-lag])
        error = (np.abs(actual - mean) ** power).mean(axis=1)
        ratio = np.divide(error, scale, out=np.full(len(error), np.nan), where=scale > 0)
        out[name] = ratio ** (1 / power)
    return out


def _mean(values: Floats, where: NDArray[np.bool_]) -> Floats:
    count = where.sum(axis=1)
    total = (values * where).sum(axis=1)
    mean: Floats = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean


def measures(rows: pd.DataFrame) -> dict[str, float]:
    """The protocol's measures over scored rows (one row: a SKU at an origin)."""
    total, actual = rows["actual"].sum(), rows["actual"].to_numpy()
    losses = {q: _pinball(actual, rows[name].to_numpy(), q) for q, name in zip(LEVELS, NAMES, strict=True)}
    scale = total if total else np.nan
    return {
        "n": float(len(rows)),
        "rmsse": float(np.nanmean(rows["rmsse"])) if rows["rmsse"].notna().any() else np.nan,
        "mase": float(np.nanmean(rows["mase"])) if rows["mase"].notna().any() else np.nan,
        "wape": float((rows["actual"] - rows["mean"]).abs().sum() / scale),
        "bias": float((rows["mean"] - rows["actual"]).sum() / scale),
        "wql": 2 * float(np.mean([losses[q] for q in WQL_LEVELS]) / scale),
        "pl95": 2 * float(losses[0.95] / scale),
        "cov80": _within(rows, "q10", "q90"),
        "cov95": _within(rows, "q025", "q975"),
        "p95_hit": float((rows["actual"] <= rows["q95"]).mean()),
    }


def mean_of_origins(rows: pd.DataFrame) -> dict[str, float]:
    """`measures` of each origin, averaged over the origins; n is the mean number of SKUs."""
    each = pd.DataFrame([measures(part) for _, part in rows.groupby("origin")])
    return {str(name): float(value) for name, value in each.mean().items()}


def slices(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Measures of each slice, all origins together: length of history and demand class."""
    age = pd.cut(rows["history"], [0, 29, 180, 10**6], labels=["<30 days", "30-180 days", ">180 days"])
    parts = {f"history {name}": rows[age == name] for name in age.cat.categories}
    parts |= {f"class {name}": part for name, part in rows.groupby("class")}
    return {name: measures(part) for name, part in parts.items() if len(part)}


def _pinball(actual: Floats, quantile: Floats, q: float) -> float:
    gap = actual - quantile
    return float(np.maximum(q * gap, (q - 1) * gap).sum())


def _within(rows: pd.DataFrame, low: str, high: str) -> float:
    return float(((rows["actual"] >= rows[low]) & (rows["actual"] <= rows[high])).mean())
