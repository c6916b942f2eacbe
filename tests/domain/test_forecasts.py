"""Engines: no leak from the future, sane answers to odd series, small shops, determinism."""

from dataclasses import replace

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.forecasts import ENGINES, automatic, calibrated, forecast, learned
from app.domain.forecasts.features import features
from app.domain.forecasts.own_spread import own_spread
from app.domain.forecasts.result import GRID_DAYS, GRID_Q
from app.domain.forecasts.shop import Shop
from app.domain.forecasts.windows import DECAYS, Windows
from tests.domain.shops import DAY, shop

FAST = [name for name in ENGINES if name != "prophet"]


def odd_series() -> Panel:
    """Constant, all zero, one sale, huge, fractional, mostly negative, new, and sold long ago."""
    rng = np.random.default_rng(3)
    days = 100
    rows = np.zeros((8, days))
    rows[0] = 5
    rows[2, 40] = 3
    rows[3] = rng.poisson(3e6, days)
    rows[4] = rng.uniform(0, 0.4, days)
    rows[5] = -rng.poisson(2, days)
    rows[6, -3:] = [1, 2, 1]
    rows[7, :5] = 9
    return Panel(np.array(list("abcdefgh")), DAY, rows, np.array([0, 0, 40, 0, 0, 0, 97, 0]))


@pytest.mark.parametrize("engine", FAST)
def test_odd_series_give_finite_sane_answers_or_a_refusal(engine: str) -> None:
    result = forecast(odd_series(), engine=engine)
    refused = result.refused.tolist()
    assert refused == [False, True, False, False, False, True, True, False]
    for i in np.flatnonzero(~result.refused):
        assert np.isfinite(result.sum_quantiles[i]).all()
        assert (result.sum_quantiles[i] >= 0).all()
        assert np.isfinite(result.daily_mean[i]).all()
    assert all(until is not None for until in result.refused_until[result.refused])
    assert 90 < result.mean_of_sum(28)[0] < 190
    assert result.mean_of_sum(28)[3] == pytest.approx(28 * 3e6, rel=0.35)


@pytest.mark.parametrize("engine", FAST)
@pytest.mark.parametrize(("n", "days"), [(1, 1), (1, 40), (1, 400), (5, 10), (20, 60)])
def test_small_shops_and_short_histories(engine: str, n: int, days: int) -> None:
    result = forecast(shop(n, days, rate=(2, 6)), engine=engine, refuse_below_days=1)
    seen = ~result.refused
    assert np.isfinite(result.sum_quantiles[seen]).all()
    assert (np.diff(result.sum_quantiles[seen], axis=1) >= 0).all()
    assert (np.diff(result.sum_quantiles[seen], axis=2) >= 0).all()
    assert (result.confidence == "low").all() == (days < 30)


@pytest.mark.parametrize("engine", ["auto", "calibrated_average", "own_spread", "learned"])
def test_huge_launches_beside_it_do_not_carry_a_small_product_away(engine: str) -> None:
    rng = np.random.default_rng(4)
    units, starts = rng.poisson(3e8, (12, 60)) * 1.0, np.append(np.arange(10, 21), 57)
    units[11] = 5.0
    panel = Panel(np.arange(12), DAY, np.where(np.arange(60) >= starts[:, None], units, 0.0), starts)
    made = forecast(panel, engine=engine, refuse_below_days=1)
    assert 0 < made.mean_of_sum(28)[11] < 10 * 28 * 5
    assert made.mean_of_sum(28)[0] == pytest.approx(28 * 3e8, rel=0.5)


@pytest.mark.parametrize("engine", ["auto", "own_spread"])
def test_one_sale_beside_erratic_giants_keeps_a_range_of_its_own_size(engine: str) -> None:
    rng = np.random.default_rng(3)
    units = rng.poisson(rng.gamma(0.3, 1e5, (8, 90))) * 1.0
    units[0] = 0.0
    units[0, 70] = 3.0
    panel = Panel(np.arange(8), DAY, units, (units > 0).argmax(axis=1))
    high = forecast(panel, engine=engine).quantile_of_sum(np.full(8, 28.0), 0.975)
    assert high[0] < 300
    assert high[1] > 1e5


@pytest.mark.parametrize("engine", ["calibrated_average", "own_spread"])
def test_products_that_exploded_do_not_carry_a_steady_one_beyond_five_times_its_largest_day(
    engine: str,
) -> None:
    units = np.exp(np.minimum(np.arange(90) * np.linspace(0, 0.5, 8)[:, None], 40.0))
    panel = Panel(np.arange(8), DAY, units, np.zeros(8, dtype=np.int64))
    made = forecast(panel, engine=engine)
    assert made.mean_of_sum(28)[0] <= 5 * 28
    assert made.quantile_of_sum(28, 0.995)[0] <= 5 * 28
    assert (made.sum_quantiles <= 5 * units[:, -1, None, None] * np.maximum(GRID_DAYS, 7)[:, None]).all()


