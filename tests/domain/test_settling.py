"""Targets that come down step by step: by hand, and what must hold for all of them."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from app.domain.forecasts.result import Forecasts
from app.domain.replenishment import Policy, Stock, plan
from app.domain.replenishment.minimum_order import resolve
from app.domain.replenishment.settling import MOST_FORESEEN, Reviewed, Reviews, foreseen, settle
from tests.domain.golden import known_forecasts

TODAY = date(2026, 3, 2)
LEAD, REVIEW = 14.0, 7.0
NAN = float("nan")


def at(reviews: Reviews, day: float, target: np.ndarray, forecasts: Forecasts) -> np.ndarray:
    """What is to be ordered up to on that day; goods of a holiday that is over come down at once."""
    before = reviews.before(day, forecasts.out_of_season)
    return reviews.settled(day, target, forecasts, before)


def kept(target: float, before: float, days: float = 7.0, to_come: float = 1.0) -> float:
    """Units kept above a target of one variant, before rounding."""
    settled = settle(np.array([target]), Reviewed(before, days, to_come), LEAD, REVIEW)
    assert settled.reached[0] == pytest.approx(target + settled.units[0], nan_ok=True)
    return float(settled.units[0])


@pytest.mark.parametrize(
    ("target", "before", "days", "to_come", "units"),
    [
        (30, 60, 7, 1, 20),  # 14 of 21 days are still to come
        (30, 60, 0, 1, 30),  # planned twice on one day: the same
        (30, 60, 3, 1, 30 * 18 / 21),
        (30, 60, 21, 1, 0),
        (30, 60, 90, 1, 0),
        (60, 30, 7, 1, 0),  # it has risen
        (30, NAN, 7, 1, 0),
        (NAN, 60, 7, 1, 0),
        (30, 60, 7, 0.75, 10),  # half of it was foreseen: 45 × 2/3
        (30, 60, 7, 0.5, 0),
        (30, 60, 7, 1.2, 28),
        (30, 60, 3.5, 0.5, 15 * 17.5 / 21),  # half-way to the next review half of that has passed
        (30, 60, 14, 0.5, 0),
        (30, 60, 14, 1.2, 14),  # what is foreseen of the next review is all that is known
    ],
)
def test_what_is_kept(target: float, before: float, days: float, to_come: float, units: float) -> None:
    assert kept(target, before, days, to_come) == pytest.approx(units)


def test_without_lead_time_nothing_is_kept_to_the_next_review() -> None:
    assert settle(np.array([30.0]), Reviewed(60.0, 7.0), 0.0, 7.0).whole.tolist() == [0]


def test_whole_units_are_rounded_up_but_a_small_rest_is_let_go() -> None:
    target = np.zeros(5)
    settled = settle(target, Reviewed(np.array([0.0, 0.29, 0.31, 1.79, 1.81]), 7.0), LEAD, REVIEW)
    assert settled.whole.tolist() == [0, 0, 1, 1, 2]


def test_the_way_down_ends_where_nothing_sells() -> None:
    reviews, still = Reviews(np.full(1, LEAD), np.full(1, REVIEW)), known_forecasts(0.002)
    first = at(reviews, 0.0, np.array([100.0]), still)
    found = [float(at(reviews, 7.0 * k, np.zeros(1), still)[0]) for k in range(1, 20)]
    assert first.tolist() == [100] and found[:3] == [67, 45, 30]
    assert found == sorted(found, reverse=True) and found[-1] == 0


def test_what_was_higher_between_two_reviews_is_not_kept() -> None:
    """A night's peak is no review: what it is held against is the target of the last one."""
    reviews, five = Reviews(np.full(1, LEAD), np.full(1, REVIEW)), known_forecasts(5.0)
    targets = [(0, 50), (1, 90), (2, 50), (7, 40), (8, 20)]
    found = [float(at(reviews, day, np.array([float(units)]), five)[0]) for day, units in targets]
    assert found == [50, 90, 50, 47, np.ceil(20 + 20 / 21 * (40 + 10 * 2 / 3 - 20) - 0.2)]


def test_each_variant_has_its_own_reviews() -> None:
    reviews, five = Reviews(np.array([14.0, 14.0]), np.array([7.0, 14.0])), known_forecasts(5.0, n=2)
    at(reviews, 0.0, np.array([60.0, 60.0]), five)
    at(reviews, 7.0, np.array([60.0, 60.0]), five)
    assert reviews.day.tolist() == [7, 0]
    assert at(reviews, 14.0, np.zeros(2), five).tolist() == [40, 30]


def test_many_settings_side_by_side_are_each_as_if_alone() -> None:
    chance, five = np.random.default_rng(3), known_forecasts(5.0, n=20)
    days = np.full(20, LEAD), chance.integers(1, 30, 20).astype(float)
    targets = chance.integers(0, 99, (9, 20, 3)).astype(float)
    targets[2, 4] = NAN
    together, alone = Reviews(*days), [Reviews(*days) for _ in range(3)]
    for k, target in enumerate(targets):
        found = at(together, 5.0 * k, target, five)
        each = [at(one, 5.0 * k, target[:, j], five) for j, one in enumerate(alone)]
        assert np.array_equal(found, np.stack(each, axis=1))
        assert (found >= np.nan_to_num(target)).all() and (found == np.round(found)).all()


