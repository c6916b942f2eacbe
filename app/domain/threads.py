"""Work on many rows, divided between threads: NumPy and LightGBM let each other run while they compute."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

# Each works on one thread of its own: LightGBM's own wait for each other at every split, which on a busy machine
# costs ten times the work, and dead-lock after a fork.
WORKERS = 2
PART = 1250  # rows that a thread takes at once: bounds memory, and ends together


def in_parts(rows: int, work: Callable[[slice], None]) -> None:
    """Have `work` done for each part of `rows` rows, WORKERS of them side by side; its first error is raised."""
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, (slice(begin, begin + PART) for begin in range(0, rows, PART))))
