"""Prophet itself, one variant at a time; the only place that knows the library."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np

from app.domain.arrays import Floats, Ints

YEARLY_FROM_DAYS = 731  # a span of two full years
NEWTON_BELOW = 100
SAMPLES = 1000


@cache
def _library() -> Any:
    """Prophet's class; imported on first use, because the import alone takes two seconds."""
    logging.getLogger("prophet.plot").setLevel(logging.CRITICAL)  # it misses plotly, which is not used
    from prophet import Prophet

    for chatty in ("prophet", "cmdstanpy"):  # after the import, which sets cmdstanpy's level itself
        logging.getLogger(chatty).setLevel(logging.ERROR)

    return Prophet


def sample_paths(
    units: Floats, first_day: date, horizon: int, *, seed: int, samples: int = SAMPLES
) -> tuple[Floats, Floats]:
    """Prophet's mean (horizon,) and sample paths (horizon, samples) of the days after a history (days,).

    Defaults of the library: 25 changepoints, weekly season, yearly season from two full years on (with less
    it ruins forecasts). Fitted by LBFGS throughout; for short series, where Prophet would pick Newton by
    itself at five times the cost, with a looser tolerance. NumPy's global generator, which the library
    draws from, is seeded and put back as it was.
    """
    import pandas as pd

    state = np.random.get_state()
    np.random.seed(seed % 2**32)
    try:
        model = _library()(
            weekly_seasonality=len(units) >= 14,
            yearly_seasonality=len(units) >= YEARLY_FROM_DAYS,
            daily_seasonality=False,
            uncertainty_samples=samples,
        )
        tolerance = {"tol_rel_obj": 1e5} if len(units) < NEWTON_BELOW else {}
        days = pd.date_range(first_day, periods=len(units), freq="D")
        model.fit(pd.DataFrame({"ds": days, "y": units}), algorithm="LBFGS", seed=seed, **tolerance)
        coming = pd.date_range(first_day + timedelta(days=len(units)), periods=horizon, freq="D")
        future = model.setup_dataframe(pd.DataFrame({"ds": coming}))
        future["trend"] = model.predict_trend(future)
        draws = model.sample_posterior_predictive(future, vectorized=True)
        mean = future["trend"].to_numpy() + _seasons(model, future)
    finally:
        np.random.set_state(state)
    return mean, np.asarray(draws["yhat"], dtype=np.float64)


def _seasons(model: Any, future: Any) -> Floats:
    return np.asarray(model.predict_seasonal_components(future)["additive_terms"], dtype=np.float64)


def sums(
    units: Floats, starts: Ints, first_day: date, grid_days: Ints, grid_q: Floats, *, seed: int
) -> tuple[Floats, Floats]:
    """(n, H) mean and (n, H, Q) quantiles of sums over `grid_days`, from sample paths, never below 0.

    About 0.1 s for each variant. Only the sums are cut at 0 and kept from falling as days go by: cutting
    single days would add the noise of every quiet day to the sum.
    """
    n, longest = len(units), int(grid_days[-1])
    mean = np.empty((n, len(grid_days)))
    table = np.empty((n, len(grid_days), len(grid_q)))
    for i in range(n):
        begin = int(starts[i])
        history = units[i, begin:]
        daily, paths = sample_paths(history, first_day + timedelta(days=begin), longest, seed=seed + i)
        mean[i] = np.cumsum(daily)[grid_days - 1]
        table[i] = np.quantile(np.cumsum(paths, axis=0)[grid_days - 1], grid_q, axis=1).T
    mean, table = np.maximum(mean, 0.0), np.maximum(table, 0.0)
    return np.maximum.accumulate(mean, axis=1), np.maximum.accumulate(table, axis=1)
