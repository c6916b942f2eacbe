"""Many stores in one job: each has its turn in its own scope, whatever happens to the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from rq.timeouts import JobTimeoutException

from app.jobs import schedule, turns
from app.platform import db, queue, tenancy
from app.platform.queue import global_job, store_job
from tests import factories
from tests.factories import Shop

_visited: list[int] = []
_broken: dict[int, Exception] = {}


@store_job
def visit(store_id: int) -> None:
    """Rename the store's place and note whose names are seen; fail where it is told to."""
    db.execute("UPDATE locations SET name = 'visited'")
    if store_id in _broken:
        raise _broken[store_id]
    assert tenancy.current_store() == store_id
    _visited.append(store_id)


@global_job
def visit_some(store_ids: list[int]) -> None:
    turns.in_turn(visit, store_ids, name="visit")


@pytest.fixture
def shops(app: Flask) -> Iterator[list[Shop]]:
    made = [factories.make_store(app, name=f"Turn {number}") for number in range(3)]
    for shop in made:
        factories.fill(app, shop, factories.ITEMS[:1])
    with app.app_context():
        queue.connection().flushdb()
    yield made
    _visited.clear()
    _broken.clear()
    with app.app_context():
        queue.connection().flushdb()


def waiting(app: Flask) -> list[tuple[str, tuple[object, ...]]]:
    with app.app_context():
        return [(job.func_name.rpartition(".")[2], job.args) for job in queue.queue("periodic").jobs]


def place(app: Flask, shop: Shop) -> str:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return str(db.rows("SELECT name FROM locations")[0].name)


def test_a_failing_store_keeps_no_other_from_its_turn(app: Flask, shops: list[Shop]) -> None:
    ids = [shop.id for shop in shops]
    _broken[ids[1]] = ValueError("this store's turn fails")
    with app.app_context():
        visit_some(ids)
        assert tenancy.current_store() is None
    assert _visited == [ids[0], ids[2]]
    # The failing store's half-done work is undone, and it has a job of its own.
    assert [place(app, shop) for shop in shops] == ["visited", "Main warehouse", "visited"]
    assert waiting(app) == [("visit", (ids[1],))]


def test_the_end_of_its_time_ends_the_job(app: Flask, shops: list[Shop]) -> None:
    ids = [shop.id for shop in shops]
    _broken[ids[1]] = JobTimeoutException("the job's time is over")
    with app.app_context(), pytest.raises(JobTimeoutException):
        visit_some(ids)
    assert _visited == ids[:1]
    assert [place(app, shop) for shop in shops] == ["visited", "Main warehouse", "Main warehouse"]


def test_so_many_stores_at_a_time(app: Flask, monkeypatch: pytest.MonkeyPatch, shops: list[Shop]) -> None:
    monkeypatch.setattr(turns, "STORES_AT_A_TURN", 2)
    ids = [shop.id for shop in shops]
    with app.app_context():
        turns.enqueue_turns(visit_some, ids, name="visit")
        turns.enqueue_turns(visit_some, ids, name="visit")  # what waits already is not asked for once more
    assert waiting(app) == [("visit_some", (ids[:2],)), ("visit_some", (ids[2:],))]


@pytest.mark.parametrize("due", [schedule.digest_due, schedule.prune_due, schedule.sweep_due])
def test_what_is_short_takes_one_job_for_all(app: Flask, shops: list[Shop], due: object) -> None:
    with app.app_context():
        due()  # type: ignore[operator]
    asked = waiting(app)
    assert 1 <= len(asked) <= 2 * (1 + max(shop.id for shop in shops) // turns.STORES_AT_A_TURN)
    for shop in shops:
        assert any(shop.id in args[0] for _, args in asked)  # type: ignore[operator]
