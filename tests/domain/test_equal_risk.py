"""What a store has, shared out at one risk: levels, what is lost on the way, and what rounding leaves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from app.domain import laws
from app.domain.replenishment import Policy
from app.domain.replenishment.equal_risk import Split, goals, whole
from app.domain.replenishment.locations import LocationPlan, PlaceStock, plan_locations
from app.domain.replenishment.transfers import transfers
from tests.domain.golden import Poisson, known_forecasts

POLICY = Policy(lead_time_days=14, review_days=7, service_level=0.95)
SCORE = ndtri(np.array([0.95]))


def one(*values: float) -> np.ndarray:
    return np.array([values])


def held(*available: float) -> PlaceStock:
    have = one(*available)
    return PlaceStock(have, np.zeros_like(have), np.zeros_like(have), np.ones_like(have, bool))


@pytest.mark.parametrize("share", [1.0, 0.5, 0.25])
def test_a_late_delivery_moves_a_location_by_its_share(share: float) -> None:
    """F4 for a location's own demand: Poisson p·5 a day over 17 days, a lead time that strays by 3 (as G19)."""
    policy, places = Policy(10, 3, 7, 0.95), round(1 / share)
    plan = plan_locations(held(*[1e4] * places), one(*[share] * places), known_forecasts(5.0), policy)
    mean, variance = laws.moments(5 * share, 5 * share, 17, 3)
    wanted = float(laws.quantile(mean, variance, 0.95))
    assert plan.needed[0].tolist() == pytest.approx([wanted] * places, abs=1.5)


def test_too_little_is_shared_at_one_risk_of_what_can_still_be_served() -> None:
    """A transfer of a week loses the second location thirteen units; of the rest both bear the same risk."""
    plan = plan_locations(held(50, 1), one(0.5, 0.5), known_forecasts(4.0), POLICY, [0, 7])
    assert plan.missed.tolist() == [[0, 13]]
    assert plan.target.sum() > 51 == plan.goal.sum()
    law, (first, second) = Poisson(42), plan.goal[0]
    assert law.cdf(one(first))[0, 0] == pytest.approx(law.cdf(one(second + 13))[0, 0], abs=0.07)
    assert abs(first - second - 13) <= 1


def test_what_is_left_at_the_level_goes_to_the_largest_remainders() -> None:
    """One unit less than all targets: rounded up everywhere but where the least of a unit is wanted."""
    split = Split.over(known_forecasts(0.1), np.array([14.0]), np.zeros(1), one(0.16, 0.18, 0.2, 0.38, 0.08))
    wanted, none = split.at(SCORE), np.zeros((1, 5))
    target = whole(wanted)
    total = target.sum() - 1
    assert wanted.sum() < total
    found = goals(split, one(total, 0, 0, 0, 0), none, target, SCORE, none)
    least = int(np.argmin(wanted - np.floor(wanted)))
    assert (target - found)[0].tolist() == np.eye(5)[least].tolist()


def test_far_too_little_goes_to_the_largest_remainders_not_to_the_largest() -> None:
    plan = plan_locations(held(3, 0, 0), one(0.5, 0.3, 0.2), known_forecasts(50.0), POLICY)
    assert plan.goal.tolist() == [[1, 1, 1]], "one and a half, nine tenths and six tenths"


def test_who_has_its_part_of_too_little_lacks_nothing() -> None:
    plan = plan_locations(held(10, 10), one(0.5, 0.5), known_forecasts(4.0), POLICY)
    assert plan.goal.tolist() == [[10, 10]]
    assert plan.lack.tolist() == plan.at_once.tolist() == plan.spare.tolist() == [[0, 0]]


def lacking(lack: list[float], spare: float) -> tuple[PlaceStock, LocationPlan]:
    """The first of some locations has so much to spare, and the others lack so much of what they need."""
    stock, needs = held(spare, *[0.0] * len(lack)), one(0, *lack)
    none = np.zeros_like(needs)
    plan = LocationPlan(none, none, needs, none, needs, needs, none, needs, none, stock.available)
    return stock, plan


@pytest.mark.parametrize(
    ("lack", "spare", "gets"),
    [
        ([7, 5, 2], 10, [5, 4, 1]),  # 5, 3.57 and 1.43
        ([7, 5, 2], 14, [7, 5, 2]),
        ([7, 5, 2], 1, [1, 0, 0]),
        ([3, 3, 3], 8, [3, 3, 2]),
        ([20, 1, 1], 11, [10, 1, 0]),  # the second and third would get a half
    ],
)
def test_too_little_to_spare_is_the_same_part_for_each(
    lack: list[float], spare: float, gets: list[int]
) -> None:
    stock, plan = lacking(lack, spare)
    sent = np.zeros(len(lack) + 1)
    for move in transfers(stock, plan):
        sent[move.destination] += move.units
    assert sent[1:].tolist() == gets
