"""Transfers that take days: they leave in time, carry what is wanted from their arrival on, and empty no source."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.replenishment import Policy
from app.domain.replenishment.locations import LocationPlan, PlaceStock, plan_locations
from app.domain.replenishment.transfers import Transfer, transfers
from tests.domain.golden import Poisson, known_forecasts

POLICY = Policy(lead_time_days=14, review_days=7, service_level=0.95)
HALF = np.array([[0.5, 0.5]])


def stock(
    available: list[float], incoming: tuple[float, ...] = (0, 0), arrival: tuple[float, ...] | None = None
) -> PlaceStock:
    have = np.array([available], dtype=float)
    coming = np.zeros_like(have) + incoming
    when = None if arrival is None else np.array([arrival])
    return PlaceStock(have, coming, np.zeros_like(have), np.ones_like(have, bool), when)


def planned(
    held: PlaceStock, daily: float, transit: object = 0.0
) -> tuple[LocationPlan, tuple[Transfer, ...]]:
    plan = plan_locations(held, HALF, known_forecasts(daily), POLICY, transit)
    return plan, transfers(held, plan)


def lines(move: Transfer) -> dict[str, int]:
    return {line.code: line.units for line in move.ledger}


def test_a_transfer_leaves_in_time_for_the_one_after_it() -> None:
    """Enough until the next review is not enough if what is sent then takes five days."""
    until_review = Poisson(2 * 7 * 0.5).ppf(np.array([0.95]))[0]
    held = stock([200, until_review])
    assert planned(held, 2.0)[1] == ()
    (move,) = planned(held, 2.0, 5)[1]
    assert move.units == Poisson(2 * 21 * 0.5).ppf(np.array([0.95]))[0] - until_review
    assert planned(held, 2.0, [5, 0])[1] == (), "days to the destination count, not those to the source"


def test_what_is_lost_until_it_arrives_is_not_sent() -> None:
    plan, (move,) = planned(stock([200, 1]), 4.0, [9, 5])
    whole = Poisson(4 * 21 * 0.5).ppf(np.array([0.95]))[0]
    # Ten are wanted in the five days, of which one is there.
    assert plan.missed.tolist() == [[0, 9]]
    assert plan.target[0, 1] == plan.goal[0, 1] == whole - 9
    assert move.units == whole - 9 - 1
    assert lines(move) == {"demand": 42, "safety": whole - 42, "missed": -9, "available": -1}


def test_what_its_own_order_brings_before_it_is_not_lost() -> None:
    known = stock([200, 1], incoming=(0, 5), arrival=(np.nan, 3))
    plan, _ = planned(known, 4.0, 5)
    assert plan.missed[0, 1] == 4
    unknown = replace(known, arrival=None)
    assert planned(unknown, 4.0, 5)[0].missed[0, 1] == 9, "it comes in one lead time"


def test_the_source_keeps_what_it_needs_until_its_own_next_receipt() -> None:
    soon, late = (stock([60, 0], incoming=(300, 0), arrival=(days, np.nan)) for days in (2, 20))
    (much,), (little,) = planned(soon, 4.0)[1], planned(late, 4.0)[1]
    assert much.units > little.units
    until = Poisson(4 * 20 * 0.5)
    plan, _ = planned(late, 4.0)
    kept = 60 - little.units
    # Both share the shelf at the same risk: the source until its receipt, the other until the next transfer.
    other = Poisson(4 * 7 * 0.5).cdf(np.array([little.units]))[0]
    assert until.cdf(np.array([kept]))[0] == pytest.approx(other, abs=0.06)
    rich = stock([80, 0], incoming=(300, 0), arrival=(20, np.nan))
    (move,) = planned(rich, 4.0)[1]
    assert 80 - move.units == until.ppf(np.array([0.95]))[0]
    assert plan.spare[0, 0] == little.units


def test_a_receipt_whose_day_is_not_known_comes_after_the_lead_time_and_may_be_late() -> None:
    unknown = stock([80, 0], incoming=(300, 0))
    dated = replace(unknown, arrival=np.array([[14.0, np.nan]]))
    assert planned(unknown, 4.0)[0].spare.tolist() == planned(dated, 4.0)[0].spare.tolist()
    shaky = replace(POLICY, lead_time_sd_days=4)
    plan = plan_locations(unknown, HALF, known_forecasts(4.0), shaky)
    assert plan.spare[0, 0] < planned(unknown, 4.0)[0].spare[0, 0]
    tomorrow = replace(unknown, arrival=np.array([[1.0, np.nan]]))
    steady, late = (
        plan_locations(tomorrow, HALF, known_forecasts(4.0), policy).spare[0, 0] for policy in (POLICY, shaky)
    )
    # Two a day, four days late and, once in twenty times, 1.64 times that: beside it the day's own ups count little.
    assert steady - late == pytest.approx(2 * 4 * 1.64 - 3, abs=1.5)


def until(daily: float, days: float) -> float:
    """What half of the store's demand over that many days needs."""
    return float(Poisson(daily * days * 0.5).ppf(np.array([0.95]))[0])


