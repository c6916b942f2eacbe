"""Proof on a shop's own past: what was had, ours and the rule meet the same demand; figures with ranges."""

from dataclasses import replace

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.demand.records import share_in_stock, unexplained_runs
from app.domain.replenishment import Policy
from app.domain.replenishment.allocation import expected_fill, levels_by_value, targets_by_value
from app.domain.replenishment.proof import Proof, provable, prove, window
from app.domain.replenishment.proof_figures import lines, store_figures
from app.domain.replenishment.settling import Reviewed
from app.domain.replenishment.target import target_stock
from tests.domain.golden import known_forecasts
from tests.domain.shops import DAY, shop, sold_out_shop
from tests.domain.test_replenishment import refused

N, DAYS = 12, 150
SUMS = ("sum_mean", "sum_quantiles")
PRICE, COST = np.full(N, 10.0), np.full(N, 6.0)
POLICY = Policy(lead_time_days=10, review_days=7, service_level=0.95, moq=2, case_size=2, max_stock=500)


def careless_shop(seed: int = 3) -> tuple[Panel, np.ndarray, np.ndarray]:
    """A merchant whose order level is too low: (panel with recorded stock, closing stock, true demand)."""
    sold, stock, wanted = sold_out_shop(N, DAYS, seed, rate=4.0, k=2.0, level=48)
    closing = stock - sold
    panel = Panel(
        np.arange(N), DAY, sold, np.zeros(N, dtype=np.int64), in_stock=share_in_stock(sold, closing)
    )
    return panel, closing, wanted


def proven(panel: Panel, closing: np.ndarray, **more: object) -> Proof:
    nothing = np.zeros(closing.shape, dtype=bool)
    return prove(
        panel, POLICY, rows=np.arange(N), closing=closing, inferred=nothing, engine="average_28", **more
    )


@pytest.fixture(scope="module")
def known() -> tuple[Panel, np.ndarray, np.ndarray, Proof]:
    panel, closing, wanted = careless_shop()
    return panel, closing, wanted, proven(panel, closing)


def test_what_was_had_is_what_was_recorded(known) -> None:
    panel, closing, wanted, proof = known
    measured = slice(proof.first_column, proof.first_column + proof.days)
    assert proof.first_column + proof.days == DAYS
    assert np.array_equal(proof.had.sold[:, 0], panel.units[:, measured].sum(axis=1))
    assert np.allclose(proof.had.stock[:, 0], closing[:, measured].mean(axis=1))
    assert np.array_equal(proof.had.empty[:, 0], (closing[:, measured] <= 0).sum(axis=1))
    true_lost = (wanted - panel.units)[:, measured].sum()
    assert proof.had.lost.mean(axis=1).sum() == pytest.approx(true_lost, rel=0.25)


def test_every_way_meets_the_same_demand(known) -> None:
    *_, proof = known
    total = proof.had.sold + proof.had.lost
    assert np.array_equal(total, proof.ours.sold + proof.ours.lost)
    assert np.array_equal(total, proof.rule.sold + proof.rule.lost)


def test_our_orders_lose_less_than_the_careless_merchant(known) -> None:
    *_, proof = known
    figures = store_figures(proof, PRICE, COST)
    assert figures["ours"].fill.value > figures["had"].fill.value
    assert figures["ours_had"].lost_margin.high < 0
    for one in figures.values():
        for each in vars(one).values():
            assert each.low <= each.value <= each.high
    assert figures["ours_had"].fill.value == pytest.approx(
        figures["ours"].fill.value - figures["had"].fill.value
    )
    each = lines(proof, PRICE, COST)
    assert each.gain.shape == (N,)
    assert each.lost_margin["had"].sum() == pytest.approx(figures["had"].lost_margin.value)
    assert figures == store_figures(proof, PRICE, COST)


def test_a_seed_gives_the_same_proof_to_the_byte(known) -> None:
    panel, closing, _, proof = known
    again = proven(panel, closing)
    for way in ("had", "ours", "rule"):
        for name, values in vars(getattr(proof, way)).items():
            assert values.tobytes() == vars(getattr(again, way))[name].tobytes()
    other = proven(panel, closing, seed=1)
    assert not np.array_equal(other.had.lost, proof.had.lost)


def test_levels_may_be_shared_out_anew_at_each_review(known) -> None:
    panel, closing, _, proof = known
    reviews: list[int] = []

    def share_out(made, policy: Policy, before: Reviewed) -> Policy:
        reviews.append(len(made))
        assert np.isnan(before.target).all(), "nobody's levels move, nobody's targets come down step by step"
        return replace(policy, service_level=np.where(np.arange(N) < 6, 0.6, 0.95))

    less = proven(panel, closing, share_out=share_out)
    assert set(reviews) == {N} and len(reviews) > 5
    assert (less.ours.stock[:6] < proof.ours.stock[:6]).all()
    assert np.array_equal(less.ours.stock[6:], proof.ours.stock[6:])


