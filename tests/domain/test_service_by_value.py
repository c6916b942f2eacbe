"""Service by value: what each unit of stock earns, restated unit by unit, and the levels that follow from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.domain import laws
from app.domain.forecasts.result import Forecasts
from app.domain.replenishment import Policy
from app.domain.replenishment.allocation import (
    RATES,
    STEPS,
    expected_fill,
    levels_by_value,
    targets_by_value,
)
from app.domain.replenishment.settling import Reviewed, settle
from app.domain.replenishment.target import chance_within, target_stock
from tests.domain.golden import known_forecasts
from tests.domain.test_replenishment import refused

SUMS = ("sum_mean", "sum_quantiles")


def joined(*parts: Forecasts) -> Forecasts:
    both = {name: np.concatenate([getattr(part, name) for part in parts]) for name in SUMS}
    return replace(known_forecasts(1.0, n=len(both["sum_mean"])), **both)


def below(forecasts: Forecasts, days: float, units: float) -> float:
    """Chance that demand over the days does not reach that many units."""
    return float(chance_within(forecasts, np.array([days]), np.array([[units - 0.5]]))[0, 0])


def worth(forecasts: Forecasts, lead: float, review: float, units: float) -> float:
    """Sales that one more unit saves a day, for each unit that lies idle (F10, the derivative of F7)."""
    begin, end = max(lead - review / 2, 0), min(lead + 1.5 * review, 180)
    asked = (below(forecasts, begin, units) - below(forecasts, end, units)) / (end - begin)
    this_cycle = (below(forecasts, lead, units) + below(forecasts, lead + review, units)) / 2
    return max(asked, 1e-9 / (end - begin)) / (
        0.2 * this_cycle + 0.8 * below(forecasts, min(3 * (lead + review), 180), units)
    )


@pytest.mark.parametrize(
    ("daily", "lead", "review"), [(0.3, 14, 7), (5.0, 14, 7), (1.0, 2, 14), (0.5, 60, 30), (0.03, 21, 14)]
)
def test_each_product_gets_the_units_that_earn_their_money(daily: float, lead: float, review: float) -> None:
    forecasts, value, cost = known_forecasts(daily), 0.6, 0.02
    tried = np.unique([np.ceil(forecasts.quantile_of_sum(lead + review, q)[0] - 1e-6) for q in STEPS])
    tried = tried[tried > 0]
    earns = [value * worth(forecasts, lead, review, units) / cost for units in tried]
    ranked = np.unique([max(earns) * 1.1, *earns, min(earns) * 0.9])[::-1]
    rates = np.sqrt(ranked[1:] * ranked[:-1])  # between every two, so that each unit is the last one once
    made = targets_by_value(
        forecasts, Policy(lead, 0, review), value=np.array([value]), cost=np.array([cost]), rates=rates
    )[0]
    expected = [max((u for u, e in zip(tried, earns, strict=True) if e >= r), default=0) for r in rates]
    assert made.tolist() == expected
    assert expected[0] == 0 and expected[-1] == tried[-1]


def test_the_share_of_demand_met_is_the_fill_rate() -> None:
    """G13: Poisson 5 a day, L 10, R 7; a product without forecast, and the currency, change nothing."""
    levels = np.array([[85.0, 92, 100, 107]])
    exact = [laws.fill_rate(5, 5, units, 10, 7) for units in levels[0]]
    five, policy = known_forecasts(5.0), Policy(10, 0, 7)
    fill = expected_fill(five, policy, levels, np.ones(1))
    assert fill == pytest.approx(exact, abs=0.004)
    with_refused = joined(five, refused(five))
    both = np.repeat(levels, 2, axis=0)
    assert expected_fill(with_refused, policy, both, np.full(2, 3e-6)) == pytest.approx(fill)
    assert expected_fill(five, policy, levels[:, :1] * 0, np.ones(1)) == pytest.approx([0], abs=0.01)


def test_alone_a_product_keeps_its_target_and_what_is_worth_nothing_its_level() -> None:
    slow, policy = known_forecasts(0.3), Policy(14, 0, 7, 0.95)
    one, nobody = np.ones(1), np.zeros(1, dtype=bool)
    levels = levels_by_value(slow, policy, value=one * 9, cost=one * 4, fixed=nobody)
    assert (
        target_stock(slow, replace(policy, service_level=levels)).tolist()
        == target_stock(slow, policy).tolist()
    )
    three = joined(*[slow] * 3)
    value, cost = np.array([9.0, 0, 9]), np.array([4.0, 4, 0])
    kept = levels_by_value(three, policy, value=value, cost=cost, fixed=np.zeros(3, dtype=bool))
    assert kept.tolist() == [levels[0], 0.95, 0.95]


def test_levels_do_not_depend_on_the_currency() -> None:
    both, policy = joined(known_forecasts(0.05), known_forecasts(5.0)), Policy(14, 0, 7)
    value, cost, nobody = np.array([10.0, 10]), np.array([9.0, 1]), np.zeros(2, dtype=bool)
    euro, cent, yen = (
        levels_by_value(both, policy, value=value * rate, cost=cost * rate, fixed=nobody)
        for rate in (1, 0.01, 150)
    )
    assert euro[0] < 0.95 < euro[1]
    assert cent == pytest.approx(euro) and yen == pytest.approx(euro)


def test_where_the_goal_is_dearer_than_any_rate_the_lowest_rate_decides() -> None:
    fast, policy = known_forecasts(5.0, n=2), Policy(14, 0, 7, 0.99)
    value, cost = np.ones(2), np.array([2e4, 3.5e4])
    levels = levels_by_value(fast, policy, value=value, cost=cost, fixed=np.zeros(2, dtype=bool))
    reached = targets_by_value(fast, policy, value=value, cost=cost, rates=RATES[-1:])[:, 0]
    assert (reached < target_stock(fast, policy)).all() and reached[1] < reached[0]
    assert target_stock(fast, replace(policy, service_level=levels)).tolist() == reached.tolist()


def test_a_demand_that_is_certain_gets_exactly_that() -> None:
    two = known_forecasts(2.0)
    sure = replace(two, sum_quantiles=np.repeat(two.sum_mean[:, :, None], len(two.grid_q), axis=2))
    one, rates = np.ones(1), np.array([0.5, 1e-3])
    assert targets_by_value(sure, Policy(14, 0, 7), value=one, cost=one, rates=rates).tolist() == [[42, 42]]


def test_what_is_kept_of_targets_that_come_down_serves_too() -> None:
    """Stock that is kept in one product is spared in the others: in all as much is met, the goal, for no more."""
    both, policy = (
        joined(*[known_forecasts(rate) for rate in (0.3, 0.8, 2.0, 5.0)] * 3),
        Policy(14, 0, 7, 0.9),
    )
    n = len(both)
    value, cost, nobody = np.full(n, 9.0), np.full(n, 4.0), np.zeros(n, dtype=bool)
    goal = expected_fill(both, policy, target_stock(both, policy)[:, None], value)[0]
    plain = levels_by_value(both, policy, value=value, cost=cost, fixed=nobody)
    without = target_stock(both, replace(policy, service_level=plain))
    slow = np.arange(n) % 4 < 2
    before = Reviewed(np.where(slow, 40.0, np.nan), 7.0)
    levels = levels_by_value(both, policy, value=value, cost=cost, fixed=nobody, before=before)
    target = target_stock(both, replace(policy, service_level=levels))
    kept = settle(target, before, 14.0, 7.0).whole
    assert (levels < plain).all() and np.array_equal(kept > 0, slow)
    met = expected_fill(both, policy, np.stack([target + kept, target, without], axis=1), value)
    assert met[0] >= goal - 1e-9 and met[2] >= goal - 1e-9 and met[1] < goal
    assert met[0] == pytest.approx(goal, abs=0.01)
