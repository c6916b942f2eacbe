"""Alerts: raised on the edge, mailed once, silent for 24 hours, tried again while Mailgun is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import requests
from sqlalchemy import text as sql_text

from app.config import Settings
from app.jobs import alerts as alert_jobs
from app.jobs import schedule
from app.jobs.alerts import render
from app.models.alerts import Alert, AlertMail
from app.platform import clock, db, queue
from app.services import alerts, stores
from tests.live import Live, live


@pytest.fixture(scope="module")
def shop(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(settings, tmp_path_factory.mktemp("shopify"), variants=25, years=0.4) as running:
        assert running.install().status_code == 200
        assert running.work() == []
        yield running


@pytest.fixture(autouse=True)
def clean(shop: Live) -> Iterator[None]:
    _set(shop, alert_emails=["owner@shop.example"], low_stock_threshold=10)
    with shop.scope():
        db.execute("DELETE FROM alerts")
        db.execute("DELETE FROM alert_mails")
        db.session().commit()
    yield
    requests.delete(f"{shop.simulator.url}/control/faults", timeout=120)


def _set(shop: Live, **values: object) -> None:
    with shop.scope():
        stores.change_settings(values, actor="test", now=clock.now())
        db.session().commit()


def _check(shop: Live) -> list[str]:
    with shop.scope() as store_id:
        pass
    with shop.app.app_context():
        alert_jobs.check(store_id)
    return shop.work()


def _count(shop: Live, where: str = "true") -> int:
    with shop.scope():
        return int(db.rows(f"SELECT COUNT(*) AS n FROM alerts WHERE {where}")[0].n)


def test_a_digest_reaches_every_recipient_alone_and_in_both_parts(shop: Live) -> None:
    _set(shop, alert_emails=["owner@shop.example", "buyer@shop.example"])
    before = len(shop.outbox())
    assert _check(shop) == []
    mails = shop.outbox(since=before)
    # Each in a mail of their own: nobody reads the others' addresses, and each can unsubscribe.
    assert sorted(mail["to"] for mail in mails) == ["buyer@shop.example", "owner@shop.example"]
    assert len({link for mail in mails for link in mail["fields"]["h:List-Unsubscribe"]}) == 2
    assert len({tuple(mail["fields"]["h:Message-ID"]) for mail in mails}) == 2
    mail = mails[0]
    assert "Low Stock Alert" in mail["subject"]
    with shop.scope():
        names = [
            row.display_name
            for row in db.rows(
                "SELECT display_name FROM variants v JOIN alerts a ON a.variant_id = v.id LIMIT 3"
            )
        ]
    assert any(name in mail["text"] for name in names)
    assert "<" in mail["html"]


def test_the_same_shortage_is_not_told_twice(shop: Live) -> None:
    _check(shop)
    sent, raised = len(shop.outbox()), _count(shop)
    assert raised > 0
    _check(shop)
    with clock.travel(timedelta(days=2)):
        _check(shop)
    assert (len(shop.outbox()), _count(shop)) == (sent, raised)


def _stock_up(shop: Live, products: int) -> None:
    """Give a few products more than they will sell, yet fewer units than the highest threshold."""
    with shop.scope():
        db.execute(
            "UPDATE inventory_levels SET available = 50000, on_hand = 50000 WHERE inventory_item_id IN"
            " (SELECT v.inventory_item_id FROM suggestions s JOIN variants v ON v.id = s.variant_id"
            " ORDER BY v.id LIMIT :products)",
            products=products,
        )
        db.session().commit()


def test_a_product_that_recovered_is_told_again_only_after_the_cooldown(shop: Live) -> None:
    _stock_up(shop, products=5)
    _set(shop, low_stock_threshold=150_000)
    _check(shop)
    low = _count(shop, "resolved_at IS NULL")
    _set(shop, low_stock_threshold=0)
    _check(shop)
    recovered = low - _count(shop, "resolved_at IS NULL")
    assert recovered > 0
    sent = len(shop.outbox())
    _set(shop, low_stock_threshold=150_000)
    _check(shop)
    assert len(shop.outbox()) == sent
    with clock.travel(timedelta(hours=25)):
        _check(shop)
    assert len(shop.outbox()) == sent + 1
    assert _count(shop, "resolved_at IS NULL") == low


def test_a_lower_threshold_on_one_product_is_its_own(shop: Live) -> None:
    with shop.scope():
        row = db.rows(
            "SELECT variant_id, on_hand - committed AS left FROM suggestions"
            " WHERE on_hand - committed > 0 ORDER BY 2 LIMIT 1"
        )[0]
        from app.services import catalog

        catalog.change_variant_settings(
            row.variant_id, {"low_stock_threshold": int(row.left) + 1}, actor="test", now=clock.now()
        )
        db.session().commit()
    _set(shop, low_stock_threshold=0)
    _check(shop)
    assert _count(shop, f"variant_id = {row.variant_id}") == 1


def test_without_recipients_alerts_are_kept_and_nothing_is_sent(shop: Live) -> None:
    _set(shop, alert_emails=[])
    sent = len(shop.outbox())
    _check(shop)
    assert _count(shop) > 0
    assert len(shop.outbox()) == sent


def test_what_nobody_was_told_is_told_once_there_is_a_recipient(shop: Live) -> None:
    _set(shop, alert_emails=[])
    _check(shop)
    raised, sent = _count(shop, "resolved_at IS NULL"), len(shop.outbox())
    _set(shop, alert_emails=["late@shop.example"])
    _check(shop)
    assert len(shop.outbox()) == sent + 1
    assert _count(shop, "resolved_at IS NULL") == raised
    _check(shop)
    assert len(shop.outbox()) == sent + 1


def test_a_long_digest_names_the_gravest_and_counts_the_rest(shop: Live) -> None:
    with shop.scope():
        one = alerts.LowProduct(1, "Cup", "C-1", "out_of_stock", "critical", 0, 5, None, None, 3)
        written = render(alerts.Address("email", "a@b.example"), [one] * 40)
    subject, text, html = written.subject, written.text, written.html
    assert subject == "Low Stock Alert: 40 products"
    assert text.count("Cup") == html.count("Cup") == 25
    assert "and 15 more products" in text
    assert "and 15 more products" in html
    assert "/store/fluxor-demo/apps/fluxor" in html


def test_mailgun_down_is_tried_again_and_sent_once(shop: Live) -> None:
    sent = len(shop.outbox())
    requests.post(
        f"{shop.simulator.url}/control/faults",
        json={"kind": "mail_down", "count": 1, "rate": 1.0},
        timeout=120,
    ).raise_for_status()
    _check(shop)
    assert len(shop.outbox()) == sent + 1
    with shop.scope():
        mails = list(db.session().query(AlertMail))
        assert [mail.status for mail in mails] == ["sent"]


@pytest.mark.parametrize("status", ["installed", "reauthorize", "frozen", "uninstalled"])
def test_a_mail_whose_job_was_lost_is_swept_up(shop: Live, status: str) -> None:
    """Also when Shopify no longer lets us in: the mail that tells of it is the one which must not be lost."""
    with shop.scope() as store_id:
        mail = AlertMail(
            recipients=["a@b.example"], subject=f"Lost {status}", text="t", html="h", created_at=clock.now()
        )
        db.session().add(mail)
        db.session().commit()
    with shop.app.app_context():
        queue.connection().flushdb()
        with standing(store_id, status), clock.travel(timedelta(minutes=5)):
            schedule.sweep(store_id)
            shop.work()
    assert f"Lost {status}" in [mail["subject"] for mail in shop.outbox()]


@contextmanager
def standing(store_id: int, status: str) -> Iterator[None]:
    """The store as Shopify's refusals have left it, for a while."""
    _note(store_id, status)
    try:
        yield
    finally:
        _note(store_id, "installed")


