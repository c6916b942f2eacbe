"""A storm of failures stops the calls to one store, and one probe at a time finds out when it is over."""

from __future__ import annotations

import pytest
from redis import Redis

from app.platform.breaker import Breaker, CircuitOpen, Limits
from devtools.services import Services

LIMITS = Limits(failures=3, first=100, longest=300, probe=30)


@pytest.fixture
def redis(services: Services) -> Redis:
    found = Redis.from_url(services.redis_url)
    found.flushdb()
    return found


def _until(redis: Redis, seconds_ago: float) -> None:
    """Move the end of the pause into the past, as if that much time had gone by."""
    redis.hset("breaker:a", "until", str(float(redis.time()[0]) - seconds_ago))  # type: ignore[index]


def test_single_failures_do_not_open_it(redis: Redis) -> None:
    breaker = Breaker(redis, "a", LIMITS)
    for _ in range(2):
        breaker.failed("planted")
    breaker.check()
    breaker.succeeded()
    for _ in range(2):
        breaker.failed("planted")
    breaker.check()


def test_a_storm_opens_it_for_every_process_and_no_other_store(redis: Redis) -> None:
    for _ in range(3):
        Breaker(redis, "a", LIMITS).failed("planted")
    with pytest.raises(CircuitOpen) as refusal:
        Breaker(redis, "a", LIMITS).check()
    assert 90 < refusal.value.wait_seconds <= 100
    Breaker(redis, "b", LIMITS).check()


def test_whom_it_refuses_it_tells_why(redis: Redis) -> None:
    for status in (500, 502, 503):
        Breaker(redis, "a", LIMITS).failed(f"Status {status}.")
    with pytest.raises(CircuitOpen, match=r"after repeated failures: Status 503\."):
        Breaker(redis, "a", LIMITS).check()


def test_after_the_pause_one_probe_goes_and_the_others_wait(redis: Redis) -> None:
    breaker = Breaker(redis, "a", LIMITS)
    for _ in range(3):
        breaker.failed("planted")
    _until(redis, 5)
    breaker.check()
    with pytest.raises(CircuitOpen):
        breaker.check()


def test_a_failed_probe_doubles_the_pause_and_a_good_one_ends_it(redis: Redis) -> None:
    breaker = Breaker(redis, "a", LIMITS)
    for _ in range(3):
        breaker.failed("planted")
    _until(redis, 5)
    breaker.check()
    breaker.failed("planted")
    with pytest.raises(CircuitOpen) as refusal:
        breaker.check()
    assert 190 < refusal.value.wait_seconds <= 200
    _until(redis, 5)
    breaker.check()
    breaker.succeeded()
    for _ in range(10):
        breaker.check()


def test_a_frozen_shop_rests_at_once(redis: Redis) -> None:
    breaker = Breaker(redis, "a", LIMITS)
    breaker.failed("planted", hold_seconds=3600)
    with pytest.raises(CircuitOpen) as refusal:
        breaker.check()
    assert refusal.value.wait_seconds > 3500
