"""Shares of demand where a location had nothing to sell for a while: its lack of sales is no lack of demand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.domain.replenishment import Policy
from app.domain.replenishment.locations import PlaceStock, plan_locations
from app.domain.replenishment.shares import LEAST_SALES, own_weight, shares_of_demand
from tests.domain.golden import known_forecasts

DAYS = 180
FEWER = settings(max_examples=settings.default.max_examples // 10)  # each draws four tables
SHAPE = st.tuples(st.integers(1, 12), st.integers(2, 4))


@st.composite
def records(draw: st.DrawFn) -> tuple[np.ndarray, ...]:
    shape = draw(SHAPE)
    units = draw(arrays(float, shape, elements=st.integers(0, 60).map(float)))
    lots = draw(arrays(float, shape, elements=st.integers(1, 6).map(float)))
    stocked = draw(arrays(bool, shape))
    in_stock = draw(arrays(float, shape, elements=st.floats(0, 1)))
    return units, units * lots, stocked, in_stock


def sold(
    weight: float, *, empty: tuple[float, ...], daily: float = 0.3, n: int = 600, seed: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True shares, units sold in half a year and the part of it in stock: days without stock sell nothing."""
    random = np.random.default_rng(seed)
    true = random.dirichlet(weight * np.array([0.5, 0.3, 0.2])[: len(empty)], n)
    shelf = random.random((n, DAYS, len(empty))) >= empty
    wanted = random.poisson(daily * true[:, None, :], shelf.shape)
    return true, (wanted * shelf).sum(axis=1).astype(float), shelf.mean(axis=1)


def lost(share: np.ndarray, true: np.ndarray, daily: float) -> float:
    """Part of the demand that targets by `share` leave unmet, where demand splits by the `true` shares."""
    full = np.full_like(share, 1e6)
    stock = PlaceStock(full, np.zeros_like(full), np.zeros_like(full), np.ones_like(full, bool))
    policy = Policy(lead_time_days=14, review_days=7, service_level=0.9)
    target = plan_locations(stock, share, known_forecasts(daily, n=len(share)), policy).target
    demand = np.random.default_rng(9).poisson(daily * 21 * true, (200, *true.shape))
    return float(np.maximum(demand - target, 0).sum() / demand.sum())


@pytest.mark.parametrize(
    ("weight", "empty", "seed"), [(6.0, (0, 0, 0.4), 1), (40.0, (0, 0.4, 0), 2), (12.0, (0, 0.4), 3)]
)
def test_a_location_that_is_often_empty_keeps_its_share(
    weight: float, empty: tuple[float, ...], seed: int
) -> None:
    """Empty 40 % of the time, its share came out three tenths too small, and its targets with it."""
    true, units, in_stock = sold(weight, empty=empty, seed=seed)
    everywhere, place = np.ones_like(units, bool), int(np.argmax(empty))
    before = shares_of_demand(units, units, everywhere)
    after = shares_of_demand(units, units, everywhere, in_stock)
    assert before is not None and after is not None
    bias = [float((share - true)[:, place].mean() / true[:, place].mean()) for share in (before, after)]
    assert bias[0] < -0.25
    assert abs(bias[1]) < 0.03
    assert ((after - true) ** 2).sum() < 0.7 * ((before - true) ** 2).sum()
    missed = [lost(share, true, 0.3) for share in (before, after)]
    least = lost(true, true, 0.3)
    assert missed[1] - least < 0.6 * (missed[0] - least)


@FEWER
@given(records())
def test_shares_sum_to_one_and_are_never_negative(found: tuple[np.ndarray, ...]) -> None:
    units, squares, stocked, in_stock = found
    share = shares_of_demand(units, squares, stocked, in_stock)
    if share is None:
        assert ((units.sum(axis=1) ** 2) / np.maximum(squares.sum(axis=1), 1)).sum() < LEAST_SALES
        return
    assert (share >= 0).all() and (share[~stocked] == 0).all()
    assert share.sum(axis=1) == pytest.approx(stocked.any(axis=1).astype(float))


@FEWER
@given(records())
def test_in_stock_all_the_time_is_as_without_a_record(found: tuple[np.ndarray, ...]) -> None:
    units, squares, stocked, _ = found
    share = shares_of_demand(units, squares, stocked)
    always = shares_of_demand(units, squares, stocked, np.ones_like(units))
    if share is None or always is None:
        assert share is always is None
        return
    assert always == pytest.approx(share, abs=1e-12)
    # The closed form of a shrunk multinomial share.
    here, sizes = np.where(stocked, units, 0.0), np.where(stocked, squares, 0.0).sum(axis=1)
    total = here.sum(axis=1)
    n = np.divide(total**2, sizes, out=np.zeros_like(total), where=sizes > 0)
    store = np.where(stocked, (units.sum(axis=0) + 0.5) / (units.sum() + 0.5 * units.shape[1]), 0.0)
    base = store / np.where(stocked.any(axis=1), store.sum(axis=1), 1.0)[:, None]
    own = here * np.divide(n, total, out=np.zeros_like(n), where=total > 0)[:, None]
    weight = own_weight(own, base)
    assert share == pytest.approx((own + weight * base) / (n + weight)[:, None], abs=1e-9)


@FEWER
@given(records(), st.integers(0, 2), st.integers(0, 3), st.floats(0, 0.95))
def test_less_time_in_stock_for_the_same_sales_is_more_demand(
    found: tuple[np.ndarray, ...], row: int, place: int, part: float
) -> None:
    """Of one product alone: P and κ held, as they are where there are many others."""
    units, in_stock = found[0][:3], found[3][:3]
    many = np.repeat(np.maximum(units, 1.0), 400, axis=0)
    seen = np.repeat(in_stock, 400, axis=0)
    row, place = row % len(units) * 400, place % units.shape[1]
    everywhere = np.ones_like(many, bool)
    before = shares_of_demand(many, many, everywhere, seen)
    seen[row, place] *= part
    after = shares_of_demand(many, many, everywhere, seen)
    assert before is not None and after is not None
    assert after[row, place] >= before[row, place] - 1e-3


def test_what_was_seen_for_a_moment_is_not_taken_times_a_thousand() -> None:
    units = np.tile([20.0, 1.0], (50, 1))
    everywhere, seen = np.ones_like(units, bool), np.ones_like(units)
    seen[0, 1] = 0.0
    share = shares_of_demand(units, units, everywhere, seen)
    assert share is not None
    assert share[1, 1] < share[0, 1] < 10 * share[1, 1]