def test_features_read_nothing_after_the_cut() -> None:
    panel = shop(6, 120)
    later = panel.units.copy()
    later[:, 80:] = 999
    row, cut, length = np.arange(6), np.full(6, 80), np.full(6, 28)
    made = []
    for units in (panel.units, later):
        known = replace(panel, units=units)
        shared = Shop.of(panel.until_column(80), 0.05)
        made.append(features(Windows.of(known), shared, None, row, cut, length))
    assert np.array_equal(made[0][0], made[1][0], equal_nan=True)
    assert np.array_equal(made[0][1], made[1][1])


def test_shop_state_reads_nothing_after_the_cut() -> None:
    panel = shop(6, 500)
    later = panel.units.copy()
    later[:, 400:] = 999
    cut = np.array([400])
    rates = [Shop.of(replace(panel, units=u), 0.05).rate(cut - 7, cut) for u in (panel.units, later)]
    assert np.array_equal(rates[0], rates[1])
    assert np.isnan(Shop.of(panel, 0.05).rate(np.array([-3]), np.array([4]))).all()


def test_calibration_windows_end_by_the_last_known_day() -> None:
    panel = shop(5, 60)
    shared = Shop.of(panel, 0.05)
    pool = calibrated.past_sums(panel, Windows.of(panel), shared, 28)
    assert pool.actual.sum() > 0
    assert len(calibrated.past_sums(panel, Windows.of(panel), shared, 60).row) == 0


def test_same_seed_same_forecast_and_only_selects_rows(market: Panel, choice: automatic.Choice) -> None:
    panel = market
    whole, again = forecast(panel), forecast(panel, choice=choice)
    assert choice.learned is not None
    assert whole.sum_quantiles.tobytes() == again.sum_quantiles.tobytes()
    some = forecast(panel, choice=choice, only=np.array([3, 7]))
    assert some.keys.tolist() == panel.keys[[3, 7]].tolist()
    assert np.allclose(some.sum_quantiles, whole.sum_quantiles[[3, 7]])


def test_engine_can_be_chosen_for_one_variant() -> None:
    panel = shop(4, 60)
    result = forecast(panel, engine="average_28", engines={101: "moving_average"})
    assert result.model.tolist() == ["average_28", "moving_average", "average_28", "average_28"]


@pytest.mark.parametrize("horizon", [0, 181])
def test_horizon_is_checked(horizon: int) -> None:
    with pytest.raises(ValueError, match="horizon must be 1 to 180"):
        forecast(shop(1, 40), horizon=horizon)


