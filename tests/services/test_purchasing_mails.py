"""An order's mail is sent once, tried again while Mailgun is away, and never a second time after a crash."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from app.config import Settings
from app.jobs import purchasing as mail_jobs
from app.jobs import schedule
from app.platform import clock, db, queue
from app.services import purchasing
from app.services.purchasing import mails
from tests.live import Live, live


@pytest.fixture(scope="module")
def shop(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(settings, tmp_path_factory.mktemp("shopify"), variants=10, years=0.3) as running:
        assert running.install().status_code == 200
        assert running.work() == []
        yield running


@pytest.fixture
def order(shop: Live) -> Iterator[int]:
    """An order that is on its way, not mailed yet."""
    with shop.scope():
        variant = db.rows("SELECT id FROM variants WHERE deleted_at IS NULL ORDER BY id LIMIT 1")[0].id
        made = purchasing.accept(variant, quantity=3, actor="Ann", now=clock.now())
        today = clock.now().date()
        purchasing.send(made.id, version=made.version, today=today, actor="Ann", now=clock.now())
        order_id = made.id
        db.session().commit()
    yield order_id
    requests.delete(f"{shop.simulator.url}/control/faults", timeout=120)


def write(shop: Live, order_id: int) -> int:
    """Write the mail as the page does; its job waits in the queue."""
    with shop.scope() as store_id:
        mail_jobs.post(
            store_id,
            order_id,
            ["orders@supplier.example", "second@supplier.example"],
            message="",
            reply_to="buyer@shop.example",
            actor="Ann",
            today=clock.now().date(),
            now=clock.now(),
        )
        mail_id = int(db.rows("SELECT MAX(id) AS id FROM purchase_mails")[0].id)
        db.session().commit()
        return mail_id


def stored(shop: Live, mail_id: int) -> Any:
    with shop.scope():
        return db.rows("SELECT * FROM purchase_mails WHERE id = :id", id=mail_id)[0]


def fault(shop: Live, kind: str) -> None:
    body = {"kind": kind, "count": 1, "rate": 1.0}
    requests.post(f"{shop.simulator.url}/control/faults", json=body, timeout=120).raise_for_status()


def test_it_reaches_all_recipients_with_its_pdf_and_the_address_for_answers(shop: Live, order: int) -> None:
    before = len(shop.outbox())
    mail_id = write(shop, order)
    assert shop.work() == []
    mail = shop.outbox()[0]
    assert len(shop.outbox()) == before + 1
    assert mail["to"] == "orders@supplier.example, second@supplier.example"
    assert mail["fields"]["h:Reply-To"] == ["buyer@shop.example"]
    assert mail["attachments"][0]["name"].startswith("PO-")
    assert stored(shop, mail_id).status == "sent"


def test_mailgun_down_is_tried_again_and_sent_once(shop: Live, order: int) -> None:
    before = len(shop.outbox())
    fault(shop, "mail_down")
    mail_id = write(shop, order)
    shop.work()
    assert len(shop.outbox()) == before + 1
    assert (stored(shop, mail_id).status, stored(shop, mail_id).error) == ("sent", "")


def test_a_refusal_is_kept_with_its_reason_and_not_tried_again(shop: Live, order: int) -> None:
    before = len(shop.outbox())
    fault(shop, "mail_unauthorized")
    mail_id = write(shop, order)
    shop.work()
    assert len(shop.outbox()) == before
    assert stored(shop, mail_id).status == "failed"
    assert "401" in stored(shop, mail_id).error


def test_a_mail_whose_job_was_lost_is_swept_up(shop: Live, order: int) -> None:
    before = len(shop.outbox())
    mail_id = write(shop, order)
    with shop.scope() as store_id:
        queue.connection().flushdb()
    with shop.app.app_context(), clock.travel(timedelta(minutes=5)):
        schedule.sweep(store_id)
        shop.work()
    assert len(shop.outbox()) == before + 1
    assert stored(shop, mail_id).status == "sent"


def test_a_crash_while_sending_is_never_a_second_mail(shop: Live, order: int) -> None:
    before = len(shop.outbox())
    mail_id = write(shop, order)
    with shop.scope() as store_id:
        assert mails.claim(mail_id, now=clock.now())
        assert not mails.claim(mail_id, now=clock.now())
        db.session().commit()
        queue.connection().flushdb()
    with shop.app.app_context(), clock.travel(timedelta(minutes=20)):
        schedule.sweep(store_id)
        shop.work()
    assert len(shop.outbox()) == before
    assert stored(shop, mail_id).status == "failed"
    assert stored(shop, mail_id).error == "Nobody knows whether it was sent."
