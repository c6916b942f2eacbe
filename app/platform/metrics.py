"""Figures for a Prometheus: counted in each process, summed in Redis, so that one scrape sees every process."""

from __future__ import annotations

import threading
import time
from collections import Counter

from redis import Redis
from redis.exceptions import RedisError

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_KEY, _FLUSH_SECONDS, _MOST = "metrics", 5.0, 5000

_lock = threading.Lock()
_counts: Counter[str] = Counter()
_next_flush = [0.0]


def observe(what: str, seconds: float, **labels: str) -> None:
    """Count one request or job: how many with these labels, and how long they took."""
    with _lock:
        if len(_counts) > _MOST:
            return  # Redis has been away for long: figures may be lost, memory may not
        _counts[_line(f"fluxor_{what}_total", **labels)] += 1
        for bucket in BUCKETS:
            _counts[_line(f"fluxor_{what}_seconds_bucket", le=str(bucket))] += seconds <= bucket
        _counts[_line(f"fluxor_{what}_seconds_bucket", le="+Inf")] += 1
        _counts[f"fluxor_{what}_seconds_count"] += 1
        _counts[f"fluxor_{what}_seconds_sum"] += seconds  # type: ignore[assignment]


def flush(connection: Redis, prefix: str, *, at_once: bool = False) -> None:
    """Add what was counted to the sums in Redis; every few seconds, and not at all while Redis is away."""
    with _lock:
        if not _counts or (not at_once and time.monotonic() < _next_flush[0]):
            return
        _next_flush[0] = time.monotonic() + _FLUSH_SECONDS
        counted = dict(_counts)
        _counts.clear()
    try:
        with connection.pipeline(transaction=False) as pipeline:
            for line, amount in counted.items():
                if amount:
                    pipeline.hincrbyfloat(f"{prefix}{_KEY}", line, amount)
            pipeline.execute()
    except RedisError:
        with _lock:
            _counts.update(counted)
            _next_flush[0] = time.monotonic() + 6 * _FLUSH_SECONDS


def exposition(connection: Redis, prefix: str, gauges: dict[str, float]) -> str:
    """All figures in Prometheus's text format. Raises RedisError."""
    flush(connection, prefix, at_once=True)
    sums = connection.hgetall(f"{prefix}{_KEY}")
    lines = [f"{name.decode()} {float(value):g}" for name, value in sums.items()]  # type: ignore[union-attr]
    lines += [f"{name} {value:g}" for name, value in gauges.items()]
    return "\n".join(sorted(lines)) + "\n"


def gauge(name: str, **labels: str) -> str:
    """The name of a gauge with its labels."""
    return _line(f"fluxor_{name}", **labels)


def _line(name: str, **labels: str) -> str:
    inside = ",".join(f'{key}="{_escaped(value)}"' for key, value in sorted(labels.items()))
    return f"{name}{{{inside}}}" if inside else name


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")[:100]
