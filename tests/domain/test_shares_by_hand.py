"""Shares of demand that can be told by hand: of two sales, of one, of a store whose locations are seldom in stock."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from app.domain.replenishment.shares import LEAST_WEIGHT, MOST_WEIGHT, _shrunk, own_weight, shares_of_demand

MANY = 400


def shares(
    units: np.ndarray, in_stock: np.ndarray | None = None, stocked: np.ndarray | None = None
) -> np.ndarray:
    """Of sales of one unit each."""
    everywhere = np.ones_like(units, bool) if stocked is None else stocked
    found = shares_of_demand(units, units, everywhere, in_stock)
    assert found is not None
    return found


def test_twenty_sales_of_the_store_are_enough() -> None:
    everywhere = np.ones((1, 2), bool)
    twenty, fewer = np.array([[12.0, 8]]), np.array([[12.0, 7]])
    assert shares_of_demand(twenty, twenty, everywhere) is not None
    assert shares_of_demand(fewer, fewer, everywhere) is None


def test_the_stores_weight_from_products_of_two_sales() -> None:
    """A Beta law of a half and a half: both sales at one place in three cases of four, κ = 1. A third location,
    where none of them is stocked, tells nothing, nor do products of one sale."""
    two = np.array([[2.0, 0, 0], [0, 2, 0], [2, 0, 0], [1, 1, 0]])
    sales = np.concatenate([np.tile(two, (50, 1)), np.tile([[1.0, 0, 0]], (90, 1))])
    assert own_weight(sales, np.tile([0.5, 0.5, 0], (len(sales), 1))) == pytest.approx(1)
    alone = np.tile([1.0, 0, 0], (4, 1))
    assert own_weight(two, alone) == MOST_WEIGHT, "stocked at one location there is nothing to differ"
    assert own_weight(two[:3], np.tile([0.5, 0.5, 0], (3, 1))) == LEAST_WEIGHT


def test_a_single_sale_counts_as_one() -> None:
    """Beside products whose κ is 1 it moves a share half of the way from the store's."""
    two = np.tile(np.array([[2.0, 0], [0, 2], [2, 0], [0, 2], [2, 0], [0, 2], [1, 1], [1, 1]]), (50, 1))
    found = shares(np.concatenate([two, [[1.0, 0], [0, 0]]]))
    assert found[-1] == pytest.approx([0.5, 0.5], abs=0.001)
    assert found[-2] == pytest.approx([0.75, 0.25], abs=0.002)


def test_a_store_whose_locations_are_seldom_in_stock_sells_by_the_time_that_they_are() -> None:
    """Seven tenths of all demand here, three there; two kinds of products, each short elsewhere."""
    here, there = (100 * 0.7, 100 * 0.3 * 0.2), (1000 * 0.7 * 0.5, 1000 * 0.3 * 0.9)
    units = np.array([here, there] * MANY + [(0.0, 0.0)])
    seen = np.array([(0.95, 0.2), (0.5, 0.9)] * MANY + [(1.0, 1.0)])
    units[:-1:2, 0] *= 0.95
    found = shares(units, seen)
    assert found == pytest.approx(np.tile([0.7, 0.3], (len(units), 1)), abs=0.002)
    everywhere = np.array([(90.0, 40.0)] * MANY)
    assert shares(everywhere, np.tile([0.9, 0.4], (MANY, 1))) == pytest.approx(0.5, abs=0.001)


def test_products_that_are_alike_stay_alike_however_long_each_was_in_stock() -> None:
    """What they sold differs by the time in stock alone: that is no sign of a demand of their own."""
    seen = np.tile([[1.0, 0.2], [0.2, 1.0], [1.0, 1.0]], (MANY, 1))
    units = np.random.default_rng(4).poisson(20 * 0.5 * seen) * 1.0
    assert shares(units, seen).std(axis=0) == pytest.approx(0, abs=0.02)


def test_of_few_sales_half_a_sale_more_at_each_location_is_taken_to_be_known() -> None:
    """The store's shares P solve P_k ∝ (sold_k + ½) ÷ (Σ λ·e_k + ½·K), where λ = sold ÷ (e·P) of each product."""
    units, seen = np.array([[9.0, 3], [2, 8], [0, 0]]), np.array([[1.0, 0.3], [0.4, 1.0], [1.0, 1.0]])

    def part(first: float) -> float:
        whole = units.sum(axis=1) / (seen @ [first, 1 - first])
        weights = (units.sum(axis=0) + 0.5) / (whole @ seen + 1.0)
        return float(weights[0] / weights.sum())

    root = float(brentq(lambda first: part(first) - first, 0.01, 0.99))
    assert shares(units, seen)[2] == pytest.approx([root, 1 - root], abs=1e-6)


def test_sales_per_time_in_stock_are_drawn_to_the_stores_shares_until_they_sum_to_one() -> None:
    """p = (s + κ·P) ÷ (λ·e + κ), λ found by bisection."""
    own = np.array([[10.0, 2, 0], [0, 5, 1], [300, 0, 40], [0, 0, 0]])
    base = np.tile([0.5, 0.3, 0.2], (4, 1))
    seen = np.array([[0.3, 1, 0.1], [1, 0.2, 0.6], [1, 1, 0.15], [0.1, 0.1, 0.1]])
    for weight in (0.5, 8.0, 500.0):
        found = _shrunk(own, base, seen, weight)
        for sold, time, share in zip(own, seen, found, strict=True):
            wanted = sold + weight * base[0]
            rate = brentq(lambda at, w=wanted, e=time, k=weight: (w / (at * e + k)).sum() - 1, 0, 1e5)
            assert share == pytest.approx(wanted / (rate * time + weight), abs=1e-7)
