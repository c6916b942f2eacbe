"""How good forecasts were: WAPE, bias, MASE, pinball loss and coverage (F27), by product and by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.arrays import Floats, Ints, Keys, Texts

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
    return float(_pinballs(actual, quantile, q).mean())


def coverage(actual: Floats, quantile: Floats) -> float:
    """Share of actuals at or below the quantile (F27)."""
    return float((actual <= quantile).mean())


@dataclass(frozen=True)
class Sums:
    """What scores are made of, added up by group, all (k,): groups may be added up further before they are scored.

    `error` is Σ(f − y), `size` Σ|f − y|, `rival` Σ|rival − y| (NaN without one), all in units like `actual`
    (Σy); `held` counts the ranges that held, `loss` sums the pinball losses of their ends.
    """

    groups: Keys
    count: Ints
    actual: Floats
    error: Floats
    size: Floats
    rival: Floats
    held: Ints
    loss: Floats


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


def summed(
    actual: Floats,
    mean: Floats,
    low: Floats,
    high: Floats,
    groups: Keys,
    *,
    other: Floats | None = None,
    range_share: float = 0.8,
) -> Sums:
    """The sums of each group (m,) of past forecasts, groups in order.

    `low` and `high` bound the central `range_share` of each forecast; the pinball loss is their mean.
    """
    tail = (1 - range_share) / 2
    names, place = np.unique(groups, return_inverse=True)
    loss = (_pinballs(actual, low, tail) + _pinballs(actual, high, 1 - tail)) / 2
    rival = np.full(len(actual), np.nan) if other is None else np.abs(other - actual)
    held = (actual >= low) & (actual <= high)

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(place, values, minlength=len(names)), dtype=np.float64)

    return Sums(
        groups=names,
        count=np.bincount(place, minlength=len(names)),
        actual=total(actual),
        error=total(mean - actual),
        size=total(np.abs(mean - actual)),
        rival=total(rival),
        held=np.bincount(place[held], minlength=len(names)),
        loss=total(loss),
    )


def scored(sums: Sums, *, fewest: int = FEWEST) -> tuple[Score, ...]:
    """One Score per group, in their order; groups of under `fewest` forecasts are left out."""
    made = []
    for i in np.flatnonzero(sums.count >= fewest):
        count, actual = int(sums.count[i]), float(sums.actual[i])
        own, rival = _ratio(float(sums.size[i]), actual), _ratio(float(sums.rival[i]), actual)
        made.append(
            Score(
                group=str(sums.groups[i]),
                count=count,
                wape=own,
                bias=_ratio(float(sums.error[i]), actual),
                pinball=float(sums.loss[i]) / count,
                within_range=int(sums.held[i]) / count,
                wape_other=rival,
                losing=bool(sums.rival[i] < sums.size[i]),
            )
        )
    return tuple(made)


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
    """One Score per group (m,), worst WAPE first; groups of under FEWEST forecasts are left out. See `summed`."""
    made = scored(summed(actual, mean, low, high, groups, other=other, range_share=range_share))
    return tuple(sorted(made, key=lambda s: (-np.nan_to_num(s.wape, nan=-1.0), s.group)))


def _pinballs(actual: Floats, quantile: Floats, q: float) -> Floats:
    gap = actual - quantile
    return np.maximum(q * gap, (q - 1) * gap)


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")
