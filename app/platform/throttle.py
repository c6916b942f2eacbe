"""One leaky bucket per store in Redis, shared by all workers: ask before sending, learn from each answer.

Urgent work goes first: less urgent work leaves a share of the bucket untouched. Nobody starves: a kind of work
that was refused for its `patience` takes its points in advance, and everybody else waits until they are paid.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

from redis import Redis

# The bucket is a hash {level, at, maximum, rate, since:<kind>}: `level` points were available at server time
# `at` (below zero: taken in advance), `since:<kind>` is when that kind of work was first refused since it last
# got something. Everything happens inside one script, so workers cannot overdraw it together.
_TAKE = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local waiting = 'since:' .. ARGV[6]
local state = redis.call('HMGET', KEYS[1], 'level', 'at', 'maximum', 'rate', waiting)
local maximum = tonumber(state[3] or ARGV[2])
local rate = tonumber(state[4] or ARGV[3])
local level = tonumber(state[1] or maximum)
local at = tonumber(state[2] or now)
level = math.min(maximum, level + (now - at) * rate)
local known = ARGV[5] ~= '' and redis.call('HGET', KEYS[2], ARGV[5])
local cost = math.min(tonumber(known or ARGV[1]), maximum)
local reserve = math.min(tonumber(ARGV[4]) * maximum, maximum - cost)
local since = tonumber(state[5] or now)
local granted = 0
local wait = math.max(0, (cost + reserve - level) / rate)
if wait > 0 and now - since >= tonumber(ARGV[7]) then
  local advance = math.max(0, (cost - level) / rate)
  if advance <= tonumber(ARGV[8]) then
    granted, wait = 1, advance
  end
elseif wait == 0 then
  granted = 1
end
if granted == 1 then
  level = level - cost
  redis.call('HDEL', KEYS[1], waiting)
else
  redis.call('HSET', KEYS[1], waiting, tostring(since))
end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', tostring(now),
           'maximum', tostring(maximum), 'rate', tostring(rate))
redis.call('EXPIRE', KEYS[1], 3600)
return {granted, tostring(wait)}
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
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[5], ARGV[6])
  redis.call('EXPIRE', KEYS[2], 604800)
end
"""


@dataclass(frozen=True)
class Urgency:
    """`reserve` is the share of the bucket left for more urgent work, `patience` the seconds until it insists."""

    reserve: float
    patience: float


URGENCIES = {
    "merchant": Urgency(0.0, 1.0),
    "webhook": Urgency(0.1, 3.0),
    "periodic": Urgency(0.25, 6.0),
    "backfill": Urgency(0.4, 10.0),
}


class ThrottleTimeout(RuntimeError):
    """The budget does not free up within the allowed time; try again in `wait_seconds`."""

    def __init__(self, message: str, wait_seconds: float) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


@dataclass(frozen=True)
class Bucket:
    """Starting numbers of a policy, until the first answer tells the real ones (points, points per second)."""

    maximum: float = 2000.0
    rate: float = 100.0


@dataclass(frozen=True)
class Grant:
    """The answer to a wish for points: `granted` (then send after `wait` seconds), or ask again in `wait`."""

    granted: bool
    wait: float


class Throttle:
    """Paces calls for one key (a store) by cost, whatever the number of workers."""

    def __init__(self, redis: Redis, key: str, bucket: Bucket | None = None) -> None:
        self._redis: Any = redis
        self._keys = (f"throttle:{key}", f"throttle-costs:{key}")
        self._bucket = bucket or Bucket()

    def ask(self, cost: float, *, priority: str, name: str = "", patience_for: float = 30.0) -> Grant:
        """Ask for `cost` points, or for what the call `name` cost last; never blocks.

        Work that has waited long enough takes its points in advance if they are there in `patience_for` seconds.
        """
        urgency = URGENCIES[priority]
        granted, wait = self._redis.eval(
            _TAKE,
            2,
            *self._keys,
            cost,
            self._bucket.maximum,
            self._bucket.rate,
            urgency.reserve,
            name,
            priority,
            urgency.patience,
            patience_for,
        )
        return Grant(bool(granted), float(wait))

    def take(self, cost: float, *, priority: str = "periodic", name: str = "") -> float:
        """Take `cost` points; returns 0, or the seconds to wait before asking again."""
        grant = self.ask(cost, priority=priority, name=name, patience_for=0.0)
        return 0.0 if grant.granted else grant.wait

    def acquire(
        self, cost: float, *, priority: str = "periodic", timeout_seconds: float = 120.0, name: str = ""
    ) -> None:
        """Wait until the points are ours. Raises ThrottleTimeout at once when that takes too long."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            left = deadline - time.monotonic()
            grant = self.ask(cost, priority=priority, name=name, patience_for=max(0.0, left))
            if grant.granted:
                time.sleep(grant.wait)
                return
            # Work that will insist soon need not wait for the whole reserve to fill up.
            pause = min(grant.wait, max(0.05, URGENCIES[priority].patience / 2))
            if pause > left:
                raise ThrottleTimeout(
                    f"No call budget for {self._keys[0]} within {timeout_seconds:.0f} s.", grant.wait
                )
            time.sleep(pause * random.uniform(1.0, 1.1))

    def learn(
        self,
        *,
        maximum: float,
        rate: float,
        available: float,
        refund: float = 0.0,
        name: str = "",
        cost: float = 0.0,
    ) -> None:
        """Take over what the server said; `refund` = what was taken and not spent, `cost` = what `name` asks."""
        self._redis.eval(_LEARN, 2, *self._keys, maximum, rate, available, refund, name, cost)
