"""Shares of demand, plans of locations at equal risk, and the transfers between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike

from app.domain.forecasts.result import Forecasts
from app.domain.replenishment import Policy
from app.domain.replenishment.locations import PlaceStock, plan_locations
from app.domain.replenishment.shares import LEAST_WEIGHT, MOST_WEIGHT, own_weight, shares_of_demand
from app.domain.replenishment.target import target_stock
from app.domain.replenishment.transfers import CODES, transfers
from tests.domain.golden import Poisson, known_forecasts

POLICY = Policy(lead_time_days=7, review_days=7, service_level=0.95)


def here(units: list[list[float]]) -> np.ndarray:
    return np.asarray(units, dtype=float)


def stock(available: ArrayLike, *, incoming: object = 0.0, least: object = 0.0) -> PlaceStock:
    found = np.asarray(available, dtype=float)
    full = np.zeros_like(found)
    return PlaceStock(found, full + np.asarray(incoming), full + np.asarray(least), np.ones_like(found, bool))


# --- shares ---------------------------------------------------------------------------------------------


def drawn(weight: float, *, products: int, sales: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """True shares around the store's by a Dirichlet law, and sales of one unit each."""
    random = np.random.default_rng(seed)
    true = random.dirichlet(weight * np.array([0.6, 0.3, 0.1]), products)
    counts = np.array([random.multinomial(random.integers(0, sales), p) for p in true], float)
    return true, counts


@pytest.mark.parametrize("weight", [2.0, 8.0, 40.0])
def test_the_weight_of_the_store_is_found_from_its_sales(weight: float) -> None:
    _, counts = drawn(weight, products=3000, sales=40, seed=1)
    base = np.tile([0.6, 0.3, 0.1], (3000, 1))
    assert own_weight(counts, base) == pytest.approx(weight, rel=0.2)


@pytest.mark.parametrize(("weight", "seed"), [(3.0, 2), (30.0, 3)])
def test_shrunk_shares_are_nearer_the_truth_than_the_products_or_the_stores(weight: float, seed: int) -> None:
    true, counts = drawn(weight, products=800, sales=20, seed=seed)
    found = shares_of_demand(counts, counts, np.ones_like(counts, bool))
    assert found is not None

    def miss(shares: np.ndarray) -> float:
        return float(((shares - true) ** 2).sum())

    total = counts.sum(axis=1, keepdims=True)
    store = counts.sum(axis=0) / counts.sum()
    alone = np.where(total > 0, counts / np.maximum(total, 1), store)
    assert miss(found) < 0.95 * miss(alone)
    assert miss(found) < 0.95 * miss(np.tile(store, (800, 1)))


def test_units_of_one_sale_count_as_one_sale() -> None:
    units = here([[12, 0], *[[3, 1]] * 20])
    few, many = units.copy(), units.copy()
    few[0] = [144, 0]  # twelve units in one sale
    many[0] = [12, 0]  # twelve sales of one
    everywhere = np.ones_like(units, bool)
    one, twelve = (shares_of_demand(units, squares, everywhere) for squares in (few, many))
    assert one is not None and twelve is not None
    assert 0.75 < one[0, 0] < twelve[0, 0] < 1


def test_shares_are_of_the_locations_that_stock_the_product() -> None:
    units = here([[30, 10, 5], [4, 0, 2], [0, 0, 0]])
    stocked = np.array([[True, True, False], [True, False, True], [False, False, False]])
    found = shares_of_demand(units, units, stocked)
    assert found is not None
    assert (found[~stocked] == 0).all()
    assert found.sum(axis=1) == pytest.approx([1, 1, 0])


def test_a_store_whose_sales_are_not_known_by_location_has_no_shares() -> None:
    nothing = np.zeros((5, 2))
    assert shares_of_demand(nothing, nothing, np.ones((5, 2), bool)) is None
    one_sale = here([[500, 0]])
    assert shares_of_demand(one_sale, one_sale**2, np.ones((1, 2), bool)) is None


