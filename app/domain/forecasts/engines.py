"""The engines by name: each returns the mean and the quantiles of sums of coming days.

An engine sees the whole panel, because some learn across variants, and answers for the `rows` asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel
from app.domain.forecasts import prophet_model
from app.domain.forecasts.baseline import daily_spread, moving_average
from app.domain.forecasts.calibrated import calibrated_average
from app.domain.forecasts.result import GRID_DAYS, GRID_Q

SPREAD_DAYS = 56


@dataclass(frozen=True)
class Sums:
    """Of sums over GRID_DAYS: mean (n, H), quantiles (n, H, Q) at GRID_Q."""

    mean: Floats
    quantiles: Floats


def week_average(panel: Panel, rows: Ints, seed: int) -> Sums:
    """The 7-day moving average with a normal interval: the simplest answer, for very short histories."""
    units, starts = panel.units[rows], panel.starts[rows]
    rate = moving_average(units, starts, 7)
    sd = np.sqrt(daily_spread(units, starts, SPREAD_DAYS))
    mean = rate[:, None] * GRID_DAYS
    band = sd[:, None] * np.sqrt(GRID_DAYS)
    return Sums(mean, np.maximum(mean[..., None] + band[..., None] * ndtri(GRID_Q), 0.0))


def prophet(panel: Panel, rows: Ints, seed: int) -> Sums:
    """Prophet with its defaults; its sums come from sample paths."""
    return Sums(
        *prophet_model.sums(
            panel.units[rows], panel.starts[rows], panel.first_day, GRID_DAYS, GRID_Q, seed=seed
        )
    )


def average_28(panel: Panel, rows: Ints, seed: int) -> Sums:
    """The 28-day average with ranges calibrated at past cut-offs."""
    mean, quantiles = calibrated_average(panel)
    return Sums(mean[rows], quantiles[rows])


ENGINES: Mapping[str, Callable[[Panel, Ints, int], Sums]] = {
    "auto": average_28,
    "prophet": prophet,
    "moving_average": week_average,
    "average_28": average_28,
}