def _note(store_id: int, status: str) -> None:
    with db.separate_transaction() as own:
        own.execute(
            sql_text("UPDATE stores SET status = :status WHERE id = :id"), {"status": status, "id": store_id}
        )


def test_a_crash_while_sending_is_never_a_second_mail(shop: Live) -> None:
    with shop.scope() as store_id:
        mail = AlertMail(
            recipients=["a@b.example"],
            subject="Crashed",
            text="t",
            html="h",
            status="sending",
            created_at=clock.now(),
        )
        db.session().add(mail)
        db.session().commit()
        mail_id = mail.id
    with shop.app.app_context(), clock.travel(timedelta(minutes=20)):
        schedule.sweep(store_id)
        shop.work()
    with shop.scope():
        found = db.session().query(AlertMail).filter(AlertMail.id == mail_id).one()
        assert (found.status, found.error) == ("failed", "Nobody knows whether it was sent.")


def test_dismissed_and_snoozed_stay_on_record(shop: Live) -> None:
    _check(shop)
    with shop.scope():
        first = db.session().query(Alert).order_by(Alert.id).first()
        assert first is not None
        alerts.dismiss(first.id, actor="t", now=clock.now())
        alerts.snooze(first.id, until=clock.now() + timedelta(days=7), actor="t")
        db.session().flush()
        assert first.dismissed_at is not None
        assert first.resolved_at is None
        with pytest.raises(alerts.AlertNotFound):
            alerts.dismiss(10**12, actor="t", now=clock.now())
        with pytest.raises(alerts.AlertNotFound):
            alerts.snooze(10**12, until=clock.now(), actor="t")