def test_the_weight_stays_within_its_bounds() -> None:
    base = np.tile([0.5, 0.5], (40, 1))
    assert own_weight(np.zeros((40, 2)), base) == MOST_WEIGHT
    assert own_weight(np.tile([5.0, 5.0], (40, 1)), base) == MOST_WEIGHT
    apart = np.where(np.arange(40)[:, None] % 2 == [0, 1], 10.0, 0.0)
    assert own_weight(apart, base) == LEAST_WEIGHT


# --- plans ----------------------------------------------------------------------------------------------


def exact(daily: float, days: int, share: float, alpha: float) -> float:
    """A Poisson demand that is split unit by unit is Poisson again (F2)."""
    return float(Poisson(daily * days * share).ppf(np.array([alpha]))[0])


@pytest.mark.parametrize("daily", [0.2, 1.0, 6.0, 50.0])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9])
def test_a_split_poisson_demand_needs_what_its_own_law_says(daily: float, share: float) -> None:
    forecasts = known_forecasts(daily)
    plan = plan_locations(stock([[1e5, 1e5]]), here([[share, 1 - share]]), forecasts, POLICY)
    wanted = exact(daily, 14, share, 0.95)
    assert plan.target[0, 0] == pytest.approx(wanted, abs=max(1, 0.02 * wanted))
    assert plan.expected[0].sum() == pytest.approx(14 * daily)


def test_a_slow_products_split_is_spread_wider_than_its_share() -> None:
    """Three tenths of .7 in two weeks: Poisson .21, of which one unit lasts for 98 % only."""
    policy = replace(POLICY, service_level=0.99)
    plan = plan_locations(stock([[9, 9]]), here([[0.3, 0.7]]), known_forecasts(0.05), policy)
    assert plan.needed[0].tolist() == [exact(0.05, 14, share, 0.99) for share in (0.3, 0.7)]


def test_a_single_location_is_the_store() -> None:
    forecasts = known_forecasts(3.0, n=2)
    policy = replace(POLICY, lead_time_sd_days=4)
    plan = plan_locations(stock([[500], [500]]), np.ones((2, 1)), forecasts, policy)
    assert plan.target[:, 0].tolist() == target_stock(forecasts, policy).tolist()
    assert plan.goal.tolist() == plan.target.tolist()


def test_apart_the_safety_stock_of_equal_sites_grows_with_their_number_not_its_root() -> None:
    """F26: four equal sites of a Poisson demand need twice the safety stock of one pool."""
    forecasts = known_forecasts(100.0)
    plan = plan_locations(stock([[1e5] * 4]), np.full((1, 4), 0.25), forecasts, POLICY)
    pooled = target_stock(forecasts, POLICY)[0] - 1400
    assert (plan.target.sum() - 1400) / pooled == pytest.approx(2, rel=0.06)


@pytest.mark.parametrize("daily", [0.05, 0.7, 4.0])
def test_goals_are_whole_and_no_more_than_there_is(daily: float) -> None:
    n, random = 200, np.random.default_rng(4)
    have, least, weights = (random.integers(low, high, (n, 3)) for low, high in ((-5, 121), (0, 21), (1, 10)))
    share = weights / weights.sum(axis=1, keepdims=True)
    plan = plan_locations(stock(have, least=least), share, known_forecasts(daily, n=n), POLICY)
    total, wanted, given = np.maximum(have.sum(axis=1), 0), plan.target.sum(axis=1), plan.goal.sum(axis=1)
    assert (plan.goal == np.round(plan.goal)).all()
    assert (plan.goal <= plan.target).all()
    assert (plan.target >= least).all()
    assert (given <= total).all()
    enough = wanted <= total
    assert enough.any() and not enough.all()
    assert np.array_equal(plan.goal[enough], plan.target[enough])
    assert (given >= np.minimum(total, wanted) - 3).all()


