"""Jobs are enqueued after the commit, once where asked, and run in one store's scope."""

from __future__ import annotations

import pytest
from flask import Flask
from redis.exceptions import ConnectionError as RedisDown
from rq import SimpleWorker

from app.platform import db, queue, tenancy
from app.platform.queue import enqueue, global_job, store_job

SEEN: list[object] = []


@store_job
def note(store_id: int, word: str) -> None:
    SEEN.append((tenancy.current_store(), store_id, word))


@global_job
def fail() -> None:
    raise RuntimeError("planted")


@pytest.fixture
def empty(app: Flask):
    SEEN.clear()
    with app.app_context():
        queue.connection().flushdb()
        yield
        db.session().rollback()


def _work() -> None:
    SimpleWorker([queue.queue("periodic")], connection=queue.connection()).work(burst=True)


def test_a_job_waits_for_the_commit(empty) -> None:
    with db.transaction():
        db.rows("SELECT 1")
        enqueue(note, 5, "hello")
        assert queue.queue("periodic").count == 0
    assert queue.queue("periodic").count == 1
    _work()
    assert SEEN == [(5, 5, "hello")]
    assert tenancy.current_store() is None


def test_a_rollback_forgets_it(empty) -> None:
    with pytest.raises(RuntimeError), db.transaction():
        db.rows("SELECT 1")
        enqueue(note, 5, "hello")
        raise RuntimeError
    assert queue.queue("periodic").count == 0


def test_once_means_once_while_it_waits(empty) -> None:
    enqueue(note, 5, "a", once="same")
    enqueue(note, 5, "b", once="same")
    assert queue.queue("periodic").count == 1
    _work()
    enqueue(note, 5, "c", once="same")
    _work()
    assert [entry[2] for entry in SEEN] == ["a", "c"]


def test_a_failed_job_does_not_block_its_name(empty) -> None:
    enqueue(fail, once="same", retries=0)
    _work()
    enqueue(note, 5, "after", once="same")
    _work()
    assert [entry[2] for entry in SEEN] == ["after"]


def test_redis_down_loses_no_transaction(empty, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RedisDown("gone")

    monkeypatch.setattr(queue.Queue, "enqueue", refuse)
    with db.transaction():
        db.rows("SELECT 1")
        enqueue(note, 5, "hello")
    assert "Redis refused a job" in caplog.text


def test_a_job_whose_store_scope_fails_leaves_no_scope(empty) -> None:
    @store_job
    def broken(_store_id: int) -> None:
        raise RuntimeError("planted")

    with pytest.raises(RuntimeError):
        broken(7)
    assert tenancy.current_store() is None
