"""Limits on how often something may be tried, counted in Redis for all processes together."""

from __future__ import annotations

import hashlib
import ipaddress
import math
from dataclasses import dataclass
from typing import Any

from flask import request

from app.platform import queue
from app.platform.i18n import gettext, ngettext

# Generic cell rate: one number per key says until when its past tries "occupy" the line. A try is allowed
# while that moment lies less than one period ahead, so a burst of `tries` passes and then one each
# period / tries. The clock is Redis's, so that the processes agree.
_TAKE = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local tries, period = tonumber(ARGV[1]), tonumber(ARGV[2])
local until_ = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local next_ = until_ + period / tries
if next_ - period > now + 0.000001 then
  return {0, 0, tostring(next_ - period - now), tostring(until_ - now)}
end
redis.call('SET', KEYS[1], string.format('%.6f', next_), 'PX', math.ceil((next_ - now) * 1000))
local left = math.floor((period - (next_ - now)) / (period / tries) + 0.000001)
return {1, left, '0', tostring(next_ - now)}
"""


@dataclass(frozen=True)
class Limit:
    """At most `tries` in `seconds`, then one for each `seconds / tries`."""

    name: str
    tries: int
    seconds: int


@dataclass(frozen=True)
class Verdict:
    """What came of one try: `wait` seconds until the next may be made, `reset` until all are free again."""

    allowed: bool
    limit: int
    left: int
    wait: int
    reset: int


class TooManyTries(RuntimeError):
    """A limit is reached; `seconds` says when to try again."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(gettext("Too many tries. Wait %(time)s and try again.", time=_spoken(verdict.wait)))
        self.verdict = verdict


def take(limit: Limit, *who: str) -> Verdict:
    """Count one try of `who`. Raises Redis's errors: what guards a password must not open when it is down."""
    redis: Any = queue.connection()
    allowed, left, wait, reset = redis.eval(_TAKE, 1, _key(limit, who), limit.tries, limit.seconds)
    return Verdict(bool(allowed), limit.tries, int(left), math.ceil(float(wait)), math.ceil(float(reset)))


def enforce(limit: Limit, *who: str) -> Verdict:
    """Count one try. Raises TooManyTries."""
    verdict = take(limit, *who)
    if not verdict.allowed:
        raise TooManyTries(verdict)
    return verdict


def forgive(limit: Limit, *who: str) -> None:
    """Forget the tries of `who` (a login that succeeded)."""
    queue.connection().delete(_key(limit, who))


def remember(name: str, *who: str, seconds: int) -> None:
    """Note that something is known about `who` for a while."""
    queue.connection().set(_mark(name, who), 1, ex=seconds)


def first_time(name: str, *who: str, seconds: int) -> bool:
    """Whether this is the first call for `who` within `seconds`; of many at once exactly one is."""
    return bool(queue.connection().set(_mark(name, who), 1, ex=seconds, nx=True))


def is_known(name: str, *who: str) -> bool:
    """Whether `remember` or `first_time` noted `who`."""
    return bool(queue.connection().exists(_mark(name, who)))


def client_address() -> str:
    """Who asks, for counting: an IPv4 address, or the /64 network that one IPv6 customer owns."""
    text = request.remote_addr or "unknown"
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text[:64]
    if address.version == 4:
        return text
    return str(ipaddress.ip_network((address, 64), strict=False))


def _key(limit: Limit, who: tuple[str, ...]) -> str:
    return f"limit:{limit.name}:{_hashed(who)}"


def _mark(name: str, who: tuple[str, ...]) -> str:
    return f"known:{name}:{_hashed(who)}"


def _hashed(who: tuple[str, ...]) -> str:
    # E-mail addresses have no business in Redis's keys.
    return hashlib.sha256("\x00".join(who).encode("utf-8", "replace")).hexdigest()[:32]


def _spoken(seconds: int) -> str:
    if seconds < 90:
        return ngettext("%(num)s second", "%(num)s seconds", max(seconds, 1))
    return ngettext("%(num)s minute", "%(num)s minutes", math.ceil(seconds / 60))