def test_a_lack_of_the_store_is_shared_at_the_same_risk() -> None:
    forecasts, share = known_forecasts(20.0), here([[0.7, 0.3]])
    plan = plan_locations(stock([[240, 0]]), share, forecasts, POLICY)
    chance = [Poisson(280 * share[0, k]).cdf(plan.goal[0, [k]])[0] for k in (0, 1)]
    assert plan.goal.sum() == 240
    assert max(chance) < 0.95
    # One unit more or less is some hundredths of probability.
    assert chance[0] == pytest.approx(chance[1], abs=0.05)


def test_far_too_little_is_shared_in_proportion_to_what_is_needed() -> None:
    plan = plan_locations(stock([[40, 0]]), here([[0.5, 0.5]]), known_forecasts(50.0), POLICY)
    assert plan.goal.tolist() == [[20, 20]]


def test_nothing_is_lacking_before_a_location_may_run_out() -> None:
    forecasts, share = known_forecasts(2.0, n=2), np.full((2, 2), 0.5)
    plan = plan_locations(stock([[60, 13], [60, 4]]), share, forecasts, POLICY)
    assert plan.lack.tolist() == [[0, 0], [0, plan.goal[1, 1] - 4]]
    assert plan.spare[:, 0].tolist() == [60 - plan.goal[0, 0]] * 2
    # Whole days after which something is still left.
    assert plan.cover[:, 1].tolist() == [12, 3]


def test_what_is_on_its_way_counts_but_cannot_be_sent_on() -> None:
    forecasts, share = known_forecasts(2.0), here([[0.5, 0.5]])
    plan = plan_locations(stock([[5, 0]], incoming=[[100, 30]]), share, forecasts, POLICY)
    assert plan.lack.tolist() == [[0, 0]]
    assert plan.spare[0, 0] == 2, "of the five on the shelf it keeps its part until the next review"
    more = plan_locations(stock([[40, 0]], incoming=[[100, 30]]), share, forecasts, POLICY)
    assert more.spare[0, 0] == 40 - exact(2.0, 7, 0.5, 0.95)


def test_a_place_where_nothing_is_sold_spares_all_it_has() -> None:
    plan = plan_locations(stock([[30, 0]]), here([[0.0, 1.0]]), known_forecasts(1.0), POLICY)
    assert (plan.goal[0, 0], plan.spare[0, 0]) == (0, 30)
    assert np.isinf(plan.cover[0, 0]) and plan.cover[0, 1] == 0


def test_where_nothing_is_wanted_one_unit_lasts_for_ever_and_none_no_day() -> None:
    plan = plan_locations(stock([[0, 1, 9]]), here([[0.0, 0.0, 1.0]]), known_forecasts(0.4), POLICY)
    assert plan.cover.tolist() == [[0, np.inf, 22]]


def refused(forecasts: Forecasts) -> Forecasts:
    nothing = np.full_like(forecasts.sum_mean, np.nan)
    return replace(forecasts, sum_mean=nothing, sum_quantiles=np.full_like(forecasts.sum_quantiles, np.nan))


# --- transfers ------------------------------------------------------------------------------------------


def test_without_a_forecast_nothing_is_moved() -> None:
    forecasts = refused(known_forecasts(1.0))
    held = stock([[30, 0]])
    plan = plan_locations(held, here([[0.5, 0.5]]), forecasts, POLICY)
    assert np.isnan(plan.goal).all()
    assert transfers(held, plan) == ()


def test_a_move_is_explained_line_by_line() -> None:
    held = stock([[100, 1]], incoming=[[0, 2]], least=[[0, 15]])
    plan = plan_locations(held, here([[0.6, 0.4]]), known_forecasts(1.0), POLICY)
    (move,) = transfers(held, plan)
    assert (move.row, move.source, move.destination, move.units) == (0, 0, 1, 12)
    assert [(line.code, line.units) for line in move.ledger] == [
        ("demand", 6),
        ("safety", 4),
        ("minimum", 5),
        ("available", -1),
        ("incoming", -2),
    ]


