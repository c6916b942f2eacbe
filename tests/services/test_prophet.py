"""Prophet itself: its fit is the library's, its answers agree with the library's own, odd series are borne."""

from datetime import timedelta

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.forecasts import forecast, prophet_model
from app.domain.forecasts.result import GRID_DAYS, GRID_Q
from tests.domain.shops import DAY, shop


@pytest.mark.parametrize("days", [20, 90, 800])
def test_mean_and_ranges_are_those_of_the_library(days: int) -> None:
    import pandas as pd

    units = shop(1, days).units[0]
    model = prophet_model.fit(units, DAY, seed=0)
    ours = prophet_model.expected(model, DAY, days, 60)
    coming = pd.DataFrame({"ds": pd.date_range(DAY + timedelta(days=days), periods=60)})
    assert np.allclose(ours, model.predict(coming)["yhat"], atol=1e-8)
    model.uncertainty_samples = 2000
    theirs = model.predictive_samples(coming)["yhat"].cumsum(axis=0)[[0, 6, 59]]
    drawn = prophet_model.sampled_sums(
        model, ours, days, np.array([1, 7, 60]), np.random.default_rng(1), 2000
    )
    assert np.allclose(drawn.mean(axis=0), theirs.mean(axis=1), atol=0.2 * theirs.std(axis=1).max())
    assert np.allclose(drawn.std(axis=0) / theirs.std(axis=1), 1.0, atol=0.1)


def test_prophet_forecasts_above_thirty_days_and_the_week_average_below() -> None:
    panel = shop(n=2, days=60)
    result = forecast(Panel(panel.keys, panel.first_day, panel.units, np.array([0, 40])), engine="prophet")
    assert result.model.tolist() == ["prophet", "moving_average"]
    assert abs(result.mean_of_sum(28)[0] / (28 * panel.units[0].mean()) - 1) < 0.5
    assert (np.diff(result.sum_quantiles, axis=2) >= 0).all()


def test_prophet_does_not_inflate_what_sells_rarely() -> None:
    units = np.random.default_rng(2).binomial(1, 0.05, (1, 90)) * 20.0
    result = forecast(Panel(np.array([1]), DAY, units, np.array([0])), engine="prophet")
    assert result.mean_of_sum(28)[0] < 2.5 * 28 * units.mean()
    assert (np.diff(result.sum_quantiles, axis=1) >= 0).all()


@pytest.mark.parametrize("level", [0.0, 4.0, 3e6])
def test_a_constant_series_goes_on(level: float) -> None:
    none = np.zeros(1, dtype=np.int64)
    history = np.full((1, 50), level)
    mean, table = prophet_model.sums(history, none, DAY, GRID_DAYS, GRID_Q, seeds=none)
    assert mean[0] == pytest.approx(level * GRID_DAYS, rel=1e-6)
    assert np.isfinite(table).all()
