"""The yearly season: taken where years agree, left where they do not, and blind to the future."""

import json
from dataclasses import replace

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.forecasts import automatic, forecast, learned
from app.domain.forecasts.features import features
from app.domain.forecasts.season import FROM_DAYS, Season
from app.domain.forecasts.shop import Shop, expected
from app.domain.forecasts.windows import Windows
from tests.domain.shops import DAY

DAYS = 3 * 365
FEW = np.arange(6)


def market(amplitude: float, days: int = DAYS, n: int = 6) -> Panel:
    """Items that sell 20 a day, more or less by the season."""
    season = 1 + amplitude * np.sin(2 * np.pi * np.arange(days) / 365.25)
    units = np.random.default_rng(5).poisson(20 * season, (n, days)) * 1.0
    return Panel(np.arange(n), DAY, units, np.zeros(n, dtype=np.int64))


def sums_of(panel: Panel, shop: Shop, length: int = 28) -> np.ndarray:
    n = len(panel)
    return expected(Windows.of(panel), shop, np.arange(n), np.full(n, panel.days), np.full(n, length))


def test_a_season_that_years_agree_on_is_followed() -> None:
    panel = market(0.5)
    shop = Shop.of(panel, 0.05)
    assert shop.season.strength >= 0.75
    truth = 20 * (1 + 0.5 * np.sin(2 * np.pi * (DAYS + np.arange(90)) / 365.25)).sum()
    assert sums_of(panel, shop, 90) == pytest.approx(truth, rel=0.1)
    level = sums_of(panel, Shop.of(panel, 0.05, Season()), 90)
    assert abs(level / truth - 1).min() > 0.2
    made = forecast(panel, engine="own_spread")
    assert made.mean_of_sum(90) == pytest.approx(truth, rel=0.1)


def test_without_a_season_or_two_years_nothing_is_multiplied() -> None:
    for panel in (market(0.0), market(0.5, FROM_DAYS - 1)):
        shop = Shop.of(panel, 0.05)
        assert shop.season.strength <= 0.25
        assert sums_of(panel, shop) == pytest.approx(28 * 20, rel=0.25)
    assert Shop.of(market(0.5, FROM_DAYS - 1), 0.05).whole is None


def test_items_with_seasons_of_their_own_keep_them_and_new_ones_take_the_shops() -> None:
    first = market(0.5)
    late = first.units.copy()
    late[0] = np.roll(late[0], 182)
    starts = np.array([0, 0, 0, 0, 0, DAYS - 90])
    late[5, : starts[5]] = 0
    panel = Panel(first.keys, DAY, late, starts)
    shop = Shop.of(panel, 0.05)
    ratio = sums_of(panel, shop) / sums_of(panel, Shop.of(panel, 0.05, Season()))
    assert ratio[0] < 1 < ratio[1]
    assert ratio[5] == pytest.approx(ratio[1:5].mean(), rel=0.15)


def test_what_comes_after_a_cut_changes_nothing_before_it() -> None:
    panel, cut = market(0.5), 900
    later = panel.units.copy()
    later[:, cut:] = 7000
    season = Season(1.0, 500.0)

    def seen(units: np.ndarray) -> np.ndarray:
        one = Panel(panel.keys, DAY, units, panel.starts)
        shop = Shop.of(one, 0.05, season)
        shop = replace(shop, weekday=np.ones(7))
        at, span = np.full(6, cut), np.array([1, 7, 28, 60, 90, 180])
        return features(Windows.of(one), shop, None, FEW, at, span)[1]

    assert (seen(panel.units) == seen(later)).all()


def test_a_shop_that_only_began_to_sell_has_no_season() -> None:
    units = np.zeros((6, DAYS))
    units[:, -20:] = 3
    panel = Panel(FEW, DAY, units, np.full(6, DAYS - 20))
    assert Shop.of(panel, 0.05).season == Season()
    assert sums_of(panel, Shop.of(panel, 0.05, Season(1.0, 50.0))) == pytest.approx(28 * 3, rel=0.2)


def test_a_model_serves_with_the_season_that_it_was_trained_with() -> None:
    panel = market(0.5, FROM_DAYS, n=2)
    model = learned.learn(panel, 0.05, max_rows=600)
    assert model.season == Shop.of(panel, 0.05).season
    choice = automatic.Choice(0.5, 1.0, 0.05, model, 0.1, panel.days)
    again = automatic.Choice.from_json(choice.to_json())
    assert again == choice
    assert json.loads(choice.to_json())["learned"]["season"]["strength"] == model.season.strength
    more = market(0.5, FROM_DAYS + 7, n=2)
    assert np.isfinite(learned.predict(again.learned, more, FEW[:2])).all()
