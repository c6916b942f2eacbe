"""The movable clock: simulated time is real time, shifted and (if asked) sped up.

Everything a shop does happens in simulated time: order dates, token lives, webhook retries. Two things
keep real time because others check them against theirs: ID tokens and the signed query of a launch; the
`skew` fault shifts those on purpose.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """Simulated UTC time in seconds since 1970. Thread-safe."""

    def __init__(self, offset: float = 0.0, rate: float = 1.0) -> None:
        self._lock = threading.Lock()
        self._real = time.time()
        self._simulated = self._real + offset
        self._rate = rate
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> float:
        """Simulated seconds since 1970, UTC."""
        with self._lock:
            return self._now()

    def _now(self) -> float:
        return self._simulated + (time.time() - self._real) * self._rate

    @property
    def rate(self) -> float:
        """Simulated seconds per real second."""
        return self._rate

    @property
    def offset(self) -> float:
        """Seconds by which simulated time is ahead of real time now."""
        return self.now() - time.time()

    def set(self, *, now: float | None = None, advance: float = 0.0, rate: float | None = None) -> float:
        """Move to `now`, or by `advance` seconds, or change the rate; answers the new time."""
        if rate is not None and rate <= 0:
            raise ValueError(f"the clock's rate is {rate}; it must be above 0")
        with self._lock:
            self._simulated = (self._now() if now is None else now) + advance
            self._real = time.time()
            if rate is not None:
                self._rate = rate
            moved = self._simulated
        for listener in list(self._listeners):
            listener()
        return moved

    def on_move(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each move, so that waiting work can look at the time again."""
        self._listeners.append(listener)

    def real_seconds_until(self, moment: float) -> float:
        """Real seconds until simulated `moment`, never below 0."""
        with self._lock:
            return max(0.0, (moment - self._now()) / self._rate)


def real_now() -> float:
    """Real seconds since 1970: for ID tokens and signed queries, which others check by their own clock."""
    return time.time()


def iso(seconds: float | None) -> str | None:
    """`2026-11-23T20:00:00Z`, as Shopify's GraphQL writes times; None stays None."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str | float | int) -> float:
    """Seconds since 1970 of an ISO 8601 time (a bare one is UTC) or of a number."""
    if isinstance(text, (int, float)):
        return float(text)
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ValueError(f"{text!r} is not a time; write it like 2026-11-23T20:00:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
