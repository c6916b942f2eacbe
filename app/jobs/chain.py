"""When a step of a run commits what it has stored, when it must stop, and how long to wait after a failure."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from app.platform import clock, db
from app.services import stores, sync

_FIRST_PAUSE, _LONGEST_PAUSE, _SPREAD = 5.0, 600.0, 1.5


class Overtaken(Exception):
    """Another job has taken over the run, or closed it: this one must store nothing more."""


def keep(store_id: int, run_id: int, number: int, *, counts: dict[str, int], cursors: dict[str, Any]) -> None:
    """Commit what was stored together with where to go on.

    Raises Overtaken, and UnableToReachShop as soon as the store has uninstalled us.
    """
    if not sync.save(run_id, number, counts=counts, cursors=cursors, now=clock.now()):
        raise Overtaken
    db.checkpoint()
    stores.require_active(store_id)


def backoff(attempts: int) -> float:
    """Seconds before the next try: 5, 10, 20 … 600, and up to half more, so that stores do not march in step."""
    return _pause(attempts) * random.uniform(1.0, _SPREAD)


def longest_pause(attempts: int) -> timedelta:
    """How long a run may be silent after so many failures without anything being amiss."""
    return timedelta(seconds=_pause(attempts) * _SPREAD if attempts else 0)


def _pause(attempts: int) -> float:
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** max(0, attempts - 1))
