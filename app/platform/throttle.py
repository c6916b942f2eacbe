"""One leaky bucket per store in Redis, shared by all workers: ask before sending, learn from each answer."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

from redis import Redis

# The bucket's state is a hash {level, at, maximum, rate}: `level` points were available at server time `at`.
# Everything happens inside one script, so workers cannot overdraw it together.
_TAKE = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local state = redis.call('HMGET', KEYS[1], 'level', 'at', 'maximum', 'rate')
local maximum = tonumber(state[3] or ARGV[2])
local rate = tonumber(state[4] or ARGV[3])
local level = tonumber(state[1] or maximum)
local at = tonumber(state[2] or now)
level = math.min(maximum, level + (now - at) * rate)
local cost = math.min(tonumber(ARGV[1]), maximum)
local reserve = math.min(tonumber(ARGV[4]) * maximum, maximum - cost)
local wait = 0
if level - cost < reserve then
  wait = (cost + reserve - level) / rate
else
  level = level - cost
end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', tostring(now),
           'maximum', tostring(maximum), 'rate', tostring(rate))
redis.call('EXPIRE', KEYS[1], 3600)
return tostring(wait)
"""

# What Shopify says is right for the moment at which it said it; calls of ours still under way have already
# been taken from our level but not from Shopify's, so only a lower figure than ours is believed at once.
_LEARN = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local state = redis.call('HMGET', KEYS[1], 'level', 'at')
local maximum = tonumber(ARGV[1])
local rate = tonumber(ARGV[2])
local told = tonumber(ARGV[3])
local level = told
if state[1] then
  local ours = math.min(maximum, tonumber(state[1]) + (now - tonumber(state[2])) * rate + tonumber(ARGV[4]))
  level = math.min(ours, told)
end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', tostring(now),
           'maximum', tostring(maximum), 'rate', tostring(rate))
redis.call('EXPIRE', KEYS[1], 3600)
"""

# The share of the bucket a kind of work leaves untouched for the more urgent ones.
RESERVES = {"merchant": 0.0, "webhook": 0.1, "periodic": 0.25, "backfill": 0.4}


class ThrottleTimeout(RuntimeError):
    """The budget did not free up within the allowed time; try the work again later."""


@dataclass(frozen=True)
class Bucket:
    """Starting numbers of a policy, until the first answer tells the real ones (points, points per second)."""

    maximum: float = 2000.0
    rate: float = 100.0


class Throttle:
    """Paces calls for one key (a store) by cost."""

    def __init__(self, redis: Redis, key: str, bucket: Bucket | None = None) -> None:
        self._redis: Any = redis
        self._key = f"throttle:{key}"
        self._bucket = bucket or Bucket()

    def take(self, cost: float, *, priority: str = "periodic") -> float:
        """Take `cost` points; returns 0, or the seconds to wait before asking again."""
        wait = self._redis.eval(
            _TAKE, 1, self._key, cost, self._bucket.maximum, self._bucket.rate, RESERVES[priority]
        )
        return float(wait)

    def acquire(self, cost: float, *, priority: str = "periodic", timeout_seconds: float = 120.0) -> None:
        """Wait until `cost` points are ours. Raises ThrottleTimeout."""
        deadline = time.monotonic() + timeout_seconds
        while (wait := self.take(cost, priority=priority)) > 0:
            if time.monotonic() + wait > deadline:
                raise ThrottleTimeout(f"No call budget for {self._key} within {timeout_seconds:.0f} s.")
            time.sleep(wait * random.uniform(1.0, 1.1))

    def learn(self, *, maximum: float, rate: float, available: float, refund: float = 0.0) -> None:
        """Take over what the server said; `refund` = requested − actual cost of the call."""
        self._redis.eval(_LEARN, 1, self._key, maximum, rate, available, refund)
