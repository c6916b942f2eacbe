"""Products just launched are measured by what earlier launches of the shop sold, until their own sales tell."""

from dataclasses import replace

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.forecasts import forecast
from app.domain.forecasts.features import OLD_DAYS, Shop, base_rate
from app.domain.forecasts.newcomers import Newcomers
from app.domain.forecasts.windows import Windows
from tests.domain.shops import DAY

DAYS = 120


def launched(n: int = 60, *, price: np.ndarray | None = None) -> Panel:
    """Each variant sells 2 units on its first day and 1 on every fourth day after it."""
    starts = 10 + np.arange(n)
    age = np.arange(DAYS) - starts[:, None]
    units = np.where(age == 0, 2.0, np.where((age > 0) & (age % 4 == 0), 1.0, 0.0))
    return Panel(np.arange(n), DAY, units, starts, price=price)


def test_launches_are_measured_without_their_first_day() -> None:
    found = Newcomers.of(launched())
    assert found is not None
    assert found.rate(None, 3) == pytest.approx(np.full(3, 0.25), rel=0.02)


def test_too_few_launches_tell_nothing() -> None:
    assert Newcomers.of(launched(7)) is None
    old = replace(launched(), starts=np.zeros(60, dtype=np.int64))
    assert Newcomers.of(old) is None


def test_launches_at_a_like_price_count_most() -> None:
    dear = np.arange(60) % 2 == 1
    panel = launched(price=np.where(dear, 90.0, 9.0))
    units = panel.units * np.where(dear, 1.0, 8.0)[:, None]
    found = Newcomers.of(replace(panel, units=units))
    assert found is not None
    cheap, expensive, unknown = found.rate(np.array([9.0, 90.0, np.nan]), 3)
    assert cheap > 3 * expensive
    assert expensive < unknown < cheap


def test_the_launches_fade_as_own_sales_come_in() -> None:
    panel = launched()
    busy = replace(panel, units=panel.units.copy())
    busy.units[59] = np.where(np.arange(DAYS) >= 69, 10.0, 0.0)
    windows, shop = Windows.of(busy), Shop.of(panel, 0.05)
    cuts = 69 + np.array([1, 3, 14, OLD_DAYS, 50])
    rate = base_rate(windows, shop, np.full(5, 59), cuts)
    assert rate[0] == pytest.approx(0.25, rel=0.02)
    assert (np.diff(rate) >= -1e-9).all()
    assert rate[3:] == pytest.approx([10, 10], rel=1e-6)


def test_a_product_of_three_days_is_forecast_near_its_like_and_marked() -> None:
    panel = launched().until_column(73)  # the newest began three days ago
    for engine in ("calibrated_average", "auto"):
        made = forecast(panel, engine=engine, refuse_below_days=1)
        newest = int(np.argmax(panel.starts))
        assert made.mean_of_sum(28)[newest] < 14
        assert made.confidence[newest] == "low"
