"""The plan and its dates at their edges, worked out by hand: Poisson 5 a day, whose median is 5 a day too."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from app.domain.replenishment import Policy, Receipt, Stock, plan
from app.domain.replenishment.planning import quantity
from app.domain.replenishment.projection import NEVER, arrivals, first_empty_day, lost_sales, stock_gap
from app.domain.replenishment.settling import Reviewed
from tests.domain.golden import Poisson, known_forecasts

TODAY = date(2026, 3, 2)
FIVE = known_forecasts(5.0, n=3)
POLICY = Policy(14, 0, 7, 0.95)


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


def test_a_ledger_with_every_line() -> None:
    stock = Stock([30, 150, 30], committed=4, incoming=10, backorders=2)
    policy = replace(
        POLICY, moq=[100, 100, 0], case_size=[8, 8, 7], min_stock=130, max_stock=[np.nan, np.nan, 130]
    )
    # A week ago it was 128: 14 of the 21 days that it was for are still to come.
    before = Reviewed(128.0, 7.0)
    made = plan(stock, FIVE, policy, today=TODAY, model=known_forecasts(4.0, n=3), before=before)
    same = {"demand": 84, "override": 21, "safety": 17, "settling": 4, "minimum": 4, "on_hand": -30, "committed": 4,
            "backorders": 2, "incoming": -10}  # fmt: skip
    lines = [{line.code: line.units for line in made[i].ledger} for i in range(3)]
    assert lines[0] == same | {"moq": 4, "case": 4}
    assert lines[1] == same | {"on_hand": -150, "enough": 24}
    assert lines[2] == same | {"case": 2, "maximum": -7}
    assert made.quantity.tolist() == quantity(stock, FIVE, policy, np.full(3, 4.0)).tolist() == [104, 0, 91]
    assert made.target_stock.tolist() == [130] * 3
    assert made.safety_stock.tolist() == [17] * 3


def test_days_of_cover() -> None:
    units = [-1, 0, 1, 100, 101, 900, 901, 1000]
    made = plan(Stock(units), known_forecasts(5.0, n=8), POLICY, today=TODAY)
    assert made.days_of_cover == pytest.approx([0, 0, 0, 19, 20, 179, 180.2, 200])


def test_days_of_cover_of_slow_and_ending_demand() -> None:
    slow = known_forecasts(0.5, n=2)
    assert plan(Stock([1, 100]), slow, POLICY, today=TODAY).days_of_cover == pytest.approx([1, 200])
    # 2 until day 60, then 10 until day 120, and nothing after that.
    sums = np.where(FIVE.grid_days <= 60, 2.0, np.where(FIVE.grid_days == 90, 6.0, 10.0))
    ending = replace(FIVE, sum_mean=np.repeat(sums[None], 3, axis=0))
    made = plan(Stock([5, 10, 11]), ending, POLICY, today=TODAY)
    assert made.days_of_cover == pytest.approx([82, 120, np.inf], abs=1.5)


def test_a_minimum_order_is_a_line_only_where_something_is_needed() -> None:
    made = plan(Stock([122, 121]), known_forecasts(5.0, n=2), replace(POLICY, moq=9), today=TODAY)
    lines = [{line.code: line.units for line in made[i].ledger} for i in range(2)]
    assert "moq" not in lines[0] and "case" not in lines[0]
    assert (lines[1]["moq"], made.quantity.tolist()) == (8, [0, 9])


def test_urgency_at_its_limits() -> None:
    assert Poisson(70).ppf(0.95) == 84 and Poisson(105).ppf(0.95) == 122
    units = [83, 84, 121, 122, 141, 145, 146]
    made = plan(Stock(units), known_forecasts(5.0, n=7), POLICY, today=TODAY)
    assert made.urgency.tolist() == ["now", "soon", "soon", "later", "later", "later", "none"]
    cut = plan(Stock([20, 20, 20]), FIVE, replace(POLICY, max_stock=[10, 21, np.nan]), today=TODAY)
    assert cut.quantity.tolist() == [0, 1, 102]
    assert cut.urgency.tolist() == ["later", "now", "now"]


def test_the_safety_line_says_the_level_in_percent() -> None:
    made = plan(Stock(0), FIVE, replace(POLICY, service_level=0.97531), today=TODAY)
    assert made.ledger_details[0]["safety"] == {"percent": 97.53}


def test_overstock_looks_from_the_next_order_on() -> None:
    short = plan(Stock(500, unit_cost=2), FIVE, replace(POLICY, overstock_days=69), today=TODAY)[0]
    assert (short.overstock_units, short.overstock_value) == (500 - Poisson(450).ppf(0.95), 30)
    longest = plan(Stock(960), FIVE, replace(POLICY, overstock_days=180), today=TODAY)[0]
    assert longest.overstock_units == 960 - Poisson(900).ppf(0.95)


def test_what_is_undated_arrives_after_one_lead_time() -> None:
    policy = replace(POLICY, lead_time_days=4.5)
    made = plan(Stock([19, 24, 29], incoming=30), FIVE, policy, today=TODAY)
    assert made.stock_out_p50.tolist() == [in_days(4), in_days(11), in_days(12)]
    assert made.stock_gap.tolist() == [True, False, False]
    part = [Receipt(0, 3, 10), Receipt(0, 3, 10), Receipt(1, 9, 40)]
    dated = plan(Stock([19, 24, 24], incoming=30, receipts=part), FIVE, policy, today=TODAY)
    # 20 of the first on day 3, its other 10 on day 5; the second's 40 are more than it has on its way.
    assert dated.stock_out_p50.tolist() == [in_days(10), in_days(5), in_days(11)]


def test_the_last_day_to_order_is_a_lead_time_before_the_early_stock_out() -> None:
    made = plan(
        Stock([70, 5000, 0]), FIVE, replace(POLICY, lead_time_days=2.5, service_level=0.5), today=TODAY
    )
    assert made.stock_out_p50[0] == in_days(14)
    assert made.order_by.tolist() == [in_days(11), None, in_days(-3)]


def test_arrivals_count_from_the_day_they_land() -> None:
    landed = arrivals(
        2, 6, np.array([0.0, 4]), np.array([0.0, 2.5]), [Receipt(0, 0, 1), Receipt(0, 6, 2), Receipt(0, 7, 9)]
    )
    assert landed.tolist() == [[1, 1, 1, 1, 1, 3], [0, 0, 4, 4, 4, 4]]
    late = arrivals(1, 6, np.array([4.0]), np.array([90.0]), [])
    assert late.tolist() == [[0, 0, 0, 0, 0, 4]]
    soon = arrivals(1, 6, np.array([4.0]), np.array([0.0]), [])
    assert soon.tolist() == [[4] * 6]


def test_the_first_empty_day() -> None:
    demand = np.array([[0, 0, 2, 4, 6.0]] * 4)
    available, arrived = np.array([2, 3, 0, 7.0]), np.zeros((4, 5))
    assert first_empty_day(available, arrived, demand).tolist() == [3, 4, 0, NEVER]
    nothing = np.zeros((1, 5))
    assert first_empty_day(np.zeros(1), nothing, nothing).tolist() == [NEVER]
    little = np.array([[0.5, 1, 1.5]])
    assert first_empty_day(np.array([0.5]), nothing[:, :3], little).tolist() == [1]
    assert first_empty_day(np.array([1.0]), nothing[:, :3], little).tolist() == [2]
    for few in ([[0.2, 0.4, 0.6]], [[0, 0, 2.0]]):
        assert first_empty_day(np.zeros(1), nothing[:, :3], np.array(few)).tolist() == [0]
    # What is owed is covered by what lands tomorrow, yet the shelf is empty today.
    assert first_empty_day(np.array([-1.0]), nothing + 9, demand[:1]).tolist() == [0]


def test_a_gap_is_an_arrival_after_the_stock_out() -> None:
    arrived = np.array([[0, 0, 5, 5.0]] * 5)
    assert stock_gap(np.array([1, 2, 3, 4, NEVER]), arrived).tolist() == [True, True, False, False, False]
    assert stock_gap(np.array([0]), arrived[:1]).tolist() == [True]
    soon, late = np.array([[0, 5, 5.0]]), np.array([[0, 0, 0, 5.0]])
    assert stock_gap(np.array([1]), soon).tolist() == stock_gap(np.array([1]), late).tolist() == [True]
    assert stock_gap(np.array([4]), late).tolist() == [False]


def test_lost_sales_day_by_day() -> None:
    lost, left = lost_sales(5, np.array([3, 4, 1, 2.0]), {2: 1, 4: 3})
    assert lost.tolist() == [0, 1, 1, 0] and left == 1
