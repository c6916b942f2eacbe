"""Prophet itself, one variant at a time; the only place that knows the library."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np

from app.domain.arrays import Floats, Ints
from app.domain.libraries import without

YEARLY_FROM_DAYS = 731  # a span of two full years
NEWTON_BELOW = 100
SAMPLES = 1000
EPOCH = date(1970, 1, 1)


@cache
def _library() -> Any:
    """Prophet's class; imported on first use, because the import alone takes two seconds."""
    logging.getLogger("prophet.plot").setLevel(logging.CRITICAL)  # it misses what draws, which is not used
    with without("matplotlib", "plotly"):
        from cmdstanpy.utils import get_logger
        from prophet import Prophet

    get_logger().setLevel(logging.ERROR)  # its first call opens the logger wide, so it has to be made here
    logging.getLogger("prophet").setLevel(logging.ERROR)
    return Prophet


def fit(units: Floats, first_day: date, *, seed: int) -> Any:
    """The library's model of a history (days,), with its defaults.

    25 changepoints, weekly season, yearly season from two full years on (with less it ruins forecasts).
    Fitted by LBFGS throughout; for short series, where Prophet would pick Newton by itself at five times
    the cost, with a looser tolerance. No samples are drawn here. RuntimeError where Newton too gives up.
    """
    tolerance = {"tol_rel_obj": 1e5} if len(units) < NEWTON_BELOW else {}
    try:
        return _fitted(units, first_day, algorithm="LBFGS", seed=seed, **tolerance)
    except ValueError as error:
        if not isinstance(error.__context__, RuntimeError):
            raise
        # LBFGS gave up. The library then takes Newton by itself, but hands it a tolerance that Newton refuses.
        return _fitted(units, first_day, algorithm="Newton", seed=seed)


def _fitted(units: Floats, first_day: date, **how: Any) -> Any:
    import pandas as pd

    model = _library()(
        weekly_seasonality=len(units) >= 14,
        yearly_seasonality=len(units) >= YEARLY_FROM_DAYS,
        daily_seasonality=False,
        uncertainty_samples=0,
    )
    days = pd.date_range(first_day, periods=len(units), freq="D")
    return model.fit(pd.DataFrame({"ds": days, "y": units}), **how)


def expected(model: Any, first_day: date, days: int, horizon: int) -> Floats:
    """(horizon,) the fitted model's mean of the days after a history of `days`, as its `predict` gives it."""
    slope, level, shifts = (model.params[name][0] for name in ("k", "m", "delta"))
    t = (days + np.arange(horizon)) / (days - 1)
    slopes = slope[0] + shifts.sum()
    trend = slopes * t + level[0] - (shifts * model.changepoints_t).sum()
    since = (first_day - EPOCH).days + days + np.arange(horizon)
    coefficients = model.params["beta"][0]
    terms, used = np.zeros(horizon), 0
    for season in model.seasonalities.values():
        angle = 2 * np.pi * np.outer(since / season["period"], np.arange(1, season["fourier_order"] + 1))
        pairs = np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(horizon, -1)
        terms += pairs @ coefficients[used : used + pairs.shape[1]]
        used += pairs.shape[1]
    mean: Floats = (trend + terms) * model.y_scale
    return mean


def sampled_sums(
    model: Any, mean: Floats, days: int, grid_days: Ints, rng: np.random.Generator, samples: int = SAMPLES
) -> Floats:
    """(samples, H) sums over `grid_days` drawn from the fitted model's law of the future.

    The library's own law: slopes change as often as there were changepoints in the history, by Laplace
    steps of their mean size; each day has normal noise. Drawn here, for a quarter of the library's time.
    """
    horizon = len(mean)
    step = 1 / (days - 1)
    scale = np.abs(model.params["delta"][0]).mean() + 1e-8
    change = np.zeros((samples, horizon))
    hit = rng.random((samples, horizon), dtype=np.float32) < len(model.changepoints_t) * step
    change[hit] = rng.laplace(0.0, scale, int(hit.sum()))
    change[:, 1:] = (change[:, 1:] + change[:, :-1]) / 2
    change[:, 0] /= 2
    drift = change.cumsum(axis=1).cumsum(axis=1).cumsum(axis=1)[:, grid_days - 1] * step
    widths = np.diff(np.concatenate([[0], grid_days]))
    noise = rng.normal(0.0, model.params["sigma_obs"][0, 0] * np.sqrt(widths), (samples, len(widths)))
    sums: Floats = np.cumsum(mean)[grid_days - 1] + (drift + noise.cumsum(axis=1)) * model.y_scale
    return sums


def sums(
    units: Floats, starts: Ints, first_day: date, grid_days: Ints, grid_q: Floats, *, seeds: Ints
) -> tuple[Floats, Floats]:
    """(n, H) mean and (n, H, Q) quantiles of sums over `grid_days`, from sample paths, never below 0.

    `seeds` (n,) are the variants' own, so that a variant's answer is the same whichever others are asked with it.
    NaN for a variant that no fit of the library's succeeds for. Only the sums are cut at 0 and kept from
    falling as days go by: cutting single days would add the noise of every quiet day to the sum.
    """
    n, longest = len(units), int(grid_days[-1])
    mean = np.full((n, len(grid_days)), np.nan)
    table = np.full((n, len(grid_days), len(grid_q)), np.nan)
    for i in range(n):
        begin = int(starts[i])
        history, first = units[i, begin:], first_day + timedelta(days=begin)
        try:
            model = fit(history, first, seed=int(seeds[i]))
        except RuntimeError:
            continue  # one variant's trouble is not the shop's
        daily = expected(model, first, len(history), longest)
        draws = sampled_sums(model, daily, len(history), grid_days, np.random.default_rng(int(seeds[i])))
        mean[i] = np.cumsum(daily)[grid_days - 1]
        table[i] = np.quantile(draws, grid_q, axis=0).T
    mean, table = np.maximum(mean, 0.0), np.maximum(table, 0.0)
    return np.maximum.accumulate(mean, axis=1), np.maximum.accumulate(table, axis=1)
