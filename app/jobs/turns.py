"""Many stores in one job, one after another.

A worker forks a process for each job; for what takes a store some milliseconds that costs many times the work itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from rq.timeouts import JobTimeoutException

from app.platform.queue import enqueue

log = logging.getLogger(__name__)
# So few that several workers share a thousand stores, so many that the fork no longer counts.
STORES_AT_A_TURN = 50


def enqueue_turns(job: Callable[[list[int]], None], store_ids: Sequence[int], *, name: str) -> None:
    """Enqueue the global `job(store_ids)` for all these stores, so many at a time; `name` names the work."""
    for first in range(0, len(store_ids), STORES_AT_A_TURN):
        some = list(store_ids[first : first + STORES_AT_A_TURN])
        enqueue(job, some, once=f"{name}-from-{first}")


def in_turn(job: Callable[[int], None], store_ids: Sequence[int], *, name: str) -> None:
    """Do a @store_job for each of these stores, each in its own scope and transaction.

    One store's failure keeps no other from its turn: it gets a job of its own, which is tried again and, when it
    keeps failing, is seen among the failed jobs. The end of the job's own time ends the job: it comes once, and who
    took it for a store's failure would go on without any limit.
    """
    for store_id in store_ids:
        try:
            job(store_id)
        except JobTimeoutException:
            raise
        except Exception:
            log.exception("a store's turn failed; it gets a job of its own", extra={"store_id": store_id})
            enqueue(job, store_id, once=f"{name}-{store_id}")
