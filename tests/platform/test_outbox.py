"""A kept job is owed until its effect is stored: whatever Redis forgets, and however its worker dies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from rq import SimpleWorker
from rq.job import Job
from rq.registry import ScheduledJobRegistry
from sqlalchemy import text

from app.platform import clock, db, lost, outbox, queue
from app.platform.queue import enqueue, global_job, kept
from app.platform.workers import _Scheduler
from tests.factories import Shop, make_store
from tests.live import bring_forward

SEEN: list[str] = []
BROKEN = [False]


@global_job
@kept
def note(word: str) -> None:
    if BROKEN[0]:
        raise RuntimeError("planted for jane@example.com")
    SEEN.append(word)
    if word == "twice":
        enqueue_elsewhere("again")


@global_job
def careless() -> None: ...


def enqueue_elsewhere(word: str) -> None:
    """What another process does while the job runs: the same wish, in a transaction of its own."""
    with db.separate_transaction() as own:
        own.execute(
            text("UPDATE outbox SET number = number + 1, arguments = jsonb_build_array(:w)"), {"w": word}
        )


@pytest.fixture(autouse=True)
def empty(app: Flask) -> Iterator[None]:
    SEEN.clear()
    BROKEN[0] = False
    with app.app_context():
        queue.connection().flushdb()
        _clear()
        yield
        db.session().rollback()
        _clear()


def _clear() -> None:
    db.execute("DELETE FROM outbox")
    db.session().commit()


def work() -> None:
    for one in queue.queues():
        bring_forward(one)
    SimpleWorker(queue.queues(), connection=queue.connection()).work(burst=True, logging_level="CRITICAL")


def owed() -> list[str]:
    found = [row.name for row in db.rows("SELECT name FROM outbox ORDER BY name")]
    db.session().rollback()
    return found


def sweep() -> None:
    queue.resend(outbox.waiting(patience=timedelta(seconds=-1)))
    db.session().rollback()


def test_it_is_a_row_until_it_is_done() -> None:
    enqueue(note, "a", once="note-1")
    assert owed() == ["note-1"]
    work()
    assert (SEEN, owed()) == (["a"], [])


def test_what_redis_forgets_is_enqueued_from_the_database() -> None:
    enqueue(note, "a", once="note-1")
    queue.connection().flushdb()
    work()
    assert SEEN == []
    sweep()
    work()
    assert (SEEN, owed()) == (["a"], [])


def test_a_sweep_does_not_add_what_waits_already() -> None:
    enqueue(note, "a", once="note-1")
    sweep()
    assert queue.queue("periodic").count == 1


def test_a_rollback_owes_nothing() -> None:
    with pytest.raises(RuntimeError), db.transaction():
        db.rows("SELECT 1")
        enqueue(note, "a", once="note-1")
        raise RuntimeError
    assert owed() == []


def test_a_wish_that_comes_while_the_job_runs_is_fulfilled_too() -> None:
    enqueue(note, "twice", once="note-1")
    work()
    assert SEEN == ["twice", "twice"]
    assert owed() == ["note-1"]  # it was asked for again once more


def test_a_job_that_keeps_failing_is_parked_and_shown_and_can_be_released(app: Flask) -> None:
    BROKEN[0] = True
    enqueue(note, "a", once="note-1", retries=0)
    while not outbox.parked():
        work()
        sweep()
    parked = outbox.parked()
    assert [(one.name, one.attempts) for one in parked] == [("note-1", outbox.MAX_ATTEMPTS)]
    assert "jane" not in parked[0].error
    db.session().rollback()
    assert "note-1 is parked" in app.test_cli_runner().invoke(args=["doctor"]).output
    sweep()
    assert SEEN == []
    BROKEN[0] = False
    app.test_cli_runner().invoke(args=["retry-failed"])
    work()
    assert (SEEN, owed()) == (["a"], [])


def test_an_erased_store_is_owed_nothing(app: Flask) -> None:
    shop: Shop = make_store(app)
    outbox.write([outbox.Wish("of-a-store", "x", [], "periodic", shop.id)])
    outbox.write([outbox.Wish("of-no-store", "x", [], "periodic", -1)])
    db.session().commit()
    assert owed() == ["of-a-store"]
    db.execute("DELETE FROM stores WHERE id = :id", id=shop.id)
    db.session().commit()
    assert owed() == []


def test_the_outbox_names_kept_jobs_alone() -> None:
    with pytest.raises(TypeError, match="no kept job"):
        queue.resend([outbox.Wish("x", f"{careless.__module__}.careless", [], "periodic")])
    with pytest.raises(TypeError, match="give it a name"):
        enqueue(note, "a")


def test_a_savepoint_neither_sends_early_nor_forgets_what_was_asked_outside_it() -> None:
    with db.transaction() as session:
        db.rows("SELECT 1")
        enqueue(note, "outer", once="note-1")
        with session.begin_nested():
            db.rows("SELECT 1")
        assert queue.queue("periodic").count == 0
        with pytest.raises(RuntimeError), session.begin_nested():
            db.rows("SELECT 1")
            enqueue(note, "inner", once="note-2")
            raise RuntimeError
    assert owed() == ["note-1"]
    work()
    assert SEEN == ["outer"]


def test_a_name_held_by_a_job_that_no_queue_has_is_free_again() -> None:
    enqueue(note, "a", once="note-1")
    queue.connection().delete(queue.queue("periodic").key)  # a worker took it and died before it said so
    sweep()
    assert queue.queue("periodic").count == 0
    with clock.travel(timedelta(minutes=2)):
        sweep()
    work()
    assert SEEN == ["a"]


def test_a_job_whose_worker_has_been_silent_is_taken_up() -> None:
    enqueue(note, "a", once="note-1")
    job = Job.fetch("note-1", connection=queue.connection())
    queue.connection().delete(queue.queue("periodic").key)
    job.set_status("started")
    job.heartbeat(clock.now(), 600)
    assert not lost.make_room("note-1", connection=queue.connection(), now=clock.now())
    later = clock.now() + timedelta(minutes=5)
    assert lost.make_room("note-1", connection=queue.connection(), now=later)


def test_a_new_or_emptied_redis_is_noticed_once() -> None:
    connection = queue.connection()
    assert lost.has_restarted(connection, "t-")
    assert not lost.has_restarted(connection, "t-")
    connection.flushdb()
    assert lost.has_restarted(connection, "t-")


def test_a_delayed_job_is_brought_though_no_scheduler_lives() -> None:
    enqueue(note, "a", once="note-1", delay_seconds=30)
    queues = queue.queues()
    assert lost.bring_overdue(queues, now=clock.now() + timedelta(seconds=29)) == 0
    assert lost.bring_overdue(queues, now=clock.now() + timedelta(seconds=60)) == 1
    SimpleWorker(queues, connection=queue.connection()).work(burst=True, logging_level="CRITICAL")
    assert SEEN == ["a"]


def test_a_delayed_job_that_two_have_seen_at_once_is_brought_once(monkeypatch: pytest.MonkeyPatch) -> None:
    enqueue(note, "a", once="note-1", delay_seconds=1)
    queues, later = queue.queues(), clock.now() + timedelta(seconds=60)
    seen = {one.name: ScheduledJobRegistry(queue=one).get_job_ids() for one in queues}
    scheduler = _Scheduler(queues, connection=queue.connection())
    scheduler._acquired_locks = {one.name for one in queues}
    assert lost.bring_overdue(queues, now=later) == 1
    monkeypatch.setattr(ScheduledJobRegistry, "get_jobs_to_schedule", lambda self, *_: seen[self.name])
    assert lost.bring_overdue(queues, now=later) == 0
    scheduler.enqueue_scheduled_jobs()
    assert sum(len(one) for one in queues) == 1


def test_the_scheduler_brings_what_is_due_and_nothing_else() -> None:
    enqueue(note, "a", once="note-1", delay_seconds=0.0001)
    enqueue(note, "b", once="note-2", delay_seconds=600)
    queues = queue.queues()
    scheduler = _Scheduler(queues, connection=queue.connection())
    scheduler._acquired_locks = {one.name for one in queues}
    scheduler.enqueue_scheduled_jobs()
    SimpleWorker(queues, connection=queue.connection()).work(burst=True, logging_level="CRITICAL")
    assert SEEN == ["a"]
