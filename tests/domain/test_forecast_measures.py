"""Measures of forecasts that a merchant would notice twice too large or half: their ranges, and what is believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from app.domain import laws
from app.domain.demand import Panel
from app.domain.forecasts import (
    GRID_DAYS,
    GRID_Q,
    automatic,
    calibrated,
    engines,
    forecast,
    learned,
    own_spread,
)
from app.domain.forecasts.conformal import widening
from app.domain.forecasts.season import Season, factor
from app.domain.forecasts.shop import Shop, by_level
from app.domain.forecasts.weekday import weekday_factors
from app.domain.forecasts.windows import Windows
from tests.domain.shops import DAY, shop

MONDAY = date(2026, 3, 2)
HIGH = int(np.searchsorted(GRID_Q, 0.9))
MIDDLE = int(np.searchsorted(GRID_Q, 0.5))


def quiet(n: int, days: int) -> Panel:
    """A shop of that size; its sales do not matter."""
    return Panel(np.arange(n), DAY, np.ones((n, days)), np.zeros(n, dtype=np.int64))


def reach(table: np.ndarray) -> np.ndarray:
    """How far the 90 % quantile lies above the median."""
    return table[..., HIGH] - table[..., MIDDLE]


# --- which engine is believed ---------------------------------------------------------------------------


@pytest.mark.parametrize(("more", "share"), [(0.2, 0.9), (0.29, 0.0)])
def test_of_sixty_sums_an_engine_must_lose_a_quarter_more_to_be_left_where_it_is_better_in_other_shops(
    more: float, share: float
) -> None:
    losses = np.ones((len(automatic.SHARES), 1))
    losses[1:] += more  # with the learned engine
    prior = (0.9, 0.0)
    assert automatic._shrunk_choice(losses, np.zeros(1), 60, prior)[0] == share
    assert automatic._shrunk_choice(losses, np.zeros(1), 100_000, prior)[0] == 0.0


@pytest.mark.parametrize(
    ("n", "days", "share"),
    [
        (1, 100_000, 0.6),  # a small shop with a long past: six tenths to the learned engine
        (1, 60, 0.3),  # with sixty days half of that
        (150, 100_000, 0.75),  # half small
        (100_000, 100_000, 0.9),
        # In the second year the averages do not know the season yet: an eighth of their share at its end.
        (100_000, 728, 0.9875),
        (100_000, 756, 0.9),
    ],
)
def test_the_learned_engines_share_before_anything_was_tried(n: int, days: int, share: float) -> None:
    assert automatic._prior(n, days)[0] == pytest.approx(share, abs=0.005)


def test_a_variants_own_ups_and_downs_count_in_shops_of_up_to_fifteen_hundred() -> None:
    assert automatic._prior(150, 400)[1] == pytest.approx(0.5)
    assert automatic._prior(1500, 400)[1] > 0 == automatic._prior(1501, 400)[1]


def test_what_was_chosen_serves_two_weeks() -> None:
    choice = automatic.Choice(0.0, 0.0, 0.05, None, 0.0, 100)
    assert automatic.still_fits(choice, quiet(1, 114))
    assert not automatic.still_fits(choice, quiet(1, 115))


# --- how wide a range is --------------------------------------------------------------------------------


def test_a_small_shops_ranges_are_wider_and_so_are_those_of_one_month_seen() -> None:
    assert [widening(quiet(n, 400)) for n in (2, 8, 56)] == pytest.approx([2, 1.5, 1.1])
    assert widening(quiet(56, 56), 28) == pytest.approx(1.1 + 0.3)
    assert widening(quiet(56, 28 * 10), 28) == pytest.approx(1.1 + 0.3 / 27)


def test_a_products_first_weeks_have_a_wider_range(
    market: Panel, choice: automatic.Choice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fifth of the range of those that are known for long, fading over 45 days."""
    starts = np.array([111, 75, *market.starts[2:]])  # nine days old, and 45
    young = replace(market, units=np.where(np.arange(120) >= starts[:, None], market.units, 0), starts=starts)
    assert choice.learned is not None
    made = reach(learned.predict(choice.learned, young, np.arange(2)))
    monkeypatch.setattr(learned, "YOUNG_EXTRA", 0.0)
    alike = reach(learned.predict(choice.learned, young, np.arange(2)))
    more = 1 + 0.2 * (1 - 9 / 45) / choice.learned.widen
    seen = alike[0] > 0
    assert seen.sum() > 5 and made[0, seen] == pytest.approx(alike[0, seen] * more)
    assert made[1] == pytest.approx(alike[1])


