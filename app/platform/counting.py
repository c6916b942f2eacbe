"""One job's line in the log and its count for /metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis

from app.platform import costs, metrics


@contextmanager
def counted(job: Callable[..., Any], *, connection: Redis, prefix: str) -> Iterator[None]:
    """Measure the job inside; its figures go to Redis at its end, since its process ends with it."""
    outcome = "failed"
    with costs.measured("job") as cost:
        try:
            yield
            outcome = "done"
        finally:
            metrics.observe("jobs", cost.seconds, job=job.__name__, outcome=outcome)
            metrics.flush(connection, prefix, at_once=True)
