"""What an operator finds out and sets right by command: failed jobs, kept deliveries, stores put away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from rq import SimpleWorker

from app.models.alerts import AlertMail
from app.models.forecasts import ForecastPart, ForecastRun
from app.models.stores import Store
from app.models.sync import WebhookReceipt
from app.platform import clock, db, queue, tenancy
from app.platform.queue import enqueue, global_job
from tests import factories
from tests.factories import Shop

BROKEN = [True]


@global_job
def poison() -> None:
    if BROKEN[0]:
        raise RuntimeError("planted for jane@example.com")


@pytest.fixture
def shop(app: Flask) -> Iterator[Shop]:
    with app.app_context():
        queue.connection().flushdb()
    yield factories.make_store(app)
    with app.app_context():
        queue.connection().flushdb()


def work(app: Flask) -> None:
    with app.app_context():
        SimpleWorker([queue.queue("periodic")], connection=queue.connection()).work(burst=True)


def invoke(app: Flask, *arguments: str):
    with app.app_context():
        return app.test_cli_runner().invoke(args=list(arguments))


def test_a_poison_job_is_shown_without_personal_data_and_can_be_tried_again(app: Flask, shop: Shop) -> None:
    BROKEN[0] = True
    with app.app_context():
        enqueue(poison, retries=0)
    work(app)
    seen = invoke(app, "doctor")
    assert seen.exit_code == 1
    assert "poison failed (RuntimeError: planted for [redacted])" in seen.output
    assert "No worker runs" in seen.output
    BROKEN[0] = False
    assert "1 job(s)" in invoke(app, "retry-failed").output
    work(app)
    assert "poison" not in invoke(app, "doctor").output
    assert "0 job(s)" in invoke(app, "retry-failed").output


def test_a_store_that_is_put_away_is_named_with_the_reason(app: Flask, shop: Shop) -> None:
    with app.app_context(), db.separate_transaction() as own:
        store = own.get(Store, shop.id)
        assert store is not None
        store.status, store.status_reason = "reauthorize", "The merchant has to open Fluxor."
    seen = invoke(app, "doctor")
    assert f"({shop.domain}) is reauthorize: The merchant has to open Fluxor." in seen.output


def test_a_store_that_is_not_read_and_mails_that_do_not_go_are_named(app: Flask, shop: Shop) -> None:
    now = clock.now()
    long_ago = {"started_at": now - timedelta(days=2), "finished_at": now - timedelta(days=2)}
    factories.sync_run(app, shop, **long_ago)
    mine = f"Store {shop.id} ({shop.domain})"
    assert f"{mine}: nothing was read since" in invoke(app, "doctor").output
    factories.sync_run(app, shop)
    assert mine not in invoke(app, "doctor").output
    still = {"status": "running", "stage": "orders", "started_at": now + timedelta(minutes=1)}
    factories.sync_run(app, shop, **still, attempts=3, finished_at=None, error="planted")
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction() as session:
        for status, error in (("queued", "Mailgun answered 503."), ("sent", ""), ("failed", "refused")):
            session.add(
                AlertMail(recipients=["a@b.test"], subject="x", status=status, error=error, text="", html="")
            )
    seen = invoke(app, "doctor").output
    assert f"{mine}: its sync fails (3 tries in a row). `flask why {shop.domain}` says why." in seen
    assert f"{mine}: 2 mail(s) could not be sent." in seen


def test_a_forecast_in_parts_says_how_far_it_is_and_one_that_stands_still_is_named(
    app: Flask, shop: Shop
) -> None:
    now = clock.now()
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction() as session:
        run = ForecastRun(engine="prophet", origin=now.date(), variants=900, started_at=now)
        session.add(run)
        session.flush()
        for number, done in ((1, 400), (2, 50)):
            part = {"number": number, "variants": 400, "done": done, "content": b"", "touched_at": now}
            session.add(ForecastPart(run_id=run.id, **part))
        number = run.id
    said = invoke(app, "why", shop.domain).output
    assert f"forecast {number} (prophet): 550 of 900 products, begun {now:%Y-%m-%d %H:%M} UTC" in said
    assert "has not got on" not in invoke(app, "doctor").output
    with clock.travel(timedelta(minutes=61)):
        seen = invoke(app, "doctor").output
    assert (
        f"Store {shop.id} ({shop.domain}): its forecast has not got on since {now:%Y-%m-%d %H:%M} UTC" in seen
    )
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("DELETE FROM forecast_parts")
    assert "forecast" not in invoke(app, "why", shop.domain).output


def test_a_parked_delivery_is_handled_once_more(app: Flask, shop: Shop) -> None:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction() as session:
        receipt = WebhookReceipt(
            webhook_id="w-1",
            event_id="e-1",
            topic="customers/redact",
            api_version="2026-10",
            subject="",
            payload={},
            received_at=clock.now(),
            parked_at=clock.now(),
            attempts=6,
        )
        session.add(receipt)
        session.flush()
        receipt_id = receipt.id
    done = invoke(app, "replay-webhook", str(shop.id), str(receipt_id))
    assert done.exit_code == 0, done.output
    with app.app_context():
        SimpleWorker([queue.queue("webhooks")], connection=queue.connection()).work(burst=True)
        with tenancy.store_scope(db.session(), shop.id):
            row = db.rows("SELECT handled_at, parked_at FROM webhook_receipts WHERE id = :id", id=receipt_id)[
                0
            ]
    assert row.handled_at is not None and row.parked_at is None


def test_a_delivery_of_another_store_is_not_found(app: Flask, shop: Shop) -> None:
    done = invoke(app, "replay-webhook", str(shop.id), "999999999")
    assert done.exit_code == 1
    assert "keeps no delivery 999999999" in done.output
