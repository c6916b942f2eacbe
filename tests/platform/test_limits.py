"""Limits: a burst passes, then one at a time; many at once get no more than one alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from app.platform import limits, queue
from app.platform.limits import Limit, TooManyTries

FIVE = Limit("five", tries=5, seconds=3600)


@pytest.fixture(autouse=True)
def inside(app: Flask):
    with app.app_context():
        queue.connection().flushdb()
        yield


def test_a_burst_passes_and_the_next_is_told_when() -> None:
    assert [limits.take(FIVE, "a").left for _ in range(5)] == [4, 3, 2, 1, 0]
    refused = limits.take(FIVE, "a")
    assert not refused.allowed
    assert 700 < refused.wait <= 720  # an hour shared by five
    assert 3500 < refused.reset <= 3600
    assert limits.take(FIVE, "b").allowed


def test_a_refused_try_costs_nothing() -> None:
    for _ in range(5):
        limits.take(FIVE, "a")
    waits = [limits.take(FIVE, "a").wait for _ in range(20)]
    assert max(waits) <= 720


def test_time_gives_tries_back(app: Flask) -> None:
    quick = Limit("quick", tries=2, seconds=1)
    with pytest.raises(TooManyTries, match="Wait 1 second"):
        for _ in range(10):
            limits.enforce(quick, "a")
    key = next(iter(queue.connection().scan_iter("limit:quick:*")))
    assert 0 < queue.connection().pttl(key) <= 1000  # nothing is kept longer than it counts


def test_at_once_no_more_than_one_after_another(app: Flask) -> None:
    def try_one(_number: int) -> bool:
        with app.app_context():
            return limits.take(FIVE, "crowd").allowed

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(try_one, range(64))) == 5


def test_forgiving_and_remembering() -> None:
    for _ in range(6):
        limits.take(FIVE, "a")
    limits.forgive(FIVE, "a")
    assert limits.take(FIVE, "a").allowed
    assert not limits.is_known("seen", "a", "b")
    limits.remember("seen", "a", "b", seconds=10)
    assert limits.is_known("seen", "a", "b")
    assert not limits.is_known("seen", "ab")
    assert limits.first_time("once", "x", seconds=10)
    assert not limits.first_time("once", "x", seconds=10)


def test_no_address_lies_in_redis() -> None:
    limits.take(FIVE, "person@example.com")
    assert all(b"person" not in key for key in queue.connection().scan_iter("*"))
