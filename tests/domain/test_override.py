"""The merchant's number in place of the model's: exact means, sane ranges, and the model again afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from numpy.typing import ArrayLike

from app.domain import laws
from app.domain.forecasts import Forecasts
from app.domain.forecasts.override import PERCENT, UNITS, Override, overridden
from app.domain.forecasts.result import GRID_DAYS, GRID_Q
from app.domain.replenishment import Policy, Stock, plan

ORIGIN = date(2026, 11, 24)


def poisson(rates: ArrayLike, horizon: int = 28) -> Forecasts:
    """Forecasts whose sums are Poisson, one for each rate."""
    rate = np.atleast_1d(rates)
    n, mean = len(rate), rate[:, None] * GRID_DAYS.astype(float)
    quantiles = laws.quantile(mean[..., None], mean[..., None], GRID_Q)
    day = np.repeat(rate[:, None], horizon, axis=1)

    def text(value: object) -> np.ndarray:
        return np.full(n, value, dtype=object)

    return Forecasts(
        keys=np.arange(7, 7 + n),
        origin=ORIGIN,
        horizon=horizon,
        daily_mean=day,
        daily_low=laws.quantile(day, day, 0.1),
        daily_high=laws.quantile(day, day, 0.9),
        sum_mean=mean,
        sum_quantiles=quantiles,
        model=text("average_28"),
        confidence=text("high"),
        reason=text(""),
        demand_class=text("smooth"),
        refused_until=text(None),
    )


def refused() -> Forecasts:
    made = poisson(1.0)
    gaps = {
        name: np.full_like(getattr(made, name), np.nan)
        for name in ("daily_mean", "daily_low", "daily_high", "sum_mean", "sum_quantiles")
    }
    return replace(made, **gaps, refused_until=np.array([date(2026, 12, 9)], dtype=object))


def test_units_replace_the_model_for_their_days_and_the_model_goes_on_after_them() -> None:
    made = overridden(poisson(5.0), [Override(0, UNITS, 12.0, 10)])
    assert made.mean_of_sum(10)[0] == pytest.approx(120)
    assert made.mean_of_sum(28)[0] == pytest.approx(120 + 18 * 5)
    assert made.daily_mean[0, :10].tolist() == [12.0] * 10
    assert made.daily_mean[0, 10:].tolist() == [5.0] * 18


def test_the_spread_of_units_grows_as_a_poissons() -> None:
    made = overridden(poisson(5.0), [Override(0, UNITS, 20.0, 180)])
    wanted = laws.quantile(20.0 * 21, 20.0 * 21, 0.95)
    assert made.quantile_of_sum(21, 0.95)[0] == pytest.approx(wanted, rel=0.02)


def test_a_percentage_scales_mean_and_range_alike() -> None:
    before = poisson(5.0)
    made = overridden(before, [Override(0, PERCENT, 40.0, 180)])
    assert made.mean_of_sum(28)[0] == pytest.approx(5 * 28 * 1.4)
    assert made.quantile_of_sum(28, 0.9)[0] == pytest.approx(1.4 * before.quantile_of_sum(28, 0.9)[0])


def test_a_refused_product_gets_the_merchants_number_and_low_confidence() -> None:
    made = overridden(refused(), [Override(0, UNITS, 3.0, 30)])
    assert not made.refused[0]
    assert made.mean_of_sum(28)[0] == pytest.approx(84)
    assert made.quantile_of_sum(28, 0.95)[0] == laws.quantile(84.0, 84.0, 0.95)
    assert made.mean_of_sum(60)[0] == pytest.approx(90)
    assert (made.confidence[0], made.refused_until[0]) == ("low", None)


def test_a_percentage_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no forecast"):
        overridden(refused(), [Override(0, PERCENT, 10.0, 30)])


def test_what_was_passed_in_stays_as_it_was() -> None:
    before = poisson(5.0)
    overridden(before, [Override(0, UNITS, 12.0, 10)])
    assert before.mean_of_sum(10)[0] == pytest.approx(50)
    assert before.model[0] == "average_28"


def test_sums_never_fall_with_days_or_probability() -> None:
    n, chance = 40, np.random.default_rng(3)
    rates, values = 10 ** chance.uniform(-2, 1.7, n), np.append([0.0, 300.0], chance.uniform(0, 300, n - 2))
    kinds, days = chance.permutation([UNITS, PERCENT] * (n // 2)), chance.integers(1, 181, n)
    ours = [Override(i, str(kinds[i]), values[i], int(days[i])) for i in range(n)]
    made = overridden(poisson(rates), ours)
    assert (made.sum_quantiles >= 0).all()
    assert (np.diff(made.sum_mean, axis=1) >= -1e-9).all()
    assert (np.diff(made.sum_quantiles, axis=2) >= -1e-9).all()
    assert (np.diff(made.sum_quantiles, axis=1) >= -1e-9).all()


@pytest.mark.parametrize("override", [Override(0, UNITS, 12.0, 10), Override(0, PERCENT, -60.0, 90)])
def test_the_ledger_names_what_the_override_changed_and_still_sums(override: Override) -> None:
    model = poisson(5.0)
    made = overridden(model, [override])
    found = plan(Stock(on_hand=20), made, Policy(), today=date(2026, 11, 25), model=model)[0]
    lines = {line.code: line.units for line in found.ledger}
    assert lines["demand"] == round(model.mean_of_sum(21)[0])
    assert lines["override"] == round(made.mean_of_sum(21)[0]) - lines["demand"] != 0
    assert sum(lines.values()) == found.quantity
