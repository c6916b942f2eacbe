"""The engines by name: each returns the mean and the quantiles of sums of coming days.

An engine sees the whole panel, because some learn across variants, and answers for the `rows` asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from app.domain.arrays import Bools, Floats, Ints
from app.domain.demand import Panel
from app.domain.forecasts import automatic
from app.domain.forecasts.answers import Answers, ask
from app.domain.forecasts.automatic import Choice
from app.domain.forecasts.baseline import daily_spread, moving_average
from app.domain.forecasts.calibrated import best_decay, calibrated_average
from app.domain.forecasts.learned import can_learn, learn, predict
from app.domain.forecasts.out_of_season import kept_low
from app.domain.forecasts.own_spread import own_spread
from app.domain.forecasts.result import GRID_DAYS, GRID_Q, mean_of

SPREAD_DAYS = 56
MOST, LEAST_DAYS = 5.0, 7
STAND_IN = "calibrated_average"
SLOW = "prophet"  # the engine that costs by the product, and can be asked apart


@dataclass(frozen=True)
class Sums:
    """Of sums over GRID_DAYS: mean (n, H), quantiles (n, H, Q) at GRID_Q.

    `gave_up` (n,) marks the rows that the engine could not answer for: theirs is STAND_IN's answer;
    `out_of_season` (n,) those that were brought down because their holiday is over by then.
    """

    mean: Floats
    quantiles: Floats
    note: str = ""
    gave_up: Bools | None = None
    out_of_season: Bools | None = None


def week_average(panel: Panel, rows: Ints, choice: Choice | None, seed: int) -> Sums:
    """The 7-day moving average with a normal interval: the simplest answer, for very short histories."""
    return _normal_average(panel, rows, 7)


def average_28(panel: Panel, rows: Ints, choice: Choice | None, seed: int) -> Sums:
    """The 28-day moving average with a normal interval."""
    return _normal_average(panel, rows, 28)


def _normal_average(panel: Panel, rows: Ints, window: int) -> Sums:
    units, starts = panel.units[rows], panel.starts[rows]
    rate = moving_average(units, starts, window)
    sd = np.sqrt(daily_spread(units, starts, SPREAD_DAYS))
    mean = rate[:, None] * GRID_DAYS
    band = sd[:, None] * np.sqrt(GRID_DAYS)
    return Sums(mean, np.maximum(mean[..., None] + band[..., None] * ndtri(GRID_Q), 0.0))


def prophet(
    panel: Panel, rows: Ints, choice: Choice | None, seed: int, answers: Answers | None = None
) -> Sums:
    """Prophet with its defaults; its sums come from sample paths. Where it finds no fit, STAND_IN answers.

    Only what is not among the `answers` made before is asked.
    """
    mean = np.empty((len(rows), len(GRID_DAYS)))
    quantiles = np.empty((*mean.shape, len(GRID_Q)))
    place = np.full(len(rows), -1) if answers is None else answers.places(panel.keys[rows])
    for part, mine in ((answers, place >= 0), (None, place < 0)):
        if mine.any():
            found = part or ask(panel.take(rows[mine]), seed=seed)
            at = place[mine] if part else np.arange(len(found.keys))
            mean[mine], quantiles[mine] = found.mean[at], found.quantiles[at]
    gave_up = np.isnan(mean[:, 0])
    if gave_up.any():
        instead = ENGINES[STAND_IN](panel, rows[gave_up], choice, seed)
        mean[gave_up], quantiles[gave_up] = instead.mean, instead.quantiles
    return Sums(mean, quantiles, gave_up=gave_up)


def calibrated(panel: Panel, rows: Ints, choice: Choice | None, seed: int) -> Sums:
    """A smoothed rate with ranges calibrated at past cut-offs."""
    return _with_mean(calibrated_average(panel, rows, best_decay(panel)), panel, rows)


def own_range(panel: Panel, rows: Ints, choice: Choice | None, seed: int) -> Sums:
    """A smoothed rate with the range of each variant's own ups and downs."""
    return _with_mean(own_spread(panel, rows), panel, rows)


def learnt(panel: Panel, rows: Ints, choice: Choice | None, seed: int) -> Sums:
    """Boosted trees over all variants; falls back to the calibrated average where there is too little."""
    if not can_learn(panel):
        return calibrated(panel, rows, choice, seed)
    return _with_mean(predict(learn(panel, best_decay(panel), seed=seed), panel, rows), panel, rows)


def auto(panel: Panel, rows: Ints, choice: Choice | None, seed: int) -> Sums:
    """The mix that a backtest on this shop chose, now or in an earlier `choice`."""
    made = choice or automatic.choose(panel, seed=seed)
    return replace(
        _with_mean(automatic.quantiles(made, panel, rows), panel, rows), note=automatic.reason(made)
    )


def _with_mean(quantiles: Floats, panel: Panel, rows: Ints) -> Sums:
    """With means; goods of a holiday low after it; no day of a sum above MOST times a variant's largest so far.

    What engines learn from other variants would else carry a steady one away, where those exploded.
    """
    largest = np.maximum(panel.units.max(axis=1)[rows], 0.0)
    most = MOST * largest[:, None] * np.maximum(GRID_DAYS, LEAST_DAYS)
    capped, low = kept_low(np.minimum(quantiles, most[..., None]), panel, rows)
    return Sums(np.maximum.accumulate(mean_of(capped), axis=1), capped, out_of_season=low)


ENGINES: Mapping[str, Callable[[Panel, Ints, Choice | None, int], Sums]] = {
    "auto": auto,
    "prophet": prophet,
    "moving_average": week_average,
    "average_28": average_28,
    "calibrated_average": calibrated,
    "own_spread": own_range,
    "learned": learnt,
}