def test_what_arrives_on_the_transfers_own_day_is_there_and_what_is_owed_is_no_stock() -> None:
    assert stock([1, 1], incoming=(1, 0), arrival=(3, np.nan)).arrives_in(np.array([14.0])).tolist() == [
        [3, np.inf]
    ]
    same, later = (stock([200, 1], incoming=(0, 5), arrival=(np.nan, day)) for day in (5, 6))
    assert [planned(held, 4.0, 5)[0].missed[0, 1] for held in (same, later)] == [4, 9]
    assert planned(stock([200, -5]), 4.0, 5)[0].missed[0, 1] == 10


def test_at_once_is_what_is_needed_until_the_transfer_after_it_less_what_is_lost() -> None:
    assert planned(stock([4000, 3]), 40.0)[0].at_once[0, 1] == pytest.approx(until(40, 7) - 3, abs=1)
    plan, _ = planned(stock([200, 1]), 4.0, 7)
    assert plan.missed[0, 1] == 13
    fortnight = replace(POLICY, lead_time_days=7)  # and seven days of review, as review and transit here
    until_next = plan_locations(stock([200, 1]), HALF, known_forecasts(4.0), fortnight).needed[0, 1]
    assert plan.at_once[0, 1] == until_next - 13 - 1


def test_a_review_that_is_far_off_is_looked_forward_to_as_far_as_forecasts_reach() -> None:
    """A hundred and fifty days until the next review; with sixty on the way more than can be forecast."""
    seldom, daily = Policy(lead_time_days=14, review_days=150), known_forecasts(1.0)
    for more, is_lacking in ((-4, True), (4, False)):
        plan = plan_locations(stock([400, until(1, 150) + more]), HALF, daily, seldom)
        assert (plan.lack[0, 1] > 0) == is_lacking
    assert np.isfinite(plan_locations(stock([400, 0]), HALF, daily, seldom, 60).goal).all()


@settings(max_examples=settings.default.max_examples // 8)
@given(
    st.lists(st.integers(-5, 80), min_size=3, max_size=3),
    st.lists(st.integers(0, 60), min_size=3, max_size=3),
    st.lists(st.integers(0, 30), min_size=3, max_size=3),
    st.lists(st.floats(0, 30), min_size=3, max_size=3),
    st.sampled_from([0.05, 0.6, 4.0]),
)
def test_moves_add_up_whatever_the_days(
    have: list[int], coming: list[int], days: list[int], transit: list[float], daily: float
) -> None:
    held = PlaceStock(
        np.array([have], float),
        np.array([coming], float),
        np.zeros((1, 3)),
        np.ones((1, 3), bool),
        np.array([days], float),
    )
    share = np.array([[0.5, 0.3, 0.2]])
    plan = plan_locations(held, share, known_forecasts(daily), POLICY, transit)
    expected = daily * np.array(transit) * share
    assert (plan.missed >= 0).all() and (plan.missed <= expected + 1e-6).all()
    assert (plan.goal >= 0).all() and (plan.goal <= plan.target).all()
    assert plan.goal.sum() <= max(sum(have) + sum(coming), 0)
    for move in transfers(held, plan):
        assert sum(line.units for line in move.ledger) == move.units
        assert move.units <= held.available[0, move.source]
    out = np.zeros(3)
    for move in transfers(held, plan):
        out[move.source] += move.units
    assert (out <= plan.spare[0]).all()


def lost(assumed: float, *, takes: int, daily: float = 3.0, days: int = 84, n: int = 60) -> float:
    """Part of the demand that two locations lose if transfers are planned for `assumed` days and take `takes`."""
    random = np.random.default_rng(3)
    share, forecasts = np.repeat(HALF, n, axis=0), known_forecasts(daily, n=n)
    shelf = np.repeat([[400.0, 25.0]], n, axis=0)
    road = np.zeros((days + takes + 1, n, 2))
    missed = wanted = 0.0
    for day in range(days):
        shelf += road[day]
        if day % 7 == 0:
            coming = road[day + 1 :].sum(axis=0)
            held = PlaceStock(shelf.copy(), coming, np.zeros_like(shelf), np.ones_like(shelf, bool))
            for move in transfers(held, plan_locations(held, share, forecasts, POLICY, assumed)):
                shelf[move.row, move.source] -= move.units
                road[day + takes, move.row, move.destination] += move.units
        demand = random.poisson(daily / 2, shelf.shape)
        missed += np.maximum(demand - shelf, 0).sum()
        wanted += demand.sum()
        shelf = np.maximum(shelf - demand, 0)
    return missed / wanted


def test_less_demand_is_lost_if_the_plan_knows_how_long_a_transfer_takes() -> None:
    known, unknown = lost(5, takes=5), lost(0, takes=5)
    assert known < 0.2 * unknown
