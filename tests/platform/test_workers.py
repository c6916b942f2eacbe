"""A worker that is told to stop ends in time, gives back what it had begun, and outlives an emptied Redis."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from flask import Flask
from rq.scheduler import RQScheduler

from app.platform import db, queue, workers
from app.platform.queue import enqueue, global_job
from devtools import watchdog


@global_job
def sleepy(key: str) -> None:
    """Says that it began, then takes longer than any worker is given."""
    if queue.connection().incr(f"began-{key}") == 1:
        time.sleep(60)


@global_job
def mark(key: str) -> None:
    queue.connection().incr(f"did-{key}")


@pytest.fixture(autouse=True)
def empty(app: Flask) -> Iterator[None]:
    with app.app_context():
        queue.connection().flushdb()
        yield
        queue.connection().flushdb()


def until(is_so: Callable[[], object], seconds: float = 30.0) -> None:
    limit = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def worker(app: Flask) -> Iterator[int]:
    """A real worker process that gives a job half a second; its pid."""
    db.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            with app.app_context():
                queue.connection().connection_pool.disconnect()
                workers.work(
                    app,
                    queue.queues(),
                    burst=False,
                    rebuild=lambda: enqueue(mark, "rebuilt"),
                    grace_seconds=0.5,
                )
        finally:
            os._exit(0)
    yield pid
    with suppress(ProcessLookupError, ChildProcessError):  # the test may have ended it
        os.kill(pid, signal.SIGTERM)
        until(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid)


def count(key: str) -> int:
    return int(queue.connection().get(key) or 0)  # type: ignore[arg-type]


def test_it_ends_in_time_and_the_job_goes_back_to_the_front(worker: int) -> None:
    enqueue(sleepy, "x", once="sleepy")
    until(lambda: count("began-x"))
    begun = time.monotonic()
    os.kill(worker, signal.SIGTERM)
    assert os.waitpid(worker, 0) == (worker, 0)
    assert time.monotonic() - begun < 10
    assert queue.queue("periodic").job_ids[0] == "sleepy"
    waiting = queue.queue("periodic").jobs[0]
    assert (waiting.get_status(), waiting.meta["cut_short"]) == ("queued", True)


def test_an_idle_worker_notices_that_redis_was_emptied(worker: int) -> None:
    until(lambda: count("did-rebuilt") == 1)  # it is new to this Redis
    queue.connection().flushdb()
    enqueue(mark, "x")
    until(lambda: count("did-x") and count("did-rebuilt") == 1)


def test_a_killed_worker_leaves_neither_its_job_nor_its_scheduler_behind(worker: int) -> None:
    until(lambda: count("did-rebuilt") == 1)
    enqueue(sleepy, "x", once="sleepy")
    until(lambda: count("began-x"))
    children = watchdog.family({worker}) - {worker}
    assert len(children) == 2
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    until(lambda: not children & {pid for pid, _, _ in watchdog.process_table()})
    following = RQScheduler(queue.queues(), connection=queue.connection())
    assert following.acquire_locks() == {one.name for one in queue.queues()}
