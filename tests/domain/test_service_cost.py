"""What a service level costs, against the textbook's laws: stock at hand, sales lost, by class."""

from dataclasses import replace

import numpy as np
import pytest

from app.domain import laws
from app.domain.forecasts.result import Forecasts
from app.domain.replenishment import Policy, Stock
from app.domain.replenishment.service_cost import MIDDLES, WIDTHS, service_costs
from app.domain.replenishment.target import stock_for, target_stock
from tests.domain.golden import known_forecasts
from tests.domain.test_replenishment import refused

FIVE = known_forecasts(5.0, n=3)
ONE = known_forecasts(5.0)


def costs(forecasts: Forecasts, policy: Policy, *levels: float, groups: str = "A") -> list:
    stock = Stock(0, unit_cost=2.0, price=10.0)
    each = np.array(list(groups * len(forecasts))[: len(forecasts)])
    return list(service_costs(forecasts, policy, stock, np.array(levels), each))


@pytest.mark.parametrize("alpha", [0.5, 0.79, 0.9, 0.95, 0.99])
@pytest.mark.parametrize(("lead", "review"), [(10, 7), (40, 2)])
def test_lost_sales_are_those_of_the_fill_rate(alpha: float, lead: int, review: int) -> None:
    """Poisson 5 a day, as in G13 for L 10 and R 7: what is not filled is lost."""
    policy = Policy(lead, 0, review, alpha)
    (made,) = costs(ONE, policy, alpha)
    target = float(target_stock(ONE, policy)[0])
    beta = laws.fill_rate(5, 5, target, lead, review)
    assert made.lost_units == pytest.approx((1 - beta) * 5 * 365, rel=0.08, abs=1.5)
    assert made.lost_value == pytest.approx(10 * made.lost_units)


def test_stock_at_hand_is_the_mean_of_both_ends_of_a_review() -> None:
    (made,) = costs(ONE, Policy(10, 0, 7), 0.95)
    target = float(target_stock(ONE, Policy(10, 0, 7, 0.95))[0])
    ends = [target - 5 * days + laws.unit_loss(5 * days, 5 * days, target) for days in (10, 17)]
    assert made.stock_value == pytest.approx(2 * np.mean(ends), rel=0.01)


@pytest.mark.parametrize("lead", [0, 1, 10])
@pytest.mark.parametrize("daily", [0.05, 5.0])
def test_stock_at_hand_under_an_unsteady_lead_time_follows_its_quantiles(daily: float, lead: int) -> None:
    """The mean of E(S − D)⁺ at both ends of a review, by the demand that `stock_for` covers at each probability."""
    forecasts, policy = known_forecasts(daily), Policy(lead, 3, 7)
    (made,) = costs(forecasts, policy, 0.95)
    target = target_stock(forecasts, replace(policy, service_level=0.95))

    def left(days: float) -> float:
        demand = [stock_for(forecasts, *np.array([[days], [3.0], [q]]))[0] for q in MIDDLES]
        return float(np.maximum(target - np.array(demand), 0.0) @ WIDTHS)

    assert made.stock_value == pytest.approx(2 * (left(lead) + left(lead + 7)) / 2)


def test_classes_are_summed_apart_and_what_is_not_known_is_counted() -> None:
    made = service_costs(
        FIVE,
        Policy(),
        Stock(0, unit_cost=[2.0, np.nan, 2.0], price=[9.0, 9.0, np.nan]),
        np.array([0.9, 0.95]),
        np.array(["A", "A", "C"]),
    )
    assert [(one.group, one.level, one.products, one.without_cost) for one in made] == [
        ("A", 0.9, 2, 1),
        ("C", 0.9, 1, 0),
        ("A", 0.95, 2, 1),
        ("C", 0.95, 1, 0),
    ]
    assert made[0].stock_value == pytest.approx(made[1].stock_value)
    assert made[0].lost_units == pytest.approx(2 * made[1].lost_units)
    assert made[1].lost_value == 0


def test_a_product_without_forecast_costs_nothing() -> None:
    (made,) = costs(refused(ONE), Policy(), 0.95)
    assert (made.products, made.stock_value, made.lost_units) == (0, 0, 0)


def test_the_minimum_stock_is_held_whatever_the_level() -> None:
    low, high = costs(ONE, Policy(10, 0, 7, min_stock=200), 0.6, 0.99)
    assert low.stock_value == pytest.approx(high.stock_value)
    assert low.stock_value == pytest.approx(2 * (200 - 5 * 13.5), rel=0.01)


def test_more_service_takes_more_stock_and_loses_less() -> None:
    n, chance = 100, np.random.default_rng(2)
    policy = Policy(chance.integers(0, 61, n), chance.uniform(0, 9, n), chance.integers(1, 31, n))
    five, stock, apart = known_forecasts(5.0, n=n), Stock(0, unit_cost=2.0, price=10.0), np.arange(n)
    levels = np.linspace(0.5, 0.995, 12)
    made = service_costs(five, policy, stock, levels, apart.astype(str))
    held, lost = (
        np.reshape([getattr(one, name) for one in made], (12, n)) for name in ("stock_value", "lost_units")
    )
    assert (held >= 0).all() and (np.diff(held, axis=0) >= 0).all()
    assert (lost >= 0).all() and (np.diff(lost, axis=0) <= 1e-9).all()
    assert (held[-1] > held[0]).all() and (lost[-1] < lost[0]).all()


def test_an_unsteady_lead_time_takes_more_stock() -> None:
    (steady,), (unsteady,) = (costs(ONE, Policy(10, sd, 7), 0.95) for sd in (0, 5))
    assert unsteady.stock_value > 1.3 * steady.stock_value
