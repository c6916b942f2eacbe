"""Replay: conservation, determinism, no look into the future, promises kept on a known law."""

from dataclasses import replace

import numpy as np
import pytest

from app.domain.replenishment.replay import replay, stock_at_fill
from tests.domain.golden import Poisson
from tests.domain.shops import shop


def constant_policy(level: float):
    return lambda known, rows: level + np.tile([0.0, 5.0], (len(rows), 1))


def test_replay_conserves_units_every_day_and_is_deterministic() -> None:
    panel = shop(10, 120)
    go = {"rows": np.arange(10), "first_review": 50, "days": 56, "review_days": 7, "lead_time_days": 3}
    one, two = replay(panel, constant_policy(30), **go), replay(panel, constant_policy(30), **go)
    assert one.stock.tobytes() == two.stock.tobytes()
    before = np.concatenate([one.start[..., None], one.stock[..., :-1]], axis=2)
    assert np.array_equal(before + one.received, one.sold + one.stock)
    assert np.array_equal(one.sold + one.lost, np.broadcast_to(one.demand[:, None], one.sold.shape))
    assert (one.fill_rate(np.ones(10))[1] >= one.fill_rate(np.ones(10))[0]) and (one.stock >= 0).all()
    assert np.array_equal(one.interval(np.ones(10), seed=3), two.interval(np.ones(10), seed=3))
    assert one.stock_value(np.ones(10)).shape == one.cycle_service().shape == (2,)


def test_replay_sees_no_future() -> None:
    panel = shop(6, 100)
    changed = panel.units.copy()
    changed[:, 78:] = 50
    go = {"rows": np.arange(6), "first_review": 50, "days": 42, "review_days": 7, "lead_time_days": 2}
    seen: list[int] = []

    def decide(known, rows):
        seen.append(known.days)
        return (known.units[rows, -28:].mean(axis=1) * 16)[:, None]

    first, second = (replay(replace(panel, units=u), decide, **go) for u in (panel.units, changed))
    same = 78 - 51
    assert np.array_equal(first.stock[..., :same], second.stock[..., :same])
    assert not np.array_equal(first.stock, second.stock)
    assert seen[:6] == [51 + 7 * k for k in range(6)]


def test_replay_input_is_checked() -> None:
    panel = replace(shop(2, 60), starts=np.array([0, 55]))
    go = {"review_days": 7, "lead_time_days": 2}
    with pytest.raises(ValueError, match="35 days after column 50"):
        replay(panel, constant_policy(1), rows=np.array([0]), first_review=50, days=35, **go)
    with pytest.raises(ValueError, match="must have begun"):
        replay(panel, constant_policy(1), rows=np.array([1]), first_review=30, days=14, **go)


def test_order_up_to_keeps_its_promise_on_a_known_law() -> None:
    """G13, lost sales: at S = 100 about .960 of the cycles and .9951 of the units."""
    panel = shop(200, 440, rate=(5, 5.0001))
    made = replay(
        panel,
        lambda known, rows: np.full((len(rows), 1), Poisson(5 * 17).ppf(0.95)),
        rows=np.arange(200),
        first_review=10,
        days=420,
        review_days=7,
        lead_time_days=10,
    )
    assert made.cycle_service(after=4)[0] == pytest.approx(0.960, abs=0.006)
    assert made.fill_rate(np.ones(200))[0] == pytest.approx(0.9951, abs=0.0008)


def test_each_draw_of_demand_meets_its_own_stock() -> None:
    panel = shop(4, 60)
    demand = np.stack([panel.units[:, 31:52], panel.units[:, 31:52] + 3], axis=1)
    go = {"rows": np.arange(4), "first_review": 30, "days": 21, "review_days": 7, "lead_time_days": 2}
    made = replay(panel, lambda known, rows: np.full((len(rows), 2), 30.0), demand=demand, **go)
    alone = replay(panel, lambda known, rows: np.full((len(rows), 1), 30.0), demand=demand[:, 1], **go)
    assert np.array_equal(made.stock[:, 1], alone.stock[:, 0])
    assert np.array_equal(made.take(np.array([2])).sold, made.sold[[2]])


def test_each_variant_has_its_own_review_and_lead_time() -> None:
    panel = shop(2, 60, rate=(3, 4))
    asked: list[tuple[int, int]] = []

    def decide(known, rows):
        asked.extend((known.days, row) for row in rows)
        return np.full((len(rows), 1), 40.0)

    go = {"rows": np.arange(2), "first_review": 30, "days": 20}
    made = replay(panel, decide, review_days=[7, 10], lead_time_days=[1, 4], **go)
    assert [day for day, row in asked if row == 1] == [31, 41]
    assert [day for day, row in asked if row == 0] == [31, 38, 45]
    assert np.flatnonzero(made.received[0, 0]).tolist() == [8, 15]
    assert np.flatnonzero(made.received[1, 0]).tolist() == [14]
    assert made.cycle_service().shape == (1,)


def test_stock_at_fill_interpolates_or_says_not_reached() -> None:
    fill, stock = np.array([0.95, 0.85]), np.array([200.0, 100])
    assert stock_at_fill(fill, stock, 0.9) == pytest.approx(150)
    assert np.isnan(stock_at_fill(fill, stock, 0.99))
    nothing = replay(
        replace(shop(1, 40), units=np.zeros((1, 40))),
        constant_policy(3),
        rows=np.array([0]),
        first_review=5,
        days=14,
        review_days=7,
        lead_time_days=1,
    )
    assert np.isnan(nothing.fill_rate(np.ones(1))).all()


