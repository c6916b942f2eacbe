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
