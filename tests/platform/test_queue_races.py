"""Two processes at one job's name: what ends or comes between two looks is no fault of whoever enqueues."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from rq.job import Job

from app.platform import clock, db, lost, queue
from app.platform.queue import enqueue, global_job


@global_job
def work() -> None: ...


@pytest.fixture(autouse=True)
def empty(app: Flask) -> Iterator[None]:
    with app.app_context():
        queue.connection().flushdb()
        yield
        queue.connection().flushdb()


def wish() -> None:
    with db.transaction():
        enqueue(work, once="work-1")


def test_a_job_that_ends_between_two_looks_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    wish()
    fetch = Job.fetch

    def slow(job_id: str, **options: Any) -> Job:
        found = fetch(job_id, **options)
        options["connection"].delete(Job.key_for(job_id))  # a worker has just ended it
        return found

    monkeypatch.setattr(Job, "fetch", slow)
    assert lost.make_room("work-1", connection=queue.connection(), now=clock.now())


def test_a_job_that_comes_back_while_room_is_made_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    wish()
    # Another process is faster: there is room for a moment, and then there is none again.
    monkeypatch.setattr(lost, "make_room", lambda *_arguments, **_options: True)
    wish()
    assert queue.queue("periodic").count == 1
