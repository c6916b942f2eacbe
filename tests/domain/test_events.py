"""Days that are not like others: taken out, measured, found in the sales, and put onto coming forecasts."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.demand.closures import closed_runs, closed_weekdays
from app.domain.demand.events import Effect, Event, without_events
from app.domain.forecasts.lifts import Lift, lifted
from tests.domain.golden import known_forecasts
from tests.domain.test_replenishment import refused

MONDAY = date(2026, 3, 2)
WEEK = np.array([1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 5.0])  # Monday … Sunday


def shop(days: int = 140, scale: tuple[float, ...] = (2.0, 10.0)) -> Panel:
    units = np.array(scale)[:, None] * np.tile(WEEK, days // 7 + 1)[:days]
    return Panel(np.arange(len(scale)), MONDAY, units, np.zeros(len(scale), dtype=np.int64))


def test_an_event_is_replaced_by_its_weekdays_usual_demand_and_measured() -> None:
    plain = shop()
    units = plain.units.copy()
    units[:, 74:77] *= 3.0  # Friday to Sunday of one week
    event = Event(np.array([True, True]), 74, 76)
    usual, (effect,) = without_events(replace(plain, units=units), [event])
    assert np.allclose(usual.units, plain.units)
    assert (effect.products, effect.sold, effect.usual) == (2, pytest.approx(360), pytest.approx(120))
    assert effect.lift == pytest.approx(365 / 125 - 1)


def test_only_its_own_products_are_touched() -> None:
    plain = shop()
    usual, (effect,) = without_events(plain, [Event(np.array([False, True]), 70, 76)])
    assert np.array_equal(usual.units[0], plain.units[0])
    assert effect.products == 1
    assert effect.lift == pytest.approx(0, abs=1e-9)


def test_other_events_around_are_no_example_of_usual_demand() -> None:
    plain = shop()
    units = plain.units.copy()
    units[:, 60:74] *= 9.0
    both = [Event(np.ones(2, bool), 60, 73), Event(np.ones(2, bool), 74, 76)]
    usual, effects = without_events(replace(plain, units=units), both)
    assert np.allclose(usual.units, plain.units)
    assert effects[1].lift == pytest.approx(0, abs=1e-9)


def test_where_too_little_is_known_sales_stand_as_they_are() -> None:
    plain = shop(days=12)
    event = Event(np.ones(2, bool), 3, 9)  # five days remain around it
    usual, (effect,) = without_events(plain, [event])
    assert np.array_equal(usual.units, plain.units)
    assert (effect.products, effect.sold, effect.usual) == (0, 0, 0)
    young = replace(shop(), starts=np.array([0, 100]))
    young.units[1, :100] = 0
    usual, (effect,) = without_events(young, [Event(np.ones(2, bool), 70, 76)])
    assert effect.products == 1
    assert usual.units[1, :100].sum() == 0


def test_what_lies_outside_the_calendar_is_ignored() -> None:
    plain = shop()
    events = [
        Event(np.ones(2, bool), -9, -3),
        Event(np.ones(2, bool), 150, 155),
        Event(np.ones(2, bool), 139, 160),
    ]
    usual, effects = without_events(plain, events)
    assert np.allclose(usual.units, plain.units)
    assert [one.products for one in effects] == [0, 0, 2]
    nothing = replace(plain, units=np.zeros_like(plain.units))
    assert without_events(nothing, events[2:])[0].units.sum() == 0


def test_a_lift_from_little_is_pulled_towards_none() -> None:
    assert Effect(1, 3.0, 1.0).lift == pytest.approx(1 / 3)
    assert Effect(1, 3000.0, 1000.0).lift == pytest.approx(2, rel=0.01)


def test_replaced_days_keep_the_ups_and_downs_of_usual_ones() -> None:
    units = np.random.default_rng(3).poisson(20, (40, 200)).astype(float)
    panel = Panel(np.arange(40), MONDAY, units, np.zeros(40, dtype=np.int64))
    usual, _ = without_events(panel, [Event(np.ones(40, bool), 100, 113)])
    assert usual.units[:, 100:114].std() == pytest.approx(units.std(), rel=0.1)
    assert usual.units[:, 100:114].mean() == pytest.approx(20, rel=0.05)
    assert np.array_equal(usual.units[:, 100:107], units[:, 93:100])
    assert np.array_equal(usual.units[:, 107:114], units[:, 114:121])


def test_a_weekday_that_was_always_an_event_takes_the_mean_of_the_others() -> None:
    plain = shop(scale=(2.0,))
    sundays = [Event(np.array([True]), day, day) for day in range(6, 140, 7)]
    usual, _ = without_events(plain, sundays)
    assert np.allclose(usual.units[0, 6::7], 2 * 9 / 6)


def test_weekdays_that_never_sell_are_found() -> None:
    plain = shop(days=98)
    plain.units[:, 6::7] = 0  # Sundays
    assert closed_weekdays(plain).tolist() == [False] * 6 + [True]
    assert not closed_weekdays(shop(days=98)).any()
    assert not closed_weekdays(plain.until(date(2026, 4, 5))).any(), "five Sundays are no evidence"
    slow = Panel(np.arange(1), MONDAY, np.zeros((1, 98)), np.zeros(1, np.int64))
    assert not closed_weekdays(slow).any()
    slow.units[0, [3, 30]] = 1
    assert not closed_weekdays(slow).any(), "fourteen still Sundays are chance where little sells"


def test_runs_without_any_sale_are_found_but_for_days_that_are_always_closed() -> None:
    many = tuple(range(1, 31))
    plain = shop(days=126, scale=many)
    plain.units[:, 6::7] = 0
    plain.units[:, 60:65] = 0  # Friday to Tuesday, over a Sunday
    plain.units[:, 80] = 0
    first, last = closed_runs(plain, closed_weekdays(plain))
    assert list(zip(first.tolist(), last.tolist(), strict=True)) == [(60, 64), (80, 80)]
    open_all_days = shop(days=126, scale=many)
    assert [len(one) for one in closed_runs(open_all_days, closed_weekdays(open_all_days))] == [0, 0]


def test_a_lift_raises_its_days_and_what_sums_over_them() -> None:
    made = known_forecasts(5.0, n=3)
    after = lifted(made, [Lift(np.array([True, False, False]), 3, 7, 1.4)])
    assert np.array_equal(after.sum_mean[1:], made.sum_mean[1:])
    gained = after.sum_mean[0] - made.sum_mean[0]
    assert gained[made.grid_days == 2] == pytest.approx(0)
    assert gained[made.grid_days == 5] == pytest.approx(3 * 2)
    assert gained[made.grid_days >= 7] == pytest.approx(5 * 2)
    assert after.daily_mean[0, 1:8].tolist() == pytest.approx([5, 7, 7, 7, 7, 7, 5])
    before, now = (one.quantile_of_sum(14, 0.95)[0] for one in (made, after))
    assert now == pytest.approx(before * 80 / 70)


def test_a_closure_sells_nothing_and_lifts_on_one_day_multiply() -> None:
    made = known_forecasts(5.0)
    every = np.array([True])
    shut = lifted(made, [Lift(every, -3, 7, 0.0)])
    assert shut.mean_of_sum(7)[0] == 0
    assert shut.mean_of_sum(14)[0] == pytest.approx(35)
    assert (np.diff(shut.sum_quantiles[0], axis=0) >= 0).all()
    twice = lifted(made, [Lift(every, 1, 10, 2.0), Lift(every, 1, 10, 1.5)])
    assert twice.mean_of_sum(10)[0] == pytest.approx(150)
    late = lifted(made, [Lift(every, 170, 400, 2.0)])
    assert late.mean_of_sum(180)[0] == pytest.approx(900 + 11 * 5)


def test_nothing_to_lift_changes_nothing_and_refused_stay_refused() -> None:
    made = known_forecasts(5.0)
    assert lifted(made, []) is made
    assert lifted(made, [Lift(np.array([False]), 1, 7, 2.0)]) is made
    assert lifted(refused(made), [Lift(np.array([True]), 1, 7, 2.0)]).refused.all()
