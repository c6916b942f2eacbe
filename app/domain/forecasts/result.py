"""What a forecast is: daily means and ranges for the chart, calibrated quantiles of sums for the order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from app.domain.arrays import Bools, Floats, Ints, Keys, Texts, spread

GRID_DAYS = np.array([1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 60, 90, 120, 180], dtype=np.int64)
GRID_Q = np.array(
    [
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.175,
        0.25,
        0.375,
        0.5,
        0.625,
        0.75,
        0.825,
        0.9,
        0.95,
        0.975,
        0.99,
        0.995,
    ]
)
MAX_DAYS = 180

HOLIDAY_MARK = " holiday="  # before the name of a holiday, at the end of a reason


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of n variants made at the close of `origin`; every array's first axis is the variant.

    `daily_mean`, `daily_low`, `daily_high` (n, horizon): units on each coming day and the 10–90 % range of
    that single day. `sum_mean` (n, H) and `sum_quantiles` (n, H, Q): the sum of the first `grid_days` days,
    its mean and its quantiles at `grid_q`. A refused variant has NaN throughout and the day in
    `refused_until` from which there will be evidence. Everything here can be stored and given back.
    """

    keys: Keys
    origin: date
    horizon: int
    daily_mean: Floats
    daily_low: Floats
    daily_high: Floats
    sum_mean: Floats
    sum_quantiles: Floats
    model: Texts
    confidence: Texts
    reason: Texts
    demand_class: Texts
    refused_until: Texts
    grid_days: Ints = field(default_factory=GRID_DAYS.copy)
    grid_q: Floats = field(default_factory=GRID_Q.copy)

    def __post_init__(self) -> None:
        n, h, q = len(self.keys), len(self.grid_days), len(self.grid_q)
        wanted = {
            "daily_mean": (n, self.horizon),
            "daily_low": (n, self.horizon),
            "daily_high": (n, self.horizon),
            "sum_mean": (n, h),
            "sum_quantiles": (n, h, q),
            **dict.fromkeys(("model", "confidence", "reason", "demand_class", "refused_until"), (n,)),
        }
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected {shape}")

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def refused(self) -> Bools:
        """(n,) true where there was too little evidence for any number."""
        return np.isnan(self.sum_mean[:, 0])

    @property
    def out_of_season(self) -> Bools:
        """(n,) true for goods of a holiday that is over, which are brought down for that."""
        return np.array([HOLIDAY_MARK in reason for reason in self.reason.tolist()], dtype=bool)

    def mean_of_sum(self, days: ArrayLike) -> Floats:
        """(n,) expected units over the first `days` days (one number, or one for each variant; 0 to 180)."""
        low, weight = self._between_days(days)
        rows = np.arange(len(self))
        padded = np.concatenate([np.zeros((len(self), 1)), self.sum_mean], axis=1)
        mixed: Floats = padded[rows, low] * (1 - weight) + padded[rows, low + 1] * weight
        return mixed

    def quantile_of_sum(self, days: ArrayLike, q: ArrayLike) -> Floats:
        """(n,) units that the sum of the first `days` days stays within with probability `q`.

        `days` from 0 to 180 and `q` strictly between 0 and 1, each one number or one for each variant.
        Between grid points it is linear in days and in the normal score of q (beyond the outermost q the
        last slope goes on), so it never falls as days or q rise. It is not a sum of daily bounds (F5).
        """
        return at_probability(self.quantiles_of_sum(days), self.grid_q, spread(q, len(self), "q"))

    def quantiles_of_sum(self, days: ArrayLike) -> Floats:
        """(n, Q) quantiles at `grid_q` of the sum of the first `days` days (0 to 180), linear in days."""
        low, weight = self._between_days(days)
        rows = np.arange(len(self))
        padded = np.concatenate([np.zeros((len(self), 1, len(self.grid_q))), self.sum_quantiles], axis=1)
        line: Floats = padded[rows, low] * (1 - weight)[:, None] + padded[rows, low + 1] * weight[:, None]
        return line

    def paths(self, q: ArrayLike) -> Floats:
        """(n, 180) quantile `q` (one number, or one for each variant) of demand over 1, 2, … 180 days."""
        per_day = np.repeat(spread(q, len(self), "q"), len(self.grid_days))
        flat = self.sum_quantiles.reshape(-1, len(self.grid_q))
        at_grid = at_probability(flat, self.grid_q, per_day).reshape(self.sum_mean.shape)
        return every_day(at_grid, self.grid_days)

    def mean_path(self) -> Floats:
        """(n, 180) expected demand over the first 1, 2, … 180 days."""
        return every_day(self.sum_mean, self.grid_days)

    def _between_days(self, days: ArrayLike) -> tuple[Ints, Floats]:
        """Index of the grid point at or below (0 is day 0) and the weight of the next one."""
        wanted = spread(days, len(self), "days")
        if ((wanted < 0) | (wanted > self.grid_days[-1])).any() or np.isnan(wanted).any():
            raise ValueError(
                f"days must be 0 to {self.grid_days[-1]}; shorten the lead time or review period"
            )
        return between_days(self.grid_days, wanted)


