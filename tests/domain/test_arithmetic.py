"""Single steps of the arithmetic at their edges: what a change of one operator would bend."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from app.domain.replenishment import Policy
from app.domain.replenishment.ledger import CODES, lines, lines_matrix
from app.domain.replenishment.money import expected_left, expected_unmet, overstock_units
from app.domain.replenishment.order_size import order_quantity, within_maximum
from app.domain.replenishment.target import chance_within, service_of, stock_for, target_stock
from tests.domain.golden import Poisson, known_forecasts
from tests.domain.test_replenishment import refused

FIVE = known_forecasts(5.0, n=3)


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


def test_one_line_that_does_not_add_up_is_enough_to_stop() -> None:
    parts = {code: np.array([1.0, 2.0]) for code in CODES}
    right = np.array([1.0, 2.0]) * len(CODES)
    assert lines_matrix(parts, right).shape == (2, len(CODES))
    for wrong in (right + np.eye(2)[0], right + np.eye(2)[1]):
        with pytest.raises(AssertionError):
            lines_matrix(parts, wrong)


def test_the_demand_line_is_always_shown_and_others_when_they_count() -> None:
    assert [line.code for line in lines(np.zeros(len(CODES)), {})] == ["demand"]
    row = np.zeros(len(CODES))
    row[CODES.index("case")] = -2
    shown = lines(row, {"case": {"size": 12}})
    assert [(line.code, line.units, line.detail) for line in shown] == [
        ("demand", 0, {}),
        ("case", -2, {"size": 12}),
    ]


@pytest.mark.parametrize(
    ("need", "moq", "case", "order"),
    [
        (1, 0, 1, 1),
        (0, 50, 12, 0),
        (-3, 50, 12, 0),
        (1, 0, 12, 12),
        (12, 0, 12, 12),
        (13, 0, 12, 24),
        (20, 50, 12, 60),
    ],
)
def test_from_need_to_order(need: int, moq: int, case: int, order: int) -> None:
    assert order_quantity(one(need), one(moq), one(case))[0] == order


@pytest.mark.parametrize(
    ("quantity", "room", "moq", "case", "order"),
    [
        (24, 30, 0, 12, 24),
        (24, 24, 0, 12, 24),
        (24, 23, 0, 12, 12),
        (24, 12, 12, 12, 12),
        (24, 12, 13, 12, 0),
        (24, -5, 0, 12, 0),
        (1, 0, 0, 1, 0),
        (24, np.nan, 0, 12, 24),
    ],
)
def test_within_the_maximum(quantity: float, room: float, moq: float, case: float, order: float) -> None:
    assert within_maximum(one(quantity), one(room), one(moq), one(case))[0] == order


def test_expected_money_agrees_with_the_law() -> None:
    days, stock = np.full(3, 21.0), np.full(3, 112.0)
    law = Poisson(105)
    units = np.arange(300)
    unmet = float((np.maximum(units - 112, 0) * law.pmf(units)).sum())
    left = float((np.maximum(112 - units, 0) * law.pmf(units)).sum())
    assert expected_unmet(FIVE, days, stock)[0] == pytest.approx(unmet, rel=0.06)
    assert expected_left(FIVE, days, stock)[0] == pytest.approx(left, rel=0.03)
    assert overstock_units(FIVE, days, np.full(3, 130.0))[0] == 130 - law.ppf(0.95)
    assert overstock_units(FIVE, days, np.full(3, 105.0))[0] == 0
    between = FIVE.quantile_of_sum(17, 0.95)[0]
    assert between != round(between)
    assert overstock_units(FIVE, np.full(3, 17.0), np.full(3, 110.0))[0] == np.floor(110 - between)
    assert expected_left(FIVE, days, np.full(3, 40.0))[0] == 0


def test_a_random_lead_time_widens_the_distance_from_the_mean() -> None:
    days, alpha = np.full(3, 21.0), np.full(3, 0.95)
    plain = stock_for(FIVE, days, np.zeros(3), alpha)
    assert plain[0] == Poisson(105).ppf(0.95)
    wide = stock_for(FIVE, days, np.full(3, 3.0), alpha)
    gap, extra = plain[0] - 105, 1.644854 * 5 * 3
    assert wide[0] == pytest.approx(105 + np.hypot(gap, extra), rel=0.002)
    little = stock_for(FIVE, days, np.full(3, 0.1), alpha)
    assert plain[0] < little[0] < wide[0]
    day = np.full(3, 1.0)
    assert stock_for(FIVE, day, np.full(3, 3.0), alpha)[0] > stock_for(FIVE, day, np.zeros(3), alpha)[0]
    assert np.isfinite(stock_for(FIVE, np.full(3, 180.0), np.zeros(3), alpha)).all()
    below = stock_for(FIVE, days, np.full(3, 3.0), np.full(3, 0.5))
    assert below[0] == Poisson(105).ppf(0.5)
    with pytest.raises(ValueError, match="variant 1 is 181 days; at most 180"):
        stock_for(FIVE, np.array([180.0, 181.0, 2.0]), np.zeros(3), alpha)
    assert target_stock(FIVE, Policy(14, 0, 7, 0.95))[0] == Poisson(105).ppf(0.95)


def test_whole_units_promise_what_their_law_says() -> None:
    law, policy = Poisson(105), Policy(14, 0, 7)
    units = np.array([[90.0, 105, 118, 122, 130]] * 3)
    promised = service_of(FIVE, policy, units)
    assert promised == pytest.approx(law.cdf(units), abs=0.012)
    assert service_of(FIVE, policy, units[:, 3]).tolist() == promised[:, 3].tolist()
    assert (service_of(FIVE, policy, target_stock(FIVE, policy)) >= 0.95).all()
    slow = known_forecasts(0.02)
    assert service_of(slow, policy, one(1)) == pytest.approx(Poisson(0.42).cdf(1), abs=0.02)
    assert service_of(FIVE, policy, np.full(3, -1.0)).tolist() == [0, 0, 0]
    assert service_of(FIVE, policy, np.full(3, 1e6)).tolist() == [1, 1, 1]
    assert np.isnan(service_of(refused(FIVE), policy, units)).all()


def test_a_chance_is_read_off_between_two_quantiles_by_normal_scores() -> None:
    scores = ndtri(FIVE.grid_q)
    skewed = np.broadcast_to(np.exp(scores), FIVE.sum_quantiles.shape)
    law, week = replace(FIVE, sum_quantiles=skewed.copy()), np.full(3, 7.0)
    line = skewed[0, 0]
    middles = np.tile((line[1:] + line[:-1]) / 2, (3, 1))
    assert chance_within(law, week, middles)[0] == pytest.approx(ndtr((scores[1:] + scores[:-1]) / 2))
    assert chance_within(law, week, np.tile(line[:-1], (3, 1)))[0] == pytest.approx(FIVE.grid_q[:-1])
    ends = np.tile([line[0] - 1e-9, line[-1]], (3, 1))
    assert chance_within(law, week, ends)[0].tolist() == [0, 1]


def test_of_equal_quantiles_the_highest_is_the_chance() -> None:
    slow = known_forecasts(0.02)  # no sale in a week: 87 %
    held = slow.grid_q[np.flatnonzero(slow.quantiles_of_sum(7.0)[0] == 0)[-1]]
    assert chance_within(slow, one(7), np.zeros((1, 1)))[0, 0] == pytest.approx(held) and held > 0.8
    still = replace(slow, sum_quantiles=slow.sum_quantiles * 0)
    assert chance_within(still, one(7), np.array([[-0.5, 0, 3]])).tolist() == [[0, 1, 1]]
