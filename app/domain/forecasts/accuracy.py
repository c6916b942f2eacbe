"""How good forecasts were: WAPE, bias, MASE, pinball loss and coverage (F27), by product and by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.arrays import Floats, Texts

FEWEST = 5


def wape(actual: Floats, forecast: Floats) -> float:
    """Σ|f − y| ÷ Σy; NaN where nothing was sold (F27)."""
    return _ratio(float(np.abs(forecast - actual).sum()), float(actual.sum()))


def bias(actual: Floats, forecast: Floats) -> float:
    """Σ(f − y) ÷ Σy: positive means forecasts ran high (F27)."""
    return _ratio(float((forecast - actual).sum()), float(actual.sum()))


def mase(actual: Floats, forecast: Floats, history: Floats, season: int) -> float:
    """mean|f − y| ÷ mean|y_t − y_{t−m}| of the history (F27)."""
    scale = float(np.abs(history[season:] - history[:-season]).mean())
    return _ratio(float(np.abs(forecast - actual).mean()), scale)


def pinball(actual: Floats, quantile: Floats, q: float) -> float:
    """Mean pinball loss of quantile forecasts at level q, in units (F27)."""
    gap = actual - quantile
    return float(np.maximum(q * gap, (q - 1) * gap).mean())


def coverage(actual: Floats, quantile: Floats) -> float:
    """Share of actuals at or below the quantile (F27)."""
    return float((actual <= quantile).mean())


@dataclass(frozen=True)
class Score:
    """Accuracy of one group of past forecasts; `wape_other` is the rival's (a baseline, or the model that an
    override replaced), NaN without one; `losing` says that the rival was closer."""

    group: str
    count: int
    wape: float
    bias: float
    pinball: float
    within_range: float
    wape_other: float
    losing: bool


def scores(
    actual: Floats,
    mean: Floats,
    low: Floats,
    high: Floats,
    groups: Texts,
    *,
    other: Floats | None = None,
    range_share: float = 0.8,
) -> tuple[Score, ...]:
    """One Score per group (n,), worst WAPE first; groups of under FEWEST forecasts are left out.

    `low` and `high` bound the central `range_share` of each forecast; the pinball loss is their mean.
    """
    made = []
    tail = (1 - range_share) / 2
    for group in np.unique(groups):
        at = groups == group
        if at.sum() < FEWEST:
            continue
        y, f = actual[at], mean[at]
        rival = np.nan if other is None else wape(y, other[at])
        own = wape(y, f)
        loss = (pinball(y, low[at], tail) + pinball(y, high[at], 1 - tail)) / 2
        inside = float(((y >= low[at]) & (y <= high[at])).mean())
        made.append(Score(str(group), int(at.sum()), own, bias(y, f), loss, inside, rival, bool(rival < own)))
    return tuple(sorted(made, key=lambda s: (-np.nan_to_num(s.wape, nan=-1.0), s.group)))


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")
