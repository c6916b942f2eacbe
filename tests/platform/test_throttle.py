"""One bucket per store: cost taken before sending, learnt from answers, urgent work first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from app.platform.throttle import Bucket, Throttle, ThrottleTimeout
from devtools.services import Services


@pytest.fixture
def redis(services: Services) -> Redis:
    found = Redis.from_url(services.redis_url)
    found.flushdb()
    return found


def test_the_bucket_empties_and_says_how_long_to_wait(redis: Redis) -> None:
    throttle = Throttle(redis, "a", Bucket(maximum=100, rate=0.001))
    assert throttle.take(60, priority="merchant") == 0
    assert throttle.take(60, priority="merchant") == pytest.approx(20 / 0.001, rel=0.01)


def test_less_urgent_work_leaves_a_reserve(redis: Redis) -> None:
    throttle = Throttle(redis, "a", Bucket(maximum=100, rate=0.001))
    assert throttle.take(50, priority="backfill") == 0
    assert throttle.take(20, priority="backfill") > 0
    assert throttle.take(20, priority="webhook") == 0
    assert throttle.take(30, priority="merchant") == 0


def test_a_cost_above_the_bucket_is_still_served(redis: Redis) -> None:
    assert Throttle(redis, "a", Bucket(maximum=100, rate=1)).take(500, priority="merchant") == 0


def test_stores_do_not_share_a_bucket(redis: Redis) -> None:
    assert Throttle(redis, "a", Bucket(100, 0.001)).take(100, priority="merchant") == 0
    assert Throttle(redis, "b", Bucket(100, 0.001)).take(100, priority="merchant") == 0


def test_what_shopify_says_is_believed_when_lower(redis: Redis) -> None:
    throttle = Throttle(redis, "a", Bucket(maximum=1000, rate=0.001))
    throttle.take(10, priority="merchant")
    throttle.learn(maximum=4000, rate=0.002, available=50)
    assert throttle.take(100, priority="merchant") == pytest.approx(50 / 0.002, rel=0.01)


def test_many_workers_do_not_overdraw(redis: Redis) -> None:
    throttle = Throttle(redis, "a", Bucket(maximum=100, rate=0.001))
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: throttle.take(10, priority="merchant"), range(40)))
    assert sum(wait == 0 for wait in waits) == 10


def test_waiting_ends_with_an_error_that_says_so(redis: Redis) -> None:
    throttle = Throttle(redis, "a", Bucket(maximum=10, rate=0.001))
    throttle.take(10, priority="merchant")
    with pytest.raises(ThrottleTimeout, match="call budget"):
        throttle.acquire(10, priority="merchant", timeout_seconds=0.1)


def test_a_kind_of_work_that_was_refused_long_enough_takes_its_points_in_advance(redis: Redis) -> None:
    throttle = Throttle(redis, "a", Bucket(maximum=100, rate=100))
    assert throttle.take(95, priority="merchant") == 0
    assert not throttle.ask(80, priority="backfill").granted
    # It was refused eleven seconds ago, and the bucket has been kept empty ever since.
    redis.hset("throttle:a", "since:backfill", str(_server_time(redis) - 11))
    redis.hset("throttle:a", mapping={"level": "0", "at": str(_server_time(redis))})
    insisting = throttle.ask(80, priority="backfill")
    assert insisting.granted
    assert insisting.wait == pytest.approx(0.8, abs=0.05)
    # What it took in advance is owed by all: even the merchant waits for it to be paid.
    assert throttle.take(1, priority="merchant") == pytest.approx(0.8, abs=0.06)
    # And it has had its turn: the next one of its kind is refused again.
    assert not throttle.ask(80, priority="backfill").granted


def test_an_advance_that_would_take_too_long_is_refused(redis: Redis) -> None:
    throttle = Throttle(redis, "a", Bucket(maximum=100, rate=1))
    assert throttle.take(100, priority="merchant") == 0
    redis.hset("throttle:a", "since:periodic", str(_server_time(redis) - 60))
    assert not throttle.ask(90, priority="periodic", patience_for=20).granted
    assert throttle.ask(15, priority="periodic", patience_for=20).granted


def test_what_a_call_cost_is_known_to_every_process(redis: Redis) -> None:
    one, other = (Throttle(redis, "a", Bucket(maximum=1000, rate=0.001)) for _ in range(2))
    one.learn(maximum=1000, rate=0.001, available=1000, name="orders", cost=400)
    assert other.take(60, priority="merchant", name="orders") == 0
    assert other.take(60, priority="merchant", name="orders") == 0
    assert other.take(60, priority="merchant", name="orders") > 0


def test_what_was_not_spent_comes_back(redis: Redis) -> None:
    throttle = Throttle(redis, "a", Bucket(maximum=100, rate=0.001))
    assert throttle.take(80, priority="merchant") == 0
    throttle.learn(maximum=100, rate=0.001, available=90, refund=70)
    assert throttle.take(90, priority="merchant") == pytest.approx(0, abs=1)


def test_a_policy_of_two_calls_a_second(redis: Redis) -> None:
    throttle = Throttle(redis, "rest", Bucket(maximum=40.0, rate=2.0))
    began = _server_time(redis)
    granted = sum(throttle.take(1, priority="merchant") == 0 for _ in range(60))
    refilled = 2 * (_server_time(redis) - began)
    assert 40 <= granted <= min(60, 41 + refilled)
    assert 0 <= throttle.take(1, priority="merchant") <= 0.5


def _server_time(redis: Redis) -> float:
    seconds, micro = redis.time()  # type: ignore[misc]
    return float(seconds) + float(micro) / 1e6
