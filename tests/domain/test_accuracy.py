"""Accuracy by group, with losing cases shown."""

import numpy as np

from app.domain.forecasts.accuracy import scores, wape
from app.domain.forecasts.intermittent import croston


def test_scores_by_group_show_where_the_rival_was_closer() -> None:
    rng = np.random.default_rng(0)
    actual = rng.poisson(20, 40).astype(float)
    good, bad = actual + 1, actual + 9
    group = np.where(np.arange(40) < 20, "fast", "slow")
    mean = np.where(group == "fast", good, bad)
    made = scores(actual, mean, mean - 5, mean + 5, group, other=np.where(group == "fast", bad, good))
    assert [score.group for score in made] == ["slow", "fast"]
    assert [score.losing for score in made] == [True, False]
    assert made[1].within_range == 1.0 and made[0].within_range == 0.0
    assert made[0].bias > made[1].bias > 0
    assert scores(actual[:3], mean[:3], mean[:3], mean[:3], group[:3]) == ()
    assert not scores(actual, mean, mean, mean, group)[0].losing


def test_a_group_is_judged_from_five_forecasts_on() -> None:
    group = np.array(["four"] * 4 + ["five"] * 5)
    nine = np.ones(9)
    assert [score.group for score in scores(nine, nine, nine, nine, group)] == ["five"]


def test_nothing_sold_has_no_wape_and_no_interval() -> None:
    assert np.isnan(wape(np.zeros(3), np.ones(3)))
    assert np.isnan(croston(np.zeros((1, 5)))[0]).all()