def test_targets_of_those_whose_levels_move_come_down_step_by_step(known) -> None:
    panel, closing, _, proof = known
    heard: list[np.ndarray] = []

    def share_out(made, policy: Policy, before: Reviewed) -> Policy:
        heard.append(np.broadcast_to(before.target, (N,)))
        return policy

    more = proven(panel, closing, share_out=share_out, moving=lambda made: np.arange(len(made)) < 6)
    assert np.isnan(heard[0]).all()
    assert all((~np.isnan(target) == (np.arange(N) < 6)).all() for target in heard[1:])
    assert (more.ours.stock[:6] > proof.ours.stock[:6]).all()
    assert np.array_equal(more.ours.stock[6:], proof.ours.stock[6:])


def test_replaying_in_parts_asks_for_each_days_targets_once(known, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.domain.replenishment import proof as module

    panel, closing, _, whole = known
    monkeypatch.setattr(module, "CHUNK", 8)
    asked: list[float] = []
    parts = proven(panel, closing, progress=asked.append)
    assert asked == sorted(set(asked))
    assert np.array_equal(parts.ours.sold + parts.ours.lost, parts.had.sold + parts.had.lost)
    assert np.array_equal(parts.had.sold, whole.had.sold)


def test_it_orders_by_what_was_known_alone(known, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.domain.replenishment import proof as module

    seen: list[int] = []
    real = module.forecast

    def watched(panel, **more):
        seen.append(panel.days)
        return real(panel, **more)

    monkeypatch.setattr(module, "forecast", watched)
    panel, closing, *_ = known
    shares: list[float] = []
    proven(panel, closing, progress=shares.append)
    first = window(DAYS)[0]
    assert seen == [first + 1 + 7 * k for k in range(len(seen))]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] < 1


def test_changing_the_future_changes_no_order_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.domain.replenishment import proof as module

    real, panel = module.target_stock, shop(4, 100)
    changed = panel.units.copy()
    changed[:, 80:] = 40
    nothing = np.zeros(panel.units.shape, dtype=bool)

    def targets(units: np.ndarray) -> list[np.ndarray]:
        aimed: list[np.ndarray] = []
        monkeypatch.setattr(module, "target_stock", lambda *given: aimed.append(real(*given)) or aimed[-1])
        prove(
            replace(panel, units=units),
            Policy(),
            rows=np.arange(4),
            closing=panel.units,
            inferred=nothing,
            engine="calibrated_average",
        )
        return aimed

    was, now = targets(panel.units), targets(changed)
    known = [window(100)[0] + 1 + 7 * k <= 80 for k in range(len(was))]
    assert [np.array_equal(a, b) for a, b in zip(was, now, strict=True)] == known
    assert sum(known) >= 4 and not all(known)


def test_without_records_and_money_figures_are_missing_not_made_up(known) -> None:
    panel, closing, *_ = known
    nothing = np.full(closing.shape, np.nan)
    proof = proven(replace(panel, in_stock=None), nothing)
    figures = store_figures(proof, np.full(N, np.nan), np.full(N, np.nan))
    assert figures["had"].stock_value.value is None
    assert figures["ours"].lost_margin.value is None
    assert figures["had"].fill.value == 1.0
    assert proof.recorded.sum() == 0
    assert np.isnan(lines(proof, PRICE, np.full(N, np.nan)).gain).all()


def test_the_automatic_engine_learns_anew_every_four_weeks(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.domain.replenishment import proof as module

    trained: list[int] = []
    real = module.choose

    def watched(panel, *, focus, seed):
        trained.append(panel.days)
        assert focus == 9 + 7
        return real(panel, focus=focus, seed=seed)

    monkeypatch.setattr(module, "choose", watched)
    panel = shop(3, 110)
    nothing = np.full((3, 110), np.nan)
    rows = np.flatnonzero(provable(panel, window(110)[0]))
    policy = Policy(lead_time_days=9, review_days=7)
    prove(panel, policy, rows=rows, closing=nothing, inferred=np.zeros((3, 110), dtype=bool))
    assert np.diff(trained).tolist() == [28]


def test_a_short_past_is_refused() -> None:
    assert window(98) is None
    assert window(99) == (56, 42)
    assert window(1000) == (817, 182)
    with pytest.raises(ValueError, match="99 are needed"):
        panel = shop(2, 60)
        prove(panel, Policy(), rows=np.arange(2), closing=panel.units, inferred=panel.units > 9)


def test_only_products_that_sold_and_are_old_enough() -> None:
    panel = shop(3, 150, rate=(2, 3))
    units = panel.units.copy()
    units[1, :80] = 0
    late = replace(panel, units=units, starts=np.array([0, 0, 60]))
    assert provable(late, 79).tolist() == [True, False, False]


def test_runs_that_chance_does_not_explain() -> None:
    rng = np.random.default_rng(5)
    units = rng.poisson(3.0, (4, 150)).astype(float)
    units[0, 100:112] = 0  # long, ended by a sale
    units[1, 100:150] = 0  # never ended
    units[2] = (np.arange(150) % 10 == 0) * 1.0  # rare: ten days without a sale are usual
    units[3, 10:80] = 0  # too long: the product was gone
    panel = Panel(np.arange(4), DAY, units, np.zeros(4, dtype=np.int64))
    found = unexplained_runs(panel)
    assert found[0].nonzero()[0].tolist() == list(range(100, 112))
    assert not found[1:].any()
    shut = np.zeros(150, dtype=bool)
    shut[100:112] = True
    assert not unexplained_runs(replace(panel, closed=shut)).any()


def test_share_of_the_day_from_the_closing_stock() -> None:
    share = share_in_stock(np.array([[3.0, 3, 0, 1]]), np.array([[5.0, 0, 0, np.nan]]))
    assert share[0, :3].tolist() == [1.0, 0.5, 0.0]
    assert np.isnan(share[0, 3])


def test_service_by_value_goes_where_it_is_cheap() -> None:
    fast = known_forecasts(5.0, n=3)
    rates = np.array([0.05, 0.01, 0.001])
    one = np.ones(3)
    made = targets_by_value(fast, Policy(), value=one, cost=one, rates=rates)
    assert (np.diff(made, axis=1) >= 0).all() and (made == np.round(made)).all()
    dear = targets_by_value(fast, Policy(), value=one, cost=np.array([1, 20, 1.0]), rates=rates)
    assert (dear[1] <= made[1]).all() and dear[1, 0] < made[1, 0]
    fill = expected_fill(fast, Policy(), made, one)
    assert (np.diff(fill) >= 0).all() and 0.5 < fill[0] <= fill[-1] <= 1
    nothing = targets_by_value(fast, Policy(), value=one * 0, cost=one * 1e6, rates=rates)
    assert not nothing.any()
    assert np.isnan(targets_by_value(refused(fast), Policy(), value=one, cost=one, rates=rates)).all()


def test_a_shop_with_stock_records_that_learns_from_all_products() -> None:
    panel = shop(30, 99)
    recorded = replace(panel, in_stock=np.ones(panel.units.shape))
    closing = np.full(panel.units.shape, 9.0)
    nothing = np.zeros(closing.shape, dtype=bool)
    seldom = Policy(review_days=21)
    made = prove(recorded, seldom, rows=np.arange(30), closing=closing, inferred=nothing)
    assert made.ours.stock.shape[0] == 30 and (made.recorded == made.days).all()


def test_levels_by_value_serve_as_much_for_less_money() -> None:
    slow, fast = (known_forecasts(rate, n=12) for rate in (0.05, 5.0))
    both = {name: np.concatenate([getattr(part, name) for part in (slow, fast)]) for name in SUMS}
    n, made = 24, replace(known_forecasts(5.0, n=24), **both)
    value, cost, nobody = (
        np.full(n, 10.0),
        np.append(np.full(12, 9.0), np.full(12, 1.0)),
        np.zeros(n, dtype=bool),
    )
    cost[[11, 23]] = np.nan
    levels = levels_by_value(made, Policy(), value=value, cost=cost, fixed=nobody)
    known = ~np.isnan(cost)
    assert (levels[~known] == 0.95).all() and (levels >= 0.5).all()
    assert levels[12] > 0.95 > levels[0]  # what is fast and cheap gets more, what is slow and dear less
    weight = np.where(known, value, 0.0)
    was, now = (target_stock(made, Policy(service_level=one)) for one in (0.95, levels))
    shares = expected_fill(made, Policy(), np.stack([was, now], axis=1), weight)
    assert shares[0] <= shares[1] < shares[0] + 0.005
    assert (now * cost)[known].sum() < 0.95 * (was * cost)[known].sum()
    kept = levels_by_value(made, Policy(service_level=0.8), value=value, cost=cost, fixed=~nobody)
    assert kept.tolist() == [0.8] * n
    most = Policy(service_level=0.9999)
    unworthy = levels_by_value(made, most, value=value, cost=cost * 1e9, fixed=np.arange(n) == 3)
    assert set(unworthy[known]) == {0.5, 0.9999} and unworthy[3] == 0.9999


def test_some_variants_of_a_policy() -> None:
    some = Policy(lead_time_days=[3, 4, 5], service_level=0.9).take(np.array([2, 0]))
    assert some.each("lead_time_days", 2).tolist() == [5, 3] and some.each("service_level", 2).tolist() == [
        0.9,
        0.9,
    ]