@pytest.mark.parametrize(("n", "more"), [(1, 1.3), (11, 1.1)])
def test_few_products_widen_the_ranges_that_come_from_their_own_days(
    n: int, more: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = shop(n, 120, rate=(4, 4))
    made = reach(own_spread.own_spread(panel, np.arange(n)))
    monkeypatch.setattr(own_spread, "FEW_VARIANTS", 0.0)
    assert made == pytest.approx(reach(own_spread.own_spread(panel, np.arange(n))) * more, rel=1e-6)


def test_at_eight_selling_days_a_products_own_spread_weighs_as_much_as_the_shops() -> None:
    units = np.zeros((2, 100))
    units[:, 2:] = np.arange(98) % 3
    units[0, :-40] = 0
    units[0, -40:] = np.where(np.arange(40) % 5 == 0, 9.0, 0.0)  # eight sales
    windows, row, cut = (
        Windows.of(Panel(np.arange(2), DAY, units, np.array([60, 0]))),
        np.array([0]),
        np.array([100]),
    )
    own = own_spread._raw_index(windows, row, cut)[0]
    assert own == pytest.approx(9 * 0.8)  # variance ÷ mean of nine units on one day in five
    assert own_spread._index(windows, row, cut, 0.8) == pytest.approx(np.sqrt(own * 0.8))


def test_a_products_spread_is_read_from_half_a_year() -> None:
    rows, last = np.arange(3), np.full(3, 400)
    units = np.full((3, 400), 4.0)
    units[1, 400 - 183] = units[2, 400 - 182] = 90
    windows = Windows.of(Panel(rows, DAY, units, np.zeros(3, dtype=np.int64)))
    calm, forgotten, wild = own_spread._raw_index(windows, rows, last)[0]
    assert calm == forgotten < 0.001 and wild > 5


def test_where_no_window_of_the_past_can_be_looked_at_a_range_is_a_laws_and_a_little_more() -> None:
    """A tenth more than normal on the scale of roots; of one product's short past, half its variance more, and a
    level of which a third is not known."""
    panel = shop(2, 20, rate=(4, 4))
    windows, shared = Windows.of(panel), Shop.of(panel, 0.05)
    found = own_spread._law(panel, windows, shared, {0.05: 1.0}, 1.0, 28, None)
    assert found.z == pytest.approx(1.1 * own_spread.SCORES)
    variance, mean = panel.units[:1].var() * 14, 60.0
    table = calibrated._law(panel, np.zeros(1, int), np.full((1, 1), mean), np.array([14]))
    wanted = laws.quantile(mean, 1.5 * max(variance, mean) + 0.1 * mean**2, GRID_Q)
    assert table[0, 0].tolist() == wanted.tolist()


def test_an_averages_range_is_read_from_eight_weeks() -> None:
    units = np.full((2, 100), 4.0)
    units[0, 100 - 57] = units[1, 100 - 56] = 90
    made = forecast(Panel(np.arange(2), DAY, units, np.zeros(2, dtype=np.int64)), engine="average_28")
    assert made.mean_of_sum(28).tolist() == [112, 112]
    assert (reach(made.sum_quantiles)[:, -1] > 1).tolist() == [False, True]


def test_no_day_of_a_sum_is_above_five_times_a_products_largest_so_far() -> None:
    units = np.array([[1.0, 6, 0, 2]])
    endless = np.full((1, len(GRID_DAYS), len(GRID_Q)), 1e9)
    made = engines._with_mean(
        endless, Panel(np.zeros(1), DAY, units, np.zeros(1, dtype=np.int64)), np.zeros(1, int)
    )
    assert made.quantiles[0, :, 0].tolist() == (30.0 * np.maximum(GRID_DAYS, 7)).tolist()


# --- what is shared -------------------------------------------------------------------------------------


def test_thirty_units_weigh_as_much_as_the_shops_week() -> None:
    """Of the last 26 weeks: what a product sold before them on other days says nothing."""
    days = 7 * 30
    units = np.zeros((2, days))
    units[0] = np.tile([10.0, 10, 10, 10, 10, 10, 10], 30)
    units[1, 7 * 10 :: 7] = 1.5  # Mondays: 30 units in the last twenty weeks
    units[1, 6 : 7 * 4 : 7] = 500  # Sundays more than 26 weeks ago
    week = weekday_factors(units, np.zeros(2, dtype=np.int64), MONDAY)
    shops = units[:, 7 * 4 :].reshape(2, -1, 7).sum(axis=(0, 1))
    assert week[1] == pytest.approx(0.5 * shops / shops.mean() + 0.5 * np.array([7.0, 0, 0, 0, 0, 0, 0]))


def test_a_season_changes_demand_eightfold_at_most() -> None:
    """A year ago somebody bought a hundred times as much for a month: a launch, not a season."""
    units = np.ones((1, 800))
    units[0, 800 - 364 : 800 - 364 + 28] = 100
    panel = Panel(np.zeros(1), DAY, units, np.zeros(1, dtype=np.int64))
    windows, shared = Windows.of(panel), replace(Shop.of(panel, 0.05, Season()), weekday=np.ones(7))
    at = np.zeros(1, int), np.array([800]), np.array([28])
    up = factor(Season(1.0, 50.0), windows, windows, by_level(shared), *at)
    assert up == pytest.approx([8])