def test_a_replay_by_hand() -> None:
    """Target 10, a review every second day, one day of lead time."""
    units = np.concatenate([np.ones(5), [4, 3, 6, 2, 5, 1]])[None]
    panel = replace(shop(1, 11), units=units)
    go = {"rows": np.array([0]), "first_review": 4, "days": 6, "review_days": 2, "lead_time_days": 1}
    made = replay(panel, lambda known, rows: np.full((1, 2), [[10.0, 9.5]]), **go)
    assert made.start.tolist() == [[10, 10]]
    assert made.stock[0, 0].tolist() == [6, 3, 0, 5, 0, 4]
    assert made.sold[0, 0].tolist() == [4, 3, 3, 2, 5, 1]
    assert made.lost[0, 0].tolist() == [0, 0, 3, 0, 0, 0]
    assert made.received[0, 0].tolist() == [0, 0, 0, 7, 0, 5]
    assert np.array_equal(made.stock[:, 0], made.stock[:, 1])
    assert made.fill_rate(np.ones(1)) == pytest.approx([18 / 21] * 2)
    assert made.stock_value(np.array([2.0])) == pytest.approx([6, 6])
    assert made.cycle_service() == pytest.approx([2 / 3] * 2)
    assert made.cycle_service(after=1) == pytest.approx([1 / 2] * 2)
    longer = replace(panel, units=np.append(units, [[9.0]], axis=1))
    two = replay(longer, lambda known, rows: np.full((1, 1), 10.0), **go | {"days": 7})
    assert two.cycle_service() == pytest.approx([2 / 3])  # the seventh day is no whole cycle
    fewer = replay(panel, lambda known, rows: np.full((1, 1), 60.0 - 8 * known.days), **go)
    assert (
        fewer.start[0, 0] == 20 and (fewer.received == 0).all()
    )  # above a falling target nothing is ordered
    returned = replay(
        panel, lambda known, rows: np.full((1, 1), 10.0), demand=np.array([[-4.0, 3]]), **go | {"days": 2}
    )
    assert returned.demand[0, 0] == 0 and returned.stock[0, 0, 0] == 10
    little = replay(panel, constant_policy(1), demand=np.array([[0.5, 0.25]]), **go | {"days": 2})
    assert little.fill_rate(np.ones(1)).tolist() == [1, 1]


def test_fill_and_interval_weigh_each_variant_by_its_value() -> None:
    panel = replace(shop(2, 40), units=np.ones((2, 40)))
    made = replay(
        panel,
        lambda known, rows: np.array([[40.0], [0.0]])[rows],
        rows=np.arange(2),
        first_review=10,
        days=21,
        review_days=7,
        lead_time_days=1,
    )
    assert made.fill_rate(np.array([3.0, 1.0])) == pytest.approx([0.75])
    assert made.interval(np.array([3.0, 1.0])).tolist() == [[0, 1]]
    assert made.interval(np.array([3.0, 1.0]), draws=1).shape == (1, 2)
    assert made.cycle_service() == pytest.approx([0.5])  # a single unit lost spoils a cycle
    for value in (np.array([3.0, 2.0]), np.array([3e-6, 2e-6])):  # however small the money is
        single = {round(float(made.interval(value, seed=s, draws=1)[0, 0]), 9) for s in range(20)}
        assert single == {0.0, 0.6, 1.0}  # twice the one, one of each, twice the other
    assert made.stock_value(np.array([3.0, 1.0])) == pytest.approx([3 * made.stock[0].mean()])


def test_the_edges_of_what_can_be_replayed() -> None:
    panel = replace(shop(2, 60), starts=np.array([0, 30]))
    go = {"rows": np.arange(2), "review_days": 7, "lead_time_days": 2}
    assert replay(panel, constant_policy(9), first_review=30, days=29, **go).stock.shape == (2, 2, 29)
    with pytest.raises(ValueError, match="than the 60 there are"):
        replay(panel, constant_policy(9), first_review=30, days=30, **go)
    with pytest.raises(ValueError, match="must have begun"):
        replay(panel, constant_policy(9), first_review=29, days=28, **go)
    fill, stock = np.array([0.8, 0.9]), np.array([10.0, 20])
    assert [stock_at_fill(fill, stock, f) for f in (0.8, 0.85, 0.9)] == pytest.approx([10, 15, 20])
    assert np.isnan([stock_at_fill(fill, stock, f) for f in (0.799, 0.901)]).all()
    more = np.array([0.8, 0.85, 0.9]), np.array([10.0, 14, 20])
    assert [stock_at_fill(*more, f) for f in (0.8, 0.88, 0.9)] == pytest.approx([10, 17.6, 20])


def test_one_that_began_on_the_day_of_the_review_is_known_by_its_place() -> None:
    panel = replace(shop(2, 60), starts=np.array([30, 0]))
    asked: list[list[int]] = []

    def decide(known, rows):
        asked.append(known.keys[rows].tolist())
        return np.full((len(rows), 1), 9.0)

    replay(panel, decide, rows=np.arange(2), first_review=30, days=7, review_days=7, lead_time_days=2)
    assert asked == [[100, 101]]
