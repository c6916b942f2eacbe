"""Replay: conservation, determinism, no look into the future, promises kept on a known law."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from app.domain.replenishment.replay import replay, stock_at_fill
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
        lambda known, rows: np.full((len(rows), 1), stats.poisson.ppf(0.95, 5 * 17)),
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
