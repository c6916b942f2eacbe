"""What a request or a job cost: its time, and the statements it asked of the database; a line of the log for each."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

log = logging.getLogger(__name__)
SLOW_SECONDS = 1.0
_SHOWN = 3
_cost: ContextVar[Cost | None] = ContextVar("cost", default=None)


@dataclass
class Cost:
    """What has been spent so far; `slowest` are (seconds, SQL without its values), the longest first."""

    begun: float = field(default_factory=time.monotonic)
    statements: int = 0
    database_seconds: float = 0.0
    slowest: list[tuple[float, str]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return time.monotonic() - self.begun

    def add(self, seconds: float, sql: str) -> None:
        """Note one statement."""
        self.statements += 1
        self.database_seconds += seconds
        self.slowest = sorted([*self.slowest, (seconds, sql)], reverse=True)[:_SHOWN]


@contextmanager
def measured(what: str) -> Iterator[Cost]:
    """Measure what happens inside; what takes longer than a second is told with its slowest statements."""
    cost = Cost()
    token = _cost.set(cost)
    try:
        yield cost
    finally:
        _cost.reset(token)
        tell(what, cost)


def begin() -> Cost:
    """Measure from here on in this context (a request, which begins and ends in different hooks)."""
    cost = Cost()
    _cost.set(cost)
    return cost


def tell(what: str, cost: Cost, **fields: Any) -> None:
    """Write the line: INFO, or WARNING with the slowest statements."""
    fields |= {
        "ms": round(cost.seconds * 1000),
        "statements": cost.statements,
        "database_ms": round(cost.database_seconds * 1000),
    }
    if cost.seconds < SLOW_SECONDS:
        log.info(what, extra=fields)
        return
    slowest = [
        {"ms": round(seconds * 1000), "sql": " ".join(sql.split())[:400]} for seconds, sql in cost.slowest
    ]
    log.warning(f"slow {what}", extra={**fields, "slowest": slowest})


@event.listens_for(Engine, "before_cursor_execute")
def _before(_connection: Any, _cursor: Any, _sql: str, _values: Any, context: Any, _many: bool) -> None:
    if context is not None:
        context.begun_at = time.monotonic()


@event.listens_for(Engine, "after_cursor_execute")
def _after(_connection: Any, _cursor: Any, sql: str, _values: Any, context: Any, _many: bool) -> None:
    cost = _cost.get()
    if cost is not None and context is not None:
        cost.add(time.monotonic() - context.begun_at, sql)