def test_moves_give_what_is_spare_fill_what_is_lacking_and_add_up() -> None:
    n, random = 200, np.random.default_rng(5)
    have, coming, least = (random.integers(low, high, (n, 3)) for low, high in ((-5, 31), (0, 31), (0, 21)))
    held = stock(have, incoming=coming, least=least)
    share = np.tile([0.5, 0.3, 0.2], (n, 1))
    plan = plan_locations(held, share, known_forecasts(1.5, n=n), POLICY)
    moves = transfers(held, plan)
    assert len({move.row for move in moves}) > n / 4
    out, into = np.zeros_like(held.available), np.zeros_like(held.available)
    for move in moves:
        assert move.units >= 1
        assert sum(line.units for line in move.ledger) == move.units
        assert {line.code for line in move.ledger} <= set(CODES)
        out[move.row, move.source] += move.units
        into[move.row, move.destination] += move.units
    assert (out <= plan.spare).all() and (into <= plan.lack).all()
    assert not ((out > 0) & (into > 0)).any(), "nothing is sent on"
    left, open_ = (plan.spare - out).sum(axis=1), (plan.lack - into).sum(axis=1)
    assert ((left == 0) | (open_ == 0)).all(), "what can be filled is filled"
    moved = replace(held, available=held.available - out + into)
    after = plan_locations(moved, share, known_forecasts(1.5, n=n), POLICY)
    assert after.goal.tolist() == plan.goal.tolist(), "moving changes no goal"
    assert transfers(moved, after) == (), "what was moved is not moved back, nor on"


def test_two_that_give_to_one_are_told_of_each_other() -> None:
    held = stock([[14, 14, 0]])
    plan = plan_locations(held, here([[0.2, 0.2, 0.6]]), known_forecasts(1.0), POLICY)
    one, two = transfers(held, plan)
    lines = {line.code: line.units for line in one.ledger}
    assert (one.destination, two.destination) == (2, 2)
    assert lines["others"] == -two.units


def test_two_that_lack_the_same_get_the_same_of_too_little() -> None:
    held = stock([[31, 0, 0]], incoming=[[40, 0, 0]])
    plan = plan_locations(held, here([[0.4, 0.3, 0.3]]), known_forecasts(5.0), POLICY)
    one, two = transfers(held, plan)
    assert plan.lack[0, 1:].sum() > plan.spare[0, 0], "there is not enough for both"
    assert {one.destination, two.destination} == {1, 2}
    assert abs(one.units - two.units) <= 1
    assert one.units + two.units == plan.spare[0, 0]
    assert {line.code: line.units for line in one.ledger}["no_spare"] == one.units - plan.lack[0, 1]


def test_what_is_needed_before_the_next_review_comes_first() -> None:
    held = stock([[36, 4, 0]], incoming=[[60, 0, 0]])
    plan = plan_locations(held, here([[0.4, 0.1, 0.5]]), known_forecasts(5.0), POLICY)
    assert plan.at_once[0, 1] == 0 < plan.at_once[0, 2]
    (move,) = transfers(held, plan)
    assert (move.destination, move.units) == (2, plan.spare[0, 0])


def test_a_ledger_that_does_not_add_up_is_found() -> None:
    held = stock([[100, 1]])
    plan = plan_locations(held, here([[0.6, 0.4]]), known_forecasts(1.0), POLICY)
    with pytest.raises(AssertionError, match="do not sum"):
        transfers(held, replace(plan, goal=plan.goal + 1))


def test_the_stock_of_some_variants_is_theirs_at_every_location() -> None:
    units = np.arange(6.0).reshape(3, 2)
    stock = PlaceStock(units, units + 10, units + 20, units > 1, arrival=units + 30)
    some = stock.take(np.array([2, 0]))
    assert some.available.tolist() == [[4, 5], [0, 1]] and some.incoming.tolist() == [[14, 15], [10, 11]]
    assert some.least.tolist() == [[24, 25], [20, 21]] and some.stocked.tolist() == [
        [True, True],
        [False, False],
    ]
    assert some.arrival is not None and some.arrival.tolist() == [[34, 35], [30, 31]]
    assert PlaceStock(units, units, units, units > 1).take(np.array([1])).arrival is None
