"""A proof of steady demand, whose orders can be told by hand: what is measured, the rule, and limits of orders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.replenishment import Policy
from app.domain.replenishment.proof import Proof, Way, provable, prove, window
from app.domain.replenishment.replay import Order, replay
from tests.domain.shops import DAY

DAYS = 130
FIRST, LENGTH = 56, 73  # of `window(DAYS)`
POLICY = Policy(lead_time_days=3, review_days=7)
WARM = 10  # lead time and review of POLICY


def steady() -> Panel:
    """Two a day: of one that was faster before, one begun 15 days before the first review, one no longer sold."""
    units = np.full((3, DAYS), 2.0)
    units[0, : FIRST - 30] = 7
    units[1, : FIRST - 15] = 0
    units[2, FIRST - 31 :] = 0
    return Panel(np.arange(3), DAY, units, np.array([0, FIRST - 15, 0]))


def proven(
    policy: Policy = POLICY, *, closing: np.ndarray | None = None, panel: Panel | None = None
) -> Proof:
    panel = steady() if panel is None else panel
    known = np.full(panel.units.shape, 50.0) if closing is None else closing
    nothing = np.zeros(known.shape, dtype=bool)
    return prove(
        panel, policy, rows=np.arange(len(panel)), closing=known, inferred=nothing, engine="moving_average"
    )


def replayed(targets: list[float], policy: Policy = POLICY, *, order: Order | None = None) -> np.ndarray:
    """(n,) mean closing stock over the measured days, ordered up to these targets."""
    lead, review = (np.ceil(policy.each(name, 3)) for name in ("lead_time_days", "review_days"))
    made = replay(
        steady(),
        lambda known, rows: np.array(targets)[rows, None],
        rows=np.arange(3),
        first_review=FIRST,
        days=LENGTH,
        review_days=review,
        lead_time_days=lead,
        order=order,
    )
    stock: np.ndarray = made.stock[:, 0, int((lead + review).max()) :].mean(axis=1)
    return stock


def means(way: Way) -> list[float]:
    assert (way.stock == way.stock[:, :1]).all(), "what is known is the same in each draw"
    return way.stock[:, 0].tolist()


def test_the_window_of_these_days() -> None:
    assert window(DAYS) == (FIRST, LENGTH)


def test_the_rule_is_thirty_days_average_for_the_lead_time_and_thirty_days() -> None:
    made = proven()
    assert means(made.rule) == pytest.approx(replayed([2 * (3 + 30), 2 * (3 + 30), 0]))
    assert made.rule.empty[:, 0].tolist() == [0, 0, made.days], "nothing is kept of what nobody buys"
    gone = steady().units - 3 * (np.arange(DAYS) % 30 == 0)  # more comes back than goes out
    gone[2, FIRST - 31 :] = -1
    back = proven(panel=replace(steady(), units=gone))
    assert means(back.rule)[2] == 0


def test_orders_fill_up_to_the_target_in_whole_cases_within_the_maximum() -> None:
    high = replace(POLICY, min_stock=101)  # above what is forecast: the target all the time
    assert means(proven(high).ours) == pytest.approx(replayed([101] * 3, high))
    most = replace(high, max_stock=90, moq=8, case_size=4)

    def order(_: np.ndarray, target: np.ndarray, position: np.ndarray) -> np.ndarray:
        cases = np.minimum(np.ceil((target - position) / 4), np.floor((90 - position) / 4))
        return np.where((target > position) & (cases >= 2), 4 * cases, 0)

    limited = proven(most)
    assert means(limited.ours) == pytest.approx(replayed([101] * 3, most, order=order))
    assert (limited.ours.stock < proven(high).ours.stock)[:2].all()


def test_a_shelf_that_holds_one_is_not_empty() -> None:
    never = steady().units * np.array([[1], [1], [0]])
    made = proven(replace(POLICY, min_stock=[0, 0, 1]), panel=replace(steady(), units=never))
    assert made.ours.stock[2].tolist() == [1] * made.ours.stock.shape[1]
    assert not made.ours.empty[2].any()


@pytest.mark.parametrize(
    ("policy", "warm"),
    [
        (POLICY, WARM),
        (Policy([3, 9, 3], 0, [7, 7, 7]), 16),
        (Policy(8.5, 0, 6.5), 9 + 7),
        (Policy(40, 0, 7), LENGTH // 3),
        (Policy(10, 0, 14), LENGTH // 3),
    ],
)
def test_what_is_measured_begins_once_the_first_orders_can_have_come(policy: Policy, warm: int) -> None:
    """After the longest lead time and review in whole days, or a third of the time where that is less."""
    made = proven(policy)
    assert (made.first_column, made.days) == (FIRST + 1 + warm, LENGTH - warm)
    assert made.ours.sold.sum() + made.ours.lost.sum() == pytest.approx(8 * 2 * 2 * made.days)


def test_a_lead_time_of_half_a_day_is_a_whole_one() -> None:
    half, whole = (proven(Policy(lead, 0, 7, min_stock=60)) for lead in (3.5, 4))
    assert means(half.ours) == means(whole.ours)


def test_one_recorded_day_is_the_stock_that_is_known() -> None:
    closing = np.full((3, DAYS), np.nan)
    closing[0, -1], closing[1, -2:] = 12, [4, 8]
    made = proven(closing=closing)
    assert made.had.stock[:2, 0].tolist() == [12, 6] and np.isnan(made.had.stock[2]).all()
    assert made.recorded.tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    ("sold_on", "begun", "first", "is_proven"),
    [
        (10, 0, 99, True),  # within the last 90 days, both ends
        (9, 0, 99, False),
        (99, 0, 99, True),
        (100, 0, 99, False),
        (0, 0, 59, True),
        (60, 32, 60, True),  # four weeks old
        (60, 33, 60, False),
    ],
)
def test_who_is_looked_back_on(sold_on: int, begun: int, first: int, is_proven: bool) -> None:
    units = np.zeros((1, 150))
    units[0, sold_on] = 1
    assert provable(Panel(np.zeros(1), DAY, units, np.array([begun])), first).tolist() == [is_proven]
