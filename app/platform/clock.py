"""The one clock: `now` in UTC, `today` in a store's time zone; tests travel with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_offset: ContextVar[timedelta] = ContextVar("clock_offset", default=timedelta(0))


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC) + _offset.get()


def today(time_zone: str) -> date:
    """The current date where the store is; `time_zone` is an IANA name."""
    return now().astimezone(ZoneInfo(time_zone)).date()


@contextmanager
def travel(delta: timedelta) -> Iterator[None]:
    """Move this context's clock by `delta` (tests and replays only)."""
    token = _offset.set(_offset.get() + delta)
    try:
        yield
    finally:
        _offset.reset(token)
