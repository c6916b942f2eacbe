"""A proof's figures, added up by hand: two products, two draws of demand, over a fifth of a year."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.domain.replenishment.proof import Proof, Way
from app.domain.replenishment.proof_figures import Range, lines, store_figures

PRICE, COST = np.array([10.0, 4.0]), np.array([6.0, 3.0])


def way(sold: object, lost: object, empty: object, stock: object) -> Way:
    return Way(*(np.asarray(one, dtype=float) for one in (sold, lost, empty, stock)))


HAD = way([[50, 50], [8, 8]], [[10, 30], [2, 2]], [[9, 9], [3, 3]], [[20, 20], [5, 5]])
OURS = way([[58, 76], [10, 9]], [[2, 4], [0, 1]], [[1, 2], [0, 1]], [[30, 26], [4, 4]])
RULE = way([[60, 80], [6, 6]], [[0, 0], [4, 4]], [[0, 0], [7, 7]], [[70, 60], [1, 1]])
PROOF = Proof(np.arange(2), 80, 73, HAD, OURS, RULE, recorded=np.full(2, 73.0), inferred=np.zeros(2))


def value(found: Range) -> float:
    assert found.value is not None and found.low is not None and found.high is not None
    assert found.low <= found.value <= found.high
    return found.value


def test_figures_of_the_store_are_sums_over_products_and_means_over_draws() -> None:
    found = store_figures(PROOF, PRICE, COST)
    had, ours, apart = found["had"], found["ours"], found["ours_had"]
    sold, lost = 50 * 10 + 8 * 4, 20 * 10 + 2 * 4
    assert value(had.fill) == pytest.approx(sold / (sold + lost))
    assert value(had.empty_days) == pytest.approx((9 + 3) / 2)
    assert value(had.lost_margin) == pytest.approx(20 * 4 + 2 * 1)
    assert value(had.stock_value) == pytest.approx(20 * 6 + 5 * 3)
    assert value(ours.lost_margin) == pytest.approx(3 * 4 + 0.5 * 1)
    assert value(apart.lost_margin) == pytest.approx(12.5 - 82)
    assert value(found["ours_rule"].stock_value) == pytest.approx((28 - 65) * 6 + (4 - 1) * 3)


def test_lines_of_a_product_are_means_over_the_draws_and_the_gain_is_less_what_more_stock_costs() -> None:
    found = lines(PROOF, PRICE, COST)
    assert found.wanted.tolist() == [70, 10]
    assert found.lost["had"].tolist() == [20, 2] and found.lost["ours"].tolist() == [3, 0.5]
    assert found.empty_days["rule"].tolist() == [0, 7]
    assert found.stock["ours"].tolist() == [28, 4]
    assert found.lost_margin["had"].tolist() == [80, 2]
    assert found.stock_value["rule"].tolist() == [65 * 6, 3]
    holding = np.array([(28 - 20) * 6, (4 - 5) * 3]) * 0.25 * 73 / 365
    assert found.gain == pytest.approx(np.array([80 - 12, 2 - 0.5]) - holding)


def test_a_product_whose_price_is_not_known_counts_by_its_units_and_has_no_margin() -> None:
    """Once some prices are known, one that is not weighs as much as a price of 1; without any, all do."""
    some = np.array([10.0, np.nan])
    found = store_figures(PROOF, some, COST)["had"]
    assert value(found.fill) == pytest.approx((500 + 8) / (500 + 8 + 200 + 2))
    assert value(found.lost_margin) == pytest.approx(80)
    nothing = store_figures(PROOF, np.full(2, np.nan), COST)["had"]
    assert value(nothing.fill) == pytest.approx(58 / (58 + 22))
    assert nothing.lost_margin == Range(None, None, None)
    costs = np.array([np.nan, 3.0])
    assert value(store_figures(PROOF, PRICE, costs)["had"].stock_value) == pytest.approx(15)


def test_money_in_stock_is_not_known_while_the_stock_of_a_product_is_not() -> None:
    half = replace(PROOF, had=replace(HAD, stock=np.array([[np.nan, np.nan], [5, 5]])))
    found = store_figures(half, PRICE, COST)
    assert found["had"].stock_value == found["ours_had"].stock_value == Range(None, None, None)
    assert value(found["ours"].stock_value) == pytest.approx(28 * 6 + 4 * 3)
    gain = lines(half, PRICE, COST).gain
    assert gain[0] == pytest.approx(68), "what more stock would cost is not known, and left out"


def test_a_range_that_some_picks_of_products_do_not_have_is_none() -> None:
    """Of a product that nobody wanted no share was met: picked alone, it says nothing."""
    idle = replace(PROOF, had=way([[50, 50], [0, 0]], [[10, 30], [0, 0]], HAD.empty, HAD.stock))
    assert store_figures(idle, PRICE, COST)["had"].fill == Range(None, None, None)


def test_a_range_holds_every_draw() -> None:
    had, ours, rule = (way(*(column[:1] for column in vars(each).values())) for each in (HAD, OURS, RULE))
    alone = replace(PROOF, keys=np.arange(1), had=had, ours=ours, rule=rule)
    one = store_figures(alone, PRICE[:1], COST[:1])["had"].lost_margin
    assert (one.low, one.value, one.high) == (10 * 4, 20 * 4, 30 * 4)
