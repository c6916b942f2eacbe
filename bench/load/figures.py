"""What the scenarios of load share: percentiles, memory of processes, requests at a steady rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench import _processes
from bench.faults.ground import Place
from devtools import watchdog


class Times:
    """How long things took, and how many went wrong; for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.seconds: list[float] = []
        self.errors = 0

    def measure(self, act: Callable[[], bool]) -> None:
        """Time one act; False or an exception of the network is an error."""
        begun = time.monotonic()
        try:
            is_right = act()
        except OSError:  # requests' own exceptions are
            is_right = False
        with self._lock:
            self.seconds.append(time.monotonic() - begun)
            self.errors += not is_right

    def figures(self) -> dict[str, Any]:
        """Count, errors and percentiles in ms."""
        ordered = sorted(self.seconds) or [0.0]
        return {
            "requests": len(self.seconds),
            "errors": self.errors,
            "p50_ms": _at(ordered, 0.5),
            "p95_ms": _at(ordered, 0.95),
            "p99_ms": _at(ordered, 0.99),
        }


def _at(ordered: list[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1)


def resident_mib(pids: set[int], *, is_alone: bool = False) -> float:
    """The memory of processes and of all they have started, unless `is_alone`; in MiB.

    Shared pages are divided among those that share them (PSS).
    """
    return round(sum(map(_processes.shared_mib, pids if is_alone else watchdog.family(pids))), 1)


def processor_seconds(pids: set[int]) -> float:
    """Seconds of processor that processes and all their children, the ended ones too, have used so far.

    Unlike the time on the clock it hardly depends on what else the machine does.
    """
    family = watchdog.family(pids)
    return sum(_processes.processor_seconds(pid) + _processes.buried_seconds(pid) for pid in family)


def memory(place: Place) -> dict[str, float]:
    """Memory of web and workers in MiB."""
    workers = {pid for name, pid in place.pids.items() if name.startswith("worker")}
    return {"web_mib": resident_mib({place.pids["web"]}), "workers_mib": resident_mib(workers)}


def steadily(act: Callable[[int], None], *, total: int, rate: float, threads: int) -> float:
    """Act at a steady rate, however long each takes (an open loop); returns the seconds it took."""
    begun = time.monotonic() + 0.2

    def at_its_time(number: int) -> None:
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        act(number)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(at_its_time, range(total)))
    return time.monotonic() - begun
