"""Prophet's answers made apart: the same to the byte in any division, known by what they depend on, and used."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.forecasts import Answers, Forecasts, ask, digests, forecast, slow_rows
from app.domain.forecasts.answers import seeds
from tests.domain.shops import shop

MANY = shop(3, 70)


def joined(parts: list[Answers]) -> Answers:
    return Answers(
        np.concatenate([part.keys for part in parts]),
        np.concatenate([part.mean for part in parts]),
        np.concatenate([part.quantiles for part in parts]),
    )


@pytest.fixture(scope="module")
def answers(prophets_panel: Panel) -> Answers:
    """Asked in two parts and another order than the panel's."""
    return joined([ask(prophets_panel.take(rows)) for rows in (np.array([2]), np.array([1, 0]))])


def test_an_answer_is_the_same_to_the_byte_however_the_products_are_divided(
    prophets_panel: Panel, prophets: Forecasts, answers: Answers
) -> None:
    made = forecast(prophets_panel, engine="prophet", answers=answers)
    assert made.sum_mean.tobytes() == prophets.sum_mean.tobytes()
    assert made.sum_quantiles.tobytes() == prophets.sum_quantiles.tobytes()
    assert made.daily_mean.tobytes() == prophets.daily_mean.tobytes()


def test_what_is_not_answered_yet_is_asked_and_what_is_answered_is_taken(
    prophets_panel: Panel, prophets: Forecasts, answers: Answers
) -> None:
    told = Answers(answers.keys[:2], answers.mean[:2] + 1000, answers.quantiles[:2] + 1000)
    made = forecast(prophets_panel, engine="prophet", answers=told)
    gain = made.sum_mean[:, 0] - prophets.sum_mean[:, 0]
    assert gain.tolist() == pytest.approx([0, 1000, 1000, 0])


def test_an_answer_that_is_none_is_the_stand_ins(prophets_panel: Panel, answers: Answers) -> None:
    nothing = replace(answers, mean=answers.mean.copy(), quantiles=answers.quantiles.copy())
    nothing.mean[2], nothing.quantiles[2] = np.nan, np.nan
    made, average = (
        forecast(prophets_panel, engine="prophet", answers=nothing),
        forecast(prophets_panel, engine="calibrated_average"),
    )
    assert made.model.tolist() == ["calibrated_average", "prophet", "prophet", "moving_average"]
    assert made.sum_mean[0].tobytes() == average.sum_mean[0].tobytes()


def test_seeds_belong_to_products_and_not_to_their_places() -> None:
    keys = np.array([77, 5, 900_000_000_001])
    assert seeds(keys, 0)[::-1].tolist() == seeds(keys[::-1], 0).tolist()
    assert len({*seeds(keys, 0).tolist(), *seeds(keys, 1).tolist()}) == 6
    assert seeds(np.array(["shirt", "mug"]), 0).tolist() == seeds(np.array(["shirt", "mug"]), 0).tolist()


def test_a_digest_changes_with_all_that_the_answer_depends_on_and_with_nothing_else() -> None:
    known = digests(MANY)
    assert len(set(known)) == 3
    assert digests(MANY.take(np.array([2, 1]))) == [known[2], known[1]]
    units = MANY.units.copy()
    units[2, 60] += 1
    changed = digests(replace(MANY, units=units))
    assert [a == b for a, b in zip(known, changed, strict=True)] == [True, True, False]
    longer = np.concatenate([np.zeros((3, 5)), MANY.units], axis=1)
    assert digests(Panel(MANY.keys, MANY.first_day - timedelta(days=5), longer, MANY.starts + 5)) == known
    assert not set(digests(replace(MANY, first_day=MANY.first_day + timedelta(days=1)))) & set(known)
    assert not set(digests(MANY, seed=1)) & set(known)
    assert not set(digests(replace(MANY, keys=MANY.keys + 100))) & set(known)


def test_slow_are_the_products_of_prophet_with_enough_history_and_sales() -> None:
    many = shop(4, 70)
    units = many.units.copy()
    units[3] = 0
    starts = np.array([0, 0, 60, 0])
    panel = Panel(many.keys, many.first_day, units, starts)
    assert slow_rows(panel, engine="prophet", engines={}).tolist() == [0, 1]
    few = {many.keys[1]: "prophet", many.keys[2]: "prophet"}
    assert slow_rows(panel, engine="average_28", engines=few).tolist() == [1]
