"""Single days for the chart: a week's sum laid out by the weekly pattern, with the range of one day."""

from __future__ import annotations

import numpy as np

from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel
from app.domain.forecasts.result import GRID_DAYS, GRID_Q
from app.domain.forecasts.weekday import coming_factors, weekday_factors

LOW_Q, HIGH_Q = (int(np.searchsorted(GRID_Q, q)) for q in (0.1, 0.9))
WHOLE_WEEKS = np.flatnonzero(GRID_DAYS % 7 == 0)
OPEN_SHARE = 0.3  # a first day with less than this share of a mean day says little about a day's range


def daily_values(
    panel: Panel, horizon: int, mean: Floats, quantiles: Floats
) -> tuple[Floats, Floats, Floats]:
    """(n, horizon) mean, 10 % and 90 % of each coming day, from sums (n, H) and their quantiles (n, H, Q)."""
    factors = coming_factors(
        weekday_factors(panel.units, panel.starts, panel.first_day), panel.last_day, horizon
    )
    daily = weekly_level(mean, horizon) * factors
    low, high = _relative_range(mean, quantiles)
    return daily, daily * low[:, None], daily * high[:, None]


def weekly_level(mean: Floats, horizon: int) -> Floats:
    """(n, horizon) mean units a day, level within the steps between sums of whole weeks: shorter sums carry
    the weekday of their days already."""
    grid = GRID_DAYS[WHOLE_WEEKS]
    widths = np.diff(np.concatenate([[0], grid]))
    sums = np.concatenate([np.zeros((len(mean), 1)), mean[:, WHOLE_WEEKS]], axis=1)
    increments = np.diff(sums, axis=1) / widths
    step: Ints = np.minimum(np.searchsorted(grid, np.arange(horizon), side="right"), len(grid) - 1)
    return np.asarray(increments[:, step], dtype=np.float64)


def _relative_range(mean: Floats, quantiles: Floats) -> tuple[Floats, Floats]:
    """(n,) 10 % and 90 % of a single day ÷ its mean, read off the shortest sum that holds an open day.

    A sum over k days is narrower than a day by √k, which is put back.
    """
    rate = mean / GRID_DAYS
    usable = rate[:, :4] >= OPEN_SHARE * rate[:, [WHOLE_WEEKS[0]]]
    h = usable.argmax(axis=1)
    rows = np.arange(len(mean))
    scale = np.sqrt(GRID_DAYS[h])
    middle = mean[rows, h]
    safe = np.where(middle > 0, middle, 1.0)
    low, high = (1 + (quantiles[rows, h, q] / safe - 1) * scale for q in (LOW_Q, HIGH_Q))
    low, high = (np.where(np.isnan(middle), np.nan, np.maximum(x, 0.0)) for x in (low, high))
    return low, high