def between_days(grid_days: Ints, days: Floats) -> tuple[Ints, Floats]:
    """Index in 0, *grid_days at or below each of `days` (any shape), and the weight of the next one."""
    grid = np.concatenate([[0], grid_days])
    low = np.minimum(np.searchsorted(grid, days, side="right") - 1, len(grid) - 2)
    return low, (days - grid[low]) / (grid[low + 1] - grid[low])


def every_day(at_grid: Floats, grid_days: Ints) -> Floats:
    """(n, days) sums over 1, 2, … days, to the grid's last one, of (n, H) sums over `grid_days`: linear between."""
    low, weight = between_days(grid_days, np.arange(1.0, grid_days[-1] + 1))
    padded = np.concatenate([np.zeros((len(at_grid), 1)), at_grid], axis=1)
    path: Floats = padded[:, low] * (1 - weight) + padded[:, low + 1] * weight
    return path


def at_probability(line: Floats, grid_q: Floats, q: Floats) -> Floats:
    """(n,) value at `q` of quantile functions `line` (n, Q), linear in normal scores, never below 0."""
    low, weight = between_scores(grid_q, q)
    rows = np.arange(len(line))
    value: Floats = np.maximum(line[rows, low] * (1 - weight) + line[rows, low + 1] * weight, 0.0)
    return value


def at_probabilities(line: Floats, grid_q: Floats, probabilities: Floats) -> Iterator[Floats]:
    """(n,) value at one of `probabilities` (m,) after the other, the same for all: see `at_probability`."""
    for low, weight in zip(*between_scores(grid_q, probabilities), strict=True):
        yield np.maximum(line[:, low] * (1 - weight) + line[:, low + 1] * weight, 0.0)


def between_scores(grid_q: Floats, q: Floats) -> tuple[Ints, Floats]:
    """Index in `grid_q` at or below each q, and the weight of the next one: both by normal scores."""
    if not ((q > 0) & (q < 1)).all():
        raise ValueError("q must lie strictly between 0 and 1")
    score, scores = ndtri(q), ndtri(grid_q)
    low = np.minimum(np.maximum(np.searchsorted(scores, score, side="right") - 1, 0), len(scores) - 2)
    return low, (score - scores[low]) / (scores[low + 1] - scores[low])


def mean_of(quantiles: Floats) -> Floats:
    """Mean of distributions given by quantiles at GRID_Q (last axis): trapezoids, flat beyond the ends."""
    edges = np.concatenate([[0.0], (GRID_Q[1:] + GRID_Q[:-1]) / 2, [1.0]])
    mean: Floats = quantiles @ np.diff(edges)
    return mean
