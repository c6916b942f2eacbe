"""Training of the learned engine: which past sums it learns from, how often, and with which trees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.forecasts import automatic, forecast, learned
from app.domain.forecasts.windows import Windows
from tests.domain.shops import shop


def test_training_windows_end_by_the_last_known_day() -> None:
    panel = shop(30, 90)
    rng = np.random.default_rng(0)
    row, cut, length = learned._draw(panel, Windows.of(panel), learned.LENGTHS[:9], 28, 500, rng, share=0.5)
    assert (cut + length <= panel.days).all()
    assert (cut >= learned.FIRST_CUT).all()
    assert len(row) == 500


def test_trees_of_large_datas_outermost_levels_alone_are_split_at_random_places() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(500, 4)), rng.gamma(1.0, size=500)
    for small, wanted in ((False, [0.025, 0.975]), (True, [])):
        boosters = learned._train(x, y, np.ones(500), small=small, seed=0)
        random = ["[extra_trees: 1]" in booster for booster in boosters]
        assert learned.LEVELS[random].tolist() == wanted


@pytest.mark.parametrize(
    ("days", "most", "share", "rows"),
    [
        (380, 200, learned.FOCUS, [14_000, 14_000]),
        (380, 199, learned.FOCUS, [20_000]),
        (360, 200, learned.FOCUS_SMALL, [20_000]),
    ],
)
def test_large_data_teach_most_about_the_length_ordered_for_and_twice_where_there_is_time(
    days: int, most: int, share: float, rows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[np.ndarray] = []
    monkeypatch.setattr(learned, "_train", lambda x, *_, **__: (given.append(x), ())[1])
    for name in ("MAX_ROWS", "LARGE_ROWS"):
        monkeypatch.setattr(learned, name, 20_000)
    monkeypatch.setattr(learned, "TWICE_MOST", most)
    learned.learn(shop(200, days), 0.05, focus=14)
    assert [len(x) for x in given] == rows
    assert learned.has_time(shop(200, days)) == (len(rows) == 2)
    assert len(rows) == 1 or not np.array_equal(given[0], given[1], equal_nan=True)
    for x in given:
        length = np.exp(x[:, 2]).round()
        assert set(learned.LENGTHS[:-1]) <= set(length)
        by_chance = (1 - share) / len(np.unique(length))
        assert np.mean(length == 14) == pytest.approx(share + by_chance, abs=0.02)


def test_what_two_samples_taught_is_averaged(choice: automatic.Choice, market: Panel) -> None:
    one = choice.learned
    assert one is not None
    other = learned.learn(market, one.decay, seed=5)
    both = replace(one, boosters=one.boosters + other.boosters)
    x = np.random.default_rng(0).normal(size=(20, one.models[0][0].num_feature()))
    told = learned._ratios(both.models, x)
    wanted = [
        np.mean([model.predict(x) for model in level], axis=0)
        for level in zip(one.models[0], other.models[0], strict=True)
    ]
    assert told == pytest.approx(np.maximum(np.sort(np.stack(wanted, axis=1), axis=1), 0.0))
    assert not np.allclose(told, learned._ratios(one.models, x))


def test_a_shop_that_stopped_selling_teaches_nothing() -> None:
    panel = shop(30, 400)
    stopped = replace(panel, units=np.where(np.arange(400) < 100, panel.units, 0.0))
    assert not learned.can_learn(stopped)
    rng = np.random.default_rng(0)
    _, cut, _ = learned._draw(stopped, Windows.of(stopped), learned.LENGTHS, 28, 20_000, rng, share=0.5)
    assert cut.max() < 100 + learned.ACTIVE_DAYS
    fresh = replace(panel, starts=np.append(np.full(29, 385), 0))
    made = forecast(fresh, engine="learned", refuse_below_days=1)
    assert np.isfinite(made.sum_quantiles).all()


def test_models_of_three_earlier_weeks_answer_beside_the_newest_where_there_is_time(
    choice: automatic.Choice, market: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert choice.learned is not None
    weeks = [replace(choice.learned, decay=decay, widen=1 + decay) for decay in (0.02, 0.05, 0.12, 0.02)]
    # What is learnt anew is of no matter here.
    monkeypatch.setattr(automatic, "_backtest", lambda *_: (choice.share, choice.own, choice.gain))
    monkeypatch.setattr(learned, "learn", lambda *_, **__: choice.learned)
    old = replace(choice, days=113, learned=weeks[0], earlier=tuple(weeks[1:]))
    assert not learned.has_time(market)
    assert automatic.choose(market, earlier=old).earlier == (), "a small shop asks its newest model alone"
    monkeypatch.setattr(learned, "has_time", lambda panel: True)
    assert automatic.choose(market).earlier == ()
    assert automatic.choose(market, earlier=replace(old, days=100)).earlier == (), "that was too long ago"
    assert automatic.choose(replace(market, price=np.ones(40)), earlier=old).earlier == (), "it knew no price"
    assert automatic.choose(market, earlier=replace(old, learned=None)).earlier == ()
    made = automatic.choose(market, earlier=old)
    assert made.earlier == tuple(weeks[:3])
    assert automatic.Choice.from_json(made.to_json(), made.earlier_to_json()) == made
    assert automatic.Choice.from_json(made.to_json()) == replace(made, earlier=())
    assert "earlier" not in made.to_json(), "a program of before could not read it"
    assert automatic.still_fits(made, market)
    units, starts = market.units.copy(), market.starts.copy()
    for row, first in ((3, 91), (4, 90)):  # sold for 29 and for 30 days
        units[row, :first], units[row, first], starts[row] = 0, 1, first
    launch, rows = replace(market, units=units, starts=starts), np.arange(5)
    models = (choice.learned, *weeks[:3])
    each = [
        automatic.quantiles(replace(made, share=1.0, learned=one, earlier=()), launch, rows) for one in models
    ]
    wanted = np.mean(np.sqrt(each), axis=0) ** 2
    wanted[3] = each[0][3]
    told = automatic.quantiles(replace(made, share=1.0), launch, rows)
    assert told == pytest.approx(wanted) and not np.allclose(wanted[4], each[0][4])
