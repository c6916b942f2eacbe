"""Orders: properties of quantities, ledgers, changes and minimum orders."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.special import ndtri

from app.domain.forecasts.result import Forecasts
from app.domain.replenishment import Policy, Receipt, Stock, plan
from app.domain.replenishment.change import Earlier, explain_change
from app.domain.replenishment.classes import abc, xyz
from app.domain.replenishment.ledger import CODES, lines_matrix
from app.domain.replenishment.minimum_order import resolve
from app.domain.replenishment.money import expected_left, expected_unmet
from app.domain.replenishment.planning import quantity
from app.domain.replenishment.target import target_stock
from tests.domain.golden import known_forecasts

TODAY = date(2026, 3, 2)
FIVE = known_forecasts(5.0, n=3)
SLOW = known_forecasts(0.02, n=3)
MANY = 400


def drawn(chance: np.random.Generator, least: int, most: int) -> np.ndarray:
    """(MANY,) whole numbers, both ends among them."""
    return chance.permutation(np.append([least, most], chance.integers(least, most, MANY - 2, endpoint=True)))


def refused(forecasts: Forecasts) -> Forecasts:
    nothing = np.full_like(forecasts.sum_mean, np.nan)
    return replace(forecasts, sum_mean=nothing, sum_quantiles=np.full_like(forecasts.sum_quantiles, np.nan))


def test_every_suggestion_is_whole_cases_and_its_ledger_adds_up() -> None:
    chance = np.random.default_rng(7)
    on_hand, case, lead = drawn(chance, -50, 400), drawn(chance, 1, 60), drawn(chance, 0, 60)
    committed, incoming, backorders, moq, least = (drawn(chance, 0, 400) for _ in range(5))
    most = np.where(chance.random(MANY) < 0.5, np.nan, drawn(chance, 0, 400))
    stock = Stock(on_hand, committed, incoming, backorders, unit_cost=2, price=5)
    policy = Policy(lead, 2, 7, chance.uniform(0.5, 0.999, MANY), moq, case, least, most)
    made = plan(stock, known_forecasts(5.0, n=MANY), policy, today=TODAY)
    ordered = made.quantity > 0
    assert 0.2 < ordered.mean() < 0.9
    assert (made.ledger_units.sum(axis=1) == made.quantity).all() and (made.quantity >= 0).all()
    assert (made.quantity % case == 0).all()
    assert (made.quantity >= moq)[ordered].all()
    position = on_hand - committed + incoming - backorders
    assert (position + made.quantity <= most)[ordered & ~np.isnan(most)].all()
    assert (made.cost == 2 * made.quantity).all()
    for one in (made[i] for i in range(0, MANY, 10)):
        assert sum(line.units for line in one.ledger) == one.quantity
        assert len(one.ledger) >= 1


def test_target_rises_with_service_lead_time_and_review() -> None:
    chance = np.random.default_rng(7)
    alpha, lead, review = chance.uniform(0.5, 0.99, MANY), drawn(chance, 0, 80), drawn(chance, 1, 60)
    sd, five = chance.uniform(0, 9, MANY), known_forecasts(5.0, n=MANY)
    here = target_stock(five, Policy(lead, sd, review, alpha))
    for more in (
        Policy(lead, sd, review, np.minimum(alpha + 0.009, 0.9999)),
        Policy(lead + 5, sd, review, alpha),
        Policy(lead, sd, review + 5, alpha),
        Policy(lead, sd + 1, review, alpha),
    ):
        assert (target_stock(five, more) >= here).all()
        assert (target_stock(five, more) > here).mean() > 0.5
    made = plan(Stock(0), five, Policy(lead, sd, review, alpha), today=TODAY)
    assert (made.target_stock == here).all()


def test_dates_and_urgency_follow_the_stock() -> None:
    stock = Stock(
        on_hand=[37, 400, 75], incoming=[20, 0, 0], receipts=[Receipt(0, 10, 20), Receipt(1, 300, 0)]
    )
    made = plan(stock, FIVE, Policy(10, 0, 7, 0.95), today=TODAY)
    assert made[0].stock_out_p50 == date(2026, 3, 10)
    assert made[0].stock_gap
    assert made[0].order_by is not None and made[0].order_by < TODAY
    assert made.urgency.tolist() == ["now", "none", "soon"]
    assert made[0].stock_out_p10 <= made[0].stock_out_p50 <= made[0].stock_out_p90
    assert made[1].quantity == 0
    assert len(made) == 3
    assert made[1].days_of_cover == pytest.approx(79, abs=2)
    waiting = plan(Stock(105), FIVE, Policy(10, 0, 7, 0.95), today=TODAY)
    assert waiting.urgency[0] == "later"


def test_out_of_stock_now_and_no_demand_at_all() -> None:
    empty = plan(Stock(-3), FIVE, Policy(), today=TODAY)[0]
    assert empty.stock_out_p50 == TODAY
    assert empty.days_of_cover == 0
    still = replace(FIVE, sum_mean=FIVE.sum_mean * 0, sum_quantiles=FIVE.sum_quantiles * 0)
    idle = plan(Stock(9, unit_cost=2), still, Policy(), today=TODAY)[0]
    assert (idle.quantity, idle.stock_out_p50, idle.days_of_cover) == (0, None, np.inf)
    assert (idle.overstock_units, idle.overstock_value) == (9, 18)
    plenty = plan(Stock(2000), FIVE, Policy(), today=TODAY)[0]
    assert plenty.days_of_cover == pytest.approx(400, abs=3)


def test_a_refused_forecast_keeps_the_minimum_stock_and_nothing_more() -> None:
    made = plan(Stock(1), refused(FIVE), Policy(min_stock=4), today=TODAY)[0]
    assert (made.quantity, made.urgency, made.target_stock, made.expected_demand) == (
        3,
        "unknown",
        None,
        None,
    )
    assert made.order_by is None
    assert made.overstock_units == 0


@pytest.mark.parametrize(
    ("stock", "policy", "words"),
    [
        (Stock(0.5), Policy(), "on_hand of variant 0 is 0.5"),
        (Stock(1, incoming=-2), Policy(), "incoming of variant 0 is -2"),
        (Stock(1), Policy(service_level=1.0), "service_level of variant 0 is 1; it must be 0.5 to 0.9999"),
        (Stock(1), Policy(case_size=2.5), "in whole units"),
        (Stock(1), Policy(lead_time_days=180), "lead time \\+ review of variant 0 is 187"),
        (Stock([1, 2]), Policy(), "on_hand has shape"),
        (Stock(1), Policy(max_stock=-1), "max_stock of variant 0"),
        (Stock([3, 0.5, 3]), Policy(), "on_hand of variant 1 is 0.5"),
        (Stock(1), Policy(moq=[2, -1, 2]), "moq of variant 1 is -1"),
    ],
)
def test_bad_input_is_named(stock: Stock, policy: Policy, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plan(stock, FIVE, policy, today=TODAY)


def test_a_ledger_that_does_not_add_up_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        lines_matrix({code: np.ones(1) for code in CODES}, np.zeros(1))


def test_a_change_is_split_exactly() -> None:
    chance = np.random.default_rng(7)
    a, b, c, d = (drawn(chance, 0, 400) for _ in range(4))
    five, two = (known_forecasts(rate, n=MANY) for rate in (5.0, 2.0))
    settling, then = drawn(chance, 0, 60), drawn(chance, 0, 60)
    old = quantity(Stock(a, incoming=b), five, Policy(), then)
    before = Earlier(old, Stock(a, incoming=b), Policy(), then)
    stock, policy = Stock(c, incoming=d), Policy(drawn(chance, 1, 30), case_size=drawn(chance, 1, 30))
    nobody = np.zeros(MANY, dtype=bool)
    parts = explain_change(before, stock, two, policy, settling=settling, shared=nobody)
    assert np.array_equal(sum(parts.values()), quantity(stock, two, policy, settling) - old)
    assert all(np.any(units) for units in parts.values())


def test_one_thing_that_changed_is_the_cause_of_all() -> None:
    stock, four = Stock(30, incoming=5), np.full(3, 4.0)
    before = Earlier(quantity(stock, FIVE, Policy(), four), stock, Policy(), four)
    eight = known_forecasts(8.0, n=3)
    for cause, now, forecasts, policy, settling in (
        ("sales", stock, eight, Policy(), four),
        ("stock", Stock(12, incoming=5), FIVE, Policy(), four),
        ("arrivals", Stock(30, incoming=9), FIVE, Policy(), four),
        ("settings", stock, FIVE, Policy(min_stock=900), four),
        ("sharing", stock, FIVE, Policy(), four / 2),
        ("sharing", stock, FIVE, Policy(service_level=0.8), four),
    ):
        parts = explain_change(
            before, now, forecasts, policy, settling=settling, shared=np.ones(3, dtype=bool)
        )
        assert [name for name, units in parts.items() if units.any()] == [cause]
    level = Policy(service_level=0.8)
    own = explain_change(before, stock, FIVE, level, settling=four, shared=np.zeros(3, dtype=bool))
    assert [name for name, units in own.items() if units.any()] == ["settings"]


@pytest.mark.parametrize("currency", [1.0, 1e-4, 150.0])
def test_abc_whatever_the_currency(currency: float) -> None:
    assert abc(currency * np.array([5.0, 80, 12, 3, 0, np.nan])).tolist() == ["B", "A", "B", "C", "C", "C"]
    assert abc(currency * np.array([64.0, 16, 12, 3, 5])).tolist() == ["A", "A", "B", "C", "B"]


def test_abc_at_its_limits() -> None:
    """F23: what comes after the first 80 % is B, after 95 % C; who earns nothing is C, even if nobody does."""
    assert abc(np.array([80.0, 15, 5])).tolist() == ["A", "B", "C"]
    assert abc(np.zeros(2)).tolist() == ["C", "C"]


def test_xyz_by_the_variation_of_what_is_forecast() -> None:
    """A normal law of mean m and variation v: X below .5, Y below 1 (F23)."""
    variation, mean = np.array([0.49, 0.51, 0.99, 1.01]), 0.7
    normal = mean * (1 + variation[:, None] * ndtri(FIVE.grid_q))
    four = known_forecasts(5.0, n=4)
    law = replace(
        four,
        sum_mean=np.full_like(four.sum_mean, mean),
        sum_quantiles=np.repeat(normal[:, None], len(four.grid_days), axis=1) + 10,
    )
    assert xyz(law).tolist() == ["X", "Y", "Y", "Z"]
    assert xyz(replace(law, sum_mean=law.sum_mean * 0)).tolist() == ["Z"] * 4
    assert xyz(FIVE).tolist() == ["X"] * 3 and xyz(SLOW).tolist() == ["Z"] * 3
    ends = np.where(law.grid_q == 0.9, 2.563 * np.array([[0.5], [1.0], [0], [0]]), 0.0)
    exact = replace(law, sum_mean=law.sum_mean * 0 + 1, sum_quantiles=law.sum_quantiles * 0 + ends[:, None])
    assert xyz(exact).tolist() == ["Y", "Z", "X", "X"]


def test_minimum_order_is_priced_both_ways() -> None:
    stock = Stock(0, unit_cost=[3, 3, np.nan], price=9)
    made = resolve(stock, SLOW, Policy(moq=500))
    assert made.conflict.all()
    assert made.years_of_cover[0] == pytest.approx(500 / 7.3, rel=0.01)
    assert made.cheaper.tolist() == ["wait", "wait", ""]
    easy = resolve(stock, FIVE, Policy(moq=140))
    assert easy.cheaper.tolist() == ["accept", "accept", ""]
    assert not resolve(stock, FIVE, Policy()).conflict.any()


def test_a_minimum_order_in_money() -> None:
    """Five a day, target 122: with 100 in stock 22 are needed and 60 ordered, 38 of them too many."""
    days = np.full(3, 21.0)
    fast = resolve(Stock(100, unit_cost=4, price=[9, 9, 4]), FIVE, Policy(moq=60))
    assert fast.years_of_cover == pytest.approx(60 / 1825, rel=1e-9)
    assert fast.cost_of_accepting == pytest.approx(4 * 38 * 0.25 * (38 / 1825) / 2, rel=1e-9)
    assert fast.cost_of_waiting == pytest.approx(
        [5, 5, 0] * expected_unmet(FIVE, days, days * 0 + 100), rel=1e-9
    )
    assert fast.cheaper.tolist() == ["accept", "accept", "wait"]
    # Two hundredths a day, target 2: most of 500 are still there after half a year, and written off.
    slow = resolve(Stock(1, unit_cost=4, price=9), SLOW, Policy(moq=500))
    left = expected_left(SLOW, np.full(3, 180.0), np.full(3, 501.0))
    assert (left < 499).all()
    held = (499 - left) * 0.25 * (499 / 7.3) / 2
    assert slow.cost_of_accepting == pytest.approx(4 * (held + left), rel=1e-9)


def test_a_minimum_order_at_its_edges() -> None:
    stock = Stock([122, 300, 121], unit_cost=4, price=9)
    none = resolve(stock, FIVE, Policy())
    assert not none.conflict.any() and none.cheaper.tolist() == ["", "", ""]
    assert none.cost_of_accepting.tolist() == [0, 0, 0]
    by_one = resolve(stock, FIVE, Policy(case_size=2))
    assert by_one.conflict.tolist() == [False, False, True]
    assert not resolve(Stock(0), FIVE, Policy(moq=60, max_stock=100)).conflict.any()  # cut below the need
    still = replace(FIVE, sum_mean=FIVE.sum_mean * 0, sum_quantiles=FIVE.sum_quantiles * 0)
    idle = resolve(Stock([9, 0, 0], unit_cost=4, price=9), still, Policy(moq=5, min_stock=1))
    assert np.isinf(idle.years_of_cover).all()
    assert idle.cost_of_accepting.tolist() == [0, 16, 16]
    assert idle.cheaper.tolist() == ["", "wait", "wait"]
    free = resolve(Stock(100, unit_cost=0, price=0), FIVE, Policy(moq=60))
    assert free.cheaper.tolist() == ["accept"] * 3
    rare = known_forecasts(0.002)
    assert resolve(Stock(0), rare, Policy(min_stock=1)).years_of_cover == pytest.approx([1 / 0.73])
    some = resolve(Stock(0, unit_cost=4), rare, Policy(min_stock=1, moq=5))
    left = np.minimum(expected_left(rare, np.full(1, 180.0), np.full(1, 5.0)), 4)
    assert some.cost_of_accepting == pytest.approx(4 * ((4 - left) * 0.25 * (4 / 0.73) / 2 + left))