def test_goods_of_a_holiday_that_is_over_come_down_at_once() -> None:
    reviews, five = Reviews(np.full(2, LEAD), np.full(2, REVIEW)), known_forecasts(5.0, n=2)
    at(reviews, 0.0, np.full(2, 60.0), five)
    over = replace(five, reason=np.array(["learnt share=75", "learnt share=75 holiday=easter"], dtype=object))
    assert over.out_of_season.tolist() == [False, True]
    assert at(reviews, 7.0, np.full(2, 30.0), over).tolist() == [50, 30]


def test_more_then_or_now_is_never_less_to_order_up_to() -> None:
    chance = np.random.default_rng(5)
    target, before = chance.integers(0, 200, (2, 500)).astype(float)
    days, to_come = chance.integers(0, 30, 500).astype(float), chance.uniform(0.2, 1.5, 500)
    here = settle(target, Reviewed(before, days, to_come), LEAD, REVIEW).reached
    assert (settle(target + 1, Reviewed(before, days, to_come), LEAD, REVIEW).reached >= here).all()
    assert (settle(target, Reviewed(before + 1, days, to_come), LEAD, REVIEW).reached >= here).all()
    assert (settle(target, Reviewed(before, days, to_come), LEAD + 9, REVIEW).reached >= here).all()
    assert (here > target).mean() > 0.2


def test_what_a_forecast_foresees_of_the_next_review() -> None:
    lead, review = np.full(1, LEAD), np.full(1, REVIEW)
    five = known_forecasts(5.0)
    assert foreseen(five, lead, review) == pytest.approx(1)
    # 10 a day for 21 days, then 1: the next 21 days hold 14 of the first and 7 of the others.
    falling = replace(
        five, sum_mean=np.where(five.grid_days <= 21, 10.0 * five.grid_days, 189.0 + five.grid_days)[None]
    )
    assert foreseen(falling, lead, review) == pytest.approx(147 / 210)
    slow = replace(falling, sum_mean=falling.sum_mean / 1000)
    assert foreseen(slow, lead, review) == pytest.approx(147 / 210)
    rising = replace(five, sum_mean=(five.grid_days**3.0)[None])
    assert foreseen(rising, lead, review).tolist() == [MOST_FORESEEN]
    # Up to day 180 there are 10 days of the next 170 for which there is a forecast: their rate counts.
    late = replace(five, sum_mean=np.where(five.grid_days <= 90, 1.0 * five.grid_days, 90.0)[None])
    assert foreseen(late, np.full(1, 90.0), np.full(1, 80.0)) == pytest.approx((10 / 100) / (90 / 170))


def test_nothing_is_foreseen_where_nothing_is_expected_or_known() -> None:
    five = known_forecasts(5.0, n=2)
    none = replace(five, sum_mean=np.stack([five.sum_mean[0] * 0, five.sum_mean[1] * NAN]))
    assert foreseen(none, np.full(2, LEAD), np.full(2, REVIEW)).tolist() == [1, 1]
    at_the_end = foreseen(five, np.zeros(2), np.full(2, 180.0))
    assert at_the_end.tolist() == [1, 1]


def test_the_plan_says_from_where_and_since_when() -> None:
    """Five a day: the target is 122."""
    before = Reviewed(np.array([152.0, 122.0, NAN, 123.5]), np.array([7.0, 7.0, 0.0, 7.0]))
    made = plan(Stock(0, unit_cost=1), known_forecasts(5.0, n=4), Policy(), today=TODAY, before=before)
    assert made.target_stock.tolist() == made.quantity.tolist() == [142, 122, 122, 123]
    assert made.safety_stock.tolist() == [17] * 4
    lines = [{line.code: line for line in made[i].ledger} for i in range(4)]
    assert lines[0]["settling"].units == 20
    assert lines[0]["settling"].detail == {"was": 152, "on": "2026-02-23"}
    assert lines[3]["settling"].detail == {"was": 124, "on": "2026-02-23"}
    assert "settling" not in lines[1] and "settling" not in lines[2]


def test_a_minimum_order_is_held_against_the_target_as_it_comes_down() -> None:
    stock, five = Stock(100, unit_cost=4, price=9), known_forecasts(5.0)
    plain = resolve(stock, five, Policy(moq=60))
    higher = resolve(stock, five, Policy(moq=60), settling=20.0)
    assert higher.conflict.all() and (higher.cost_of_accepting < plain.cost_of_accepting).all()
    assert not resolve(stock, five, Policy(moq=60), settling=38.0).conflict.any()


def test_a_review_that_is_to_come_is_looked_at_as_of_its_day() -> None:
    """Levels are shared out for the next order: as of today, all that is kept would be spared elsewhere."""
    before = Reviewed(np.array([60.0, 50.0, NAN]), np.array([3.0, 9.0, 0.0]), np.array([1.0, 0.9, 1.0]))
    then = before.at_next(np.array([7.0, 7.0, 14.0]))
    assert np.ravel(then.days).tolist() == [7, 9, 14]
    kept = settle(np.full((3, 2), 30.0), then, LEAD, REVIEW).units
    assert kept == pytest.approx(np.array([[20, 20], [15 * 12 / 21] * 2, [0, 0]]))
    unknown = Reviewed().at_next(np.array([7.0]))
    assert settle(np.full((1, 2), 30.0), unknown, LEAD, REVIEW).whole.tolist() == [[0, 0]]
