"""From a stored delivery to its effect: many by one job, none forgotten, none counted twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rq import SimpleWorker
from rq.job import Job
from rq.registry import ScheduledJobRegistry

from app.jobs import schedule, webhook_topics, webhooks
from app.models.stores import Store
from app.platform import clock, db, queue, tenancy
from app.services import stores
from app.services import sync as runs
from tests import factories
from tests.factories import Shop
from tests.live import bring_forward
from tests.signing import delivery

TOPIC = "customers/data_request"


@pytest.fixture
def shop(app: Flask) -> Iterator[Shop]:
    with app.app_context():
        queue.connection().flushdb()
    yield factories.make_store(app)
    with app.app_context():
        queue.connection().flushdb()


def send(client: FlaskClient, shop: Shop, number: int) -> None:
    sent = delivery(shop.domain, TOPIC, {"data_request": {"id": number}}, webhook_id=f"w-{number}")
    assert client.post("/webhooks", **sent).status_code == 200


def waiting_jobs(app: Flask) -> int:
    with app.app_context():
        return queue.queue("webhooks").count


def work(app: Flask, *names: str) -> None:
    with app.app_context():
        queues = [queue.queue(name) for name in names or ("webhooks",)]
        SimpleWorker(queues, connection=queue.connection()).work(burst=True)


def effects(app: Flask, shop: Shop) -> list[int]:
    """The requests whose handling is on record, in order."""
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        found = db.rows(
            "SELECT (detail->>'request_id')::int AS id FROM audit_entries WHERE action = 'privacy.data_request'"
        )
        return sorted(row.id for row in found)


def test_deliveries_that_come_together_are_one_jobs_work(app: Flask, client: FlaskClient, shop: Shop) -> None:
    for number in range(5):
        send(client, shop, number)
    assert waiting_jobs(app) == 1
    work(app)
    assert effects(app, shop) == [0, 1, 2, 3, 4]


def test_a_delivery_that_comes_while_the_job_works_has_another_job(
    app: Flask, client: FlaskClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = webhook_topics.HANDLERS[TOPIC]

    def meanwhile(store_id: int, receipt: runs.Receipt) -> None:
        if receipt.webhook_id == "w-1":
            send(app.test_client(), shop, 2)
        handler(store_id, receipt)

    monkeypatch.setitem(webhook_topics.HANDLERS, TOPIC, meanwhile)
    send(client, shop, 1)
    work(app)
    assert effects(app, shop) == [1, 2]


def test_more_than_one_job_may_take_are_all_handled(
    app: Flask, client: FlaskClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "_AT_A_GO", 2)
    for number in range(5):
        send(client, shop, number)
    work(app)
    assert effects(app, shop) == [0, 1, 2, 3, 4]


def test_one_that_fails_holds_up_no_other_and_is_tried_again(
    app: Flask, client: FlaskClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, failures = webhook_topics.HANDLERS[TOPIC], []

    def stumble(store_id: int, receipt: runs.Receipt) -> None:
        if receipt.webhook_id == "w-1" and not failures:
            failures.append(receipt.id)
            raise RuntimeError("planted")
        handler(store_id, receipt)

    monkeypatch.setitem(webhook_topics.HANDLERS, TOPIC, stumble)
    for number in (1, 2):
        send(client, shop, number)
    work(app)
    assert effects(app, shop) == [2]
    with app.app_context():
        webhooks.handle(shop.id, failures[0])
    assert effects(app, shop) == [1, 2]


def test_a_database_that_goes_away_is_met_once_and_not_once_for_each_delivery(
    app: Flask, client: FlaskClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, begun = webhook_topics.HANDLERS[TOPIC], []

    def lose(store_id: int, receipt: runs.Receipt) -> None:
        begun.append(receipt.webhook_id)
        if len(begun) == 1:
            db.rows("SELECT pg_terminate_backend(pg_backend_pid())")
        handler(store_id, receipt)

    monkeypatch.setitem(webhook_topics.HANDLERS, TOPIC, lose)
    for number in (1, 2, 3):
        send(client, shop, number)
    work(app)
    assert (begun, effects(app, shop)) == (["w-1"], [])
    assert sorted(later(app)) == ["webhooks.drain", "webhooks.handle"]
    with app.app_context():
        bring_forward(queue.queue("webhooks"))
    work(app)
    assert effects(app, shop) == [1, 2, 3]


def later(app: Flask) -> list[str]:
    """The delayed jobs, as module and name."""
    with app.app_context():
        registry = ScheduledJobRegistry(queue=queue.queue("webhooks"))
        jobs = [Job.fetch(one, connection=queue.connection()) for one in registry.get_job_ids()]
        return [job.func_name.removeprefix("app.jobs.") for job in jobs]


def test_two_jobs_at_one_delivery_have_one_effect(
    app: Flask, client: FlaskClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, seen = webhook_topics.HANDLERS[TOPIC], []

    def again(store_id: int, receipt: runs.Receipt) -> None:
        if not seen:
            seen.append(receipt.id)
            webhooks.handle(store_id, receipt.id)  # the sweep thought its job lost; that one is faster
            tenancy.enter(db.session(), store_id)
        handler(store_id, receipt)

    monkeypatch.setitem(webhook_topics.HANDLERS, TOPIC, again)
    send(client, shop, 1)
    work(app)
    assert seen and effects(app, shop) == [1]


def test_what_lost_its_job_is_found_also_in_a_store_that_has_left(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    send(client, shop, 1)
    with app.app_context():
        queue.connection().flushdb()
        stores.uninstall(shop=shop.domain, now=clock.now())
        with clock.travel(timedelta(minutes=5)):
            schedule.sweep_due()
            SimpleWorker([queue.queue("periodic")], connection=queue.connection()).work(burst=True)
    assert effects(app, shop) == []
    work(app)
    with app.app_context(), clock.travel(timedelta(minutes=5)):
        schedule.sweep(shop.id)
    work(app)
    assert effects(app, shop) == [1]


def test_a_shop_that_was_erased_and_came_anew_is_known_by_its_new_store(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    send(client, shop, 1)
    with app.app_context(), db.separate_transaction() as own:
        own.delete(own.get(Store, shop.id))
    send(client, shop, 2)  # nobody's any more: answered, not kept
    with app.app_context(), db.separate_transaction() as own:
        store = Store(shop=shop.domain, installed_at=clock.now())
        own.add(store)
        own.flush()
        store_id = store.id
    send(client, shop, 3)
    with app.app_context(), tenancy.store_scope(db.session(), store_id):
        assert [row.webhook_id for row in db.rows("SELECT webhook_id FROM webhook_receipts")] == ["w-3"]
