"""A circuit breaker per store in Redis: a storm of failures stops all calls, then single probes test the air."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis import Redis

# The breaker is a hash {failures, opened, until, reason}. While `until` lies ahead everybody waits. After it, the
# first to ask becomes the probe and pushes `until` on by the probe's time, so that the others go on waiting.
_ALLOW = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local untill = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if untill == 0 then return {'0', ''} end
if now < untill then return {tostring(untill - now), redis.call('HGET', KEYS[1], 'reason') or ''} end
redis.call('HSET', KEYS[1], 'until', tostring(now + tonumber(ARGV[1])))
return {'0', ''}
"""

_FAILED = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
local opened = tonumber(redis.call('HGET', KEYS[1], 'opened') or '0')
local hold = tonumber(ARGV[4])
redis.call('HSET', KEYS[1], 'reason', ARGV[5])
if hold > 0 or opened > 0 or failures >= tonumber(ARGV[1]) then
  opened = redis.call('HINCRBY', KEYS[1], 'opened', 1)
  if hold == 0 then
    hold = math.min(tonumber(ARGV[3]), tonumber(ARGV[2]) * 2 ^ (opened - 1))
  end
  redis.call('HSET', KEYS[1], 'until', tostring(now + hold))
  redis.call('EXPIRE', KEYS[1], math.ceil(hold) + 3600)
else
  redis.call('EXPIRE', KEYS[1], 60)
end
return tostring(hold)
"""


@dataclass(frozen=True)
class Limits:
    """Open after `failures` within a minute of each other, for `first` seconds, doubling to `longest`."""

    failures: int = 8
    first: float = 15.0
    longest: float = 300.0
    probe: float = 30.0


class CircuitOpen(RuntimeError):
    """The store has failed too often of late; ask again in `wait_seconds`."""

    def __init__(self, key: str, wait_seconds: float, reason: str) -> None:
        super().__init__(f"Calls to {key} rest for {wait_seconds:.0f} s after repeated failures: {reason}")
        self.wait_seconds = wait_seconds


class Breaker:
    """Guards the calls to one key (a store)."""

    def __init__(
        self, redis: Redis, key: str, limits: Limits | None = None, *, probing: bool = False
    ) -> None:
        self._probing = probing
        self._redis: Any = redis
        self._name = key
        self._key = f"breaker:{key}"
        self._limits = limits or Limits()

    def check(self) -> None:
        """Let the call through, as a probe if the circuit is open but due. Raises CircuitOpen."""
        if self._probing:
            return
        wait, reason = self._redis.eval(_ALLOW, 1, self._key, self._limits.probe)
        if float(wait) > 0:
            raise CircuitOpen(self._name, float(wait), reason.decode())

    def failed(self, reason: str, *, hold_seconds: float = 0.0) -> None:
        """Count a failure; `hold_seconds` opens the circuit at once (the shop is frozen or locked).

        `reason` is a sentence: those are told it whom the open circuit refuses.
        """
        limits = (self._limits.failures, self._limits.first, self._limits.longest)
        self._redis.eval(_FAILED, 1, self._key, *limits, hold_seconds, reason)

    def succeeded(self) -> None:
        """Close the circuit and forget the failures."""
        self._redis.delete(self._key)