@pytest.mark.parametrize(("days", "q", "words"), [(181, 0.5, "days must be"), (7, 1.0, "q must lie")])
def test_questions_outside_the_forecast_are_refused(days: float, q: float, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        forecast(shop(1, 40), engine="average_28").quantile_of_sum(days, q)


def test_arrays_of_the_wrong_shape_are_named() -> None:
    made = forecast(shop(2, 40), engine="average_28")
    with pytest.raises(ValueError, match="daily_low has shape"):
        replace(made, daily_low=made.daily_low[:1])
    with pytest.raises(ValueError, match="days has shape"):
        made.mean_of_sum([1, 2, 3])


def test_paths_agree_with_single_questions() -> None:
    made = forecast(shop(3, 60), engine="calibrated_average")
    path = made.paths(0.9)
    assert path[:, 16] == pytest.approx(made.quantile_of_sum(17, 0.9))
    assert made.mean_path()[:, 27] == pytest.approx(made.mean_of_sum(28))


def test_weekly_pattern_shapes_the_days() -> None:
    panel = shop(40, 140, rate=(8, 9))
    units = panel.units.copy()
    sundays = (panel.first_day.weekday() + np.arange(140)) % 7 == 6
    units[:, sundays] = 0
    made = forecast(replace(panel, units=units), engine="calibrated_average")
    coming = (made.origin.weekday() + 1 + np.arange(28)) % 7 == 6
    assert made.daily_mean[:, coming].max() < 0.2 * made.daily_mean[:, ~coming].min()
    typical = made.daily_mean.mean(axis=0)
    assert typical[~coming].max() < 1.25 * typical[~coming].min()
    assert (made.daily_low <= made.daily_mean).all()
    assert (made.daily_mean <= made.daily_high).all()
    assert made.daily_mean.sum(axis=1) == pytest.approx(made.mean_of_sum(28), rel=0.02)


def test_calibrated_ranges_hold_what_they_promise() -> None:
    panel = shop(150, 150, seed=8)
    known, later = panel.until_column(122), panel.units[:, 122:].sum(axis=1)
    made = forecast(known, engine="calibrated_average")
    inside = (later >= made.quantile_of_sum(28, 0.1)) & (later <= made.quantile_of_sum(28, 0.9))
    assert 0.7 < inside.mean() < 0.93


def test_own_spread_knows_the_steady_from_the_erratic() -> None:
    steady = shop(20, 150, rate=(4, 4))
    erratic = np.where(np.random.default_rng(1).random((20, 150)) < 0.1, 40.0, 0.0)
    units = np.concatenate([steady.units, erratic])
    panel = Panel(np.arange(40), DAY, units, np.zeros(40, dtype=np.int64))
    made = forecast(panel, engine="own_spread")
    width = made.quantile_of_sum(28, 0.9) - made.quantile_of_sum(28, 0.1)
    assert np.median(width[20:]) > 3 * np.median(width[:20])
    # Poisson sums of 112 have a middle 80 % of 27 units; what comes on top is for a level that may drift.
    assert 24 < np.median(width[:20]) < 45


def test_where_few_months_are_known_the_outermost_ranges_are_wider_than_a_normal_laws() -> None:
    table = own_spread(shop(4, 9, rate=(2000, 3000)), np.arange(4))[:, 0]
    at = np.sqrt(table[:, np.searchsorted(GRID_Q, [0.5, 0.75, 0.9, 0.975])])
    near, far = ((at[:, k] - at[:, 0]) / (at[:, 2] - at[:, 0]) for k in (1, 3))
    assert near == pytest.approx(0.674 / 1.282, rel=0.05)
    assert (far > 1.05 * 1.960 / 1.282).all()


def test_own_spread_without_windows_to_look_at_uses_a_law() -> None:
    panel = shop(2, 30, rate=(4, 4))
    made = forecast(panel, engine="own_spread")
    assert (made.quantile_of_sum(28, 0.05) < 112).all()
    assert (made.quantile_of_sum(28, 0.95) > 112).all()
    assert (made.quantile_of_sum(28, 0.95) < 250).all()


def test_mix_and_its_backtest(
    market: Panel, choice: automatic.Choice, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, rows = market, np.arange(40)
    assert 0 <= choice.share <= 1
    assert 0 <= choice.own <= 1
    assert choice.learned is not None
    deep = automatic.Choice(1.0, 0.0, choice.decay, choice.learned, 0.0, 120)
    simple = automatic.Choice(0.0, 0.0, choice.decay, None, 0.0, 120)
    own = replace(simple, own=1.0)
    half = automatic.Choice(0.5, 0.4, choice.decay, deep.learned, 0.0, 120)
    parts = [automatic.quantiles(c, panel, rows) for c in (deep, simple, own, half)]
    roots = np.sqrt(parts[:3])
    assert np.allclose((0.5 * roots[0] + 0.3 * roots[1] + 0.2 * roots[2]) ** 2, parts[3])
    assert (np.diff(parts[3], axis=1) >= 0).all() and (np.diff(parts[3], axis=2) >= 0).all()
    assert automatic.Choice.from_json(deep.to_json()) == deep
    assert automatic.Choice.from_json(simple.to_json()) == simple
    assert automatic.reason(simple) == "average"
    assert automatic.reason(replace(simple, gain=np.nan)) == "average_unlearnt"
    assert automatic.reason(half) == "learnt share=50"
    assert automatic.reason(replace(half, gain=0.1)) == "learnt share=50 closer=10"
    assert automatic.still_fits(half, panel)
    assert not automatic.still_fits(half, panel.until_column(110))
    assert not automatic.still_fits(replace(half, version=0), panel)
    assert not automatic.still_fits(half, replace(panel, price=np.ones(40)))
    assert automatic.still_fits(simple, panel)
    stored = forecast(panel, choice=half)
    assert np.allclose(stored.sum_quantiles, parts[3])
    assert stored.reason[0] == automatic.reason(half)
    monkeypatch.setattr(automatic, "_backtest", lambda *a: (0.0, 1.0, 0.1))
    assert automatic.choose(panel).learned is None


@pytest.mark.parametrize(
    ("n", "days", "cuts"), [(5, 399, 1), (5, 400, 2), (5, 1800, 6), (300, 1800, 2), (150, 800, 4)]
)
def test_a_small_shop_with_a_long_past_is_tried_at_more_cutoffs(n: int, days: int, cuts: int) -> None:
    panel = Panel(np.arange(n), DAY, np.zeros((n, days)), np.zeros(n, dtype=np.int64))
    assert automatic._cuts(panel) == cuts


def test_the_prior_gives_way_to_evidence() -> None:
    owns = np.array([0.0, 1.0])
    small, large = automatic._prior(20, 200), automatic._prior(3000, 300)
    assert small[0] < large[0] < automatic._prior(3000, 1800)[0]
    assert small[1] > large[1] == 0
    assert automatic._shrunk_choice(np.zeros((6, 2)), owns, 5, small)[:2] == small
    losses = np.arange(1.0, 13.0).reshape(6, 2)
    assert automatic._shrunk_choice(losses, owns, 10**6, large) == (0.0, 0.0, 0.0)
    even = np.ones((6, 2))
    assert automatic._shrunk_choice(even, owns, 10, large)[:2] == (0.9, 0.0)


def test_the_season_is_known_after_a_year_and_adds_no_feature() -> None:
    def made(panel: Panel, cut: int) -> np.ndarray:
        row, length = np.arange(3), np.full(3, 7)
        at = np.full(3, cut)
        return features(Windows.of(panel), Shop.of(panel, 0.05), panel.price, row, at, length)[0]

    short = shop(3, 200)
    first_year, later = made(short, 190), made(shop(3, 420), 410)
    assert first_year.shape == later.shape
    assert np.isnan(first_year[:, -2:]).all()
    assert np.isfinite(later[:, -2:]).all()
    described = replace(short, price=np.ones(3), in_stock=np.ones((3, 200)))
    assert made(described, 190).shape[1] == first_year.shape[1] + 3


def test_a_model_learnt_in_the_first_year_serves_the_days_after_it() -> None:
    panel = shop(30, 400)
    model = learned.learn(panel.until_column(385), 0.05, max_rows=600)
    assert np.isfinite(learned.predict(model, panel, np.arange(30))).all()


def test_learned_model_serves_later_days_without_training() -> None:
    panel = shop(30, 120)
    model = learned.learn(panel.until_column(110), 0.05)
    later = learned.predict(model, panel, np.arange(30))
    assert later.shape == (30, len(GRID_DAYS), len(GRID_Q))
    assert np.isfinite(later).all()


def test_smoothed_rates_are_weighted_means_since_the_start() -> None:
    panel = replace(shop(2, 9), starts=np.array([0, 4]))
    units = np.where(np.arange(9) >= panel.starts[:, None], panel.units, 0.0)
    made = Windows.of(replace(panel, units=units)).smoothed[0.12]
    for row, start in enumerate(panel.starts):
        weights = 0.88 ** np.arange(9 - start)[::-1]
        assert made[row, 8] == pytest.approx((weights * units[row, start:]).sum() / weights.sum(), rel=1e-6)


@pytest.mark.parametrize("days", [30, 200, 700])
def test_what_only_late_cut_offs_need_is_the_same_as_all(days: int) -> None:
    panel = replace(shop(4, days, rate=(0.05, 9)), in_stock=np.full((4, days), 0.5))
    panel = replace(panel, starts=np.array([0, 3, days // 2, days - 2]), price=np.ones(4))
    shared, (row, cut) = Shop.of(panel, 0.12), np.divmod(np.arange(12), 3)
    cut, length = days - cut, np.full(12, 28)
    late, whole = Windows.of(panel, days - 2), Windows.of(panel)
    assert np.array_equal(late.units[:, -1], panel.units.sum(axis=1))
    assert np.array_equal(late.sold[:, -1], (panel.units > 0).sum(axis=1))
    for made, wanted in zip(
        *(features(each, shared, panel.price, row, cut, length) for each in (late, whole)), strict=True
    ):
        assert np.array_equal(made, wanted, equal_nan=True)


def test_what_late_cut_offs_do_not_need_cannot_be_asked_for() -> None:
    one, late = np.array([0]), Windows.of(shop(1, 700), 600)
    with pytest.raises(ValueError, match="cut-off lies before 600"):
        late.level(DECAYS[0], one, np.array([599]))
    with pytest.raises(ValueError, match="begins before column 180"):
        late.total(late.units, one, np.array([179]), np.array([300]))


@pytest.mark.parametrize("days", [1, 27, 29, 200])
def test_peaks_are_the_largest_of_the_last_days(days: int) -> None:
    panel = shop(3, days, rate=(50, 500))
    made = Windows.of(panel).peaks
    for length in (28, 182):
        largest = [panel.units[:, max(0, day + 1 - length) : day + 1].max(axis=1) for day in range(days)]
        assert np.array_equal(made[length], np.stack(largest, axis=1))
