"""Past forecasts beside what was sold and beside the 7-day average, against sums made by hand."""

import numpy as np
import pytest

from app.domain.forecasts.accuracy import scored, summed
from app.domain.forecasts.past import Sales, beside


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


def test_sums_by_hand() -> None:
    """Variant 7 sells 1 a day and 10 on 9 June; variant 9 never; 8 has no forecast."""
    first = np.datetime64("2026-05-01")
    calendar = first + np.arange(60)
    own = np.where(calendar == np.datetime64("2026-06-09"), 10.0, 1.0)
    sales = Sales(
        np.concatenate([np.full(60, 7), [8]]),
        np.concatenate([calendar, days("2026-06-02")]),
        np.concatenate([own, [500.0]]),
    )
    sold, average = beside(
        sales,
        np.array([9, 7, 7]),
        days("2026-06-08", "2026-06-08", "2026-06-09"),
        np.array([14, 14, 7]),
    )
    assert sold.tolist() == [0.0, 23.0, 7.0]
    assert average.tolist() == [0.0, 14.0, 16.0]


def test_nobody_sold_anything() -> None:
    none = np.zeros(0, dtype=np.int64)
    empty = Sales(none, none.astype("datetime64[D]"), none.astype(float))
    sold, average = beside(empty, np.array([1]), days("2026-06-08"), np.array([28]))
    assert (sold.tolist(), average.tolist()) == ([0.0], [0.0])


def test_the_future_changes_no_average() -> None:
    rng = np.random.default_rng(3)
    calendar = np.datetime64("2026-01-01") + np.arange(40)
    units, origin = rng.poisson(4, 40).astype(float), days("2026-01-20")
    keys, lengths = np.full(40, 1), np.array([14])
    before = beside(Sales(keys, calendar, units), np.array([1]), origin, lengths)[1]
    units[20:] += 100
    after = beside(Sales(keys, calendar, units), np.array([1]), origin, lengths)[1]
    assert before.tolist() == after.tolist() == [units[13:20].sum() / 7 * 14]


def test_sums_may_be_added_up_further() -> None:
    """The score of all is made of the groups' sums, not of their scores."""
    rng = np.random.default_rng(5)
    actual = rng.poisson(9, 60).astype(float)
    mean, other = actual + rng.normal(0, 2, 60), actual + 3
    arguments = (actual, mean, mean - 3, mean + 3)
    groups = np.arange(60) % 4
    parts = summed(*arguments, groups, other=other)
    whole = scored(summed(*arguments, np.zeros(60), other=other))[0]
    assert parts.size.sum() / parts.actual.sum() == pytest.approx(whole.wape)
    assert parts.error.sum() / parts.actual.sum() == pytest.approx(whole.bias)
    assert parts.loss.sum() / parts.count.sum() == pytest.approx(whole.pinball)
    assert parts.held.sum() / parts.count.sum() == whole.within_range
    assert parts.rival.sum() / parts.actual.sum() == pytest.approx(whole.wape_other) and not whole.losing


def test_where_nothing_was_sold_the_size_of_the_error_decides() -> None:
    zero = np.zeros(5)
    score = scored(summed(zero, zero + 2, zero, zero + 3, zero, other=zero))[0]
    assert np.isnan(score.wape) and np.isnan(score.bias)
    assert score.losing and score.within_range == 1.0
