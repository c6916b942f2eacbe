"""What has been kept long enough goes, what is needed stays; and an operator reads one store's story."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask

from app.models.alerts import AlertMail
from app.models.audit import AuditEntry
from app.models.catalog import Product, Variant
from app.models.invitations import Invitation
from app.models.reports import ForecastRecord, Report
from app.models.sync import SyncRun, WebhookReceipt
from app.platform import clock, db, tenancy
from app.services import retention
from tests.factories import Shop, make_store


@pytest.fixture
def shop(app: Flask) -> Iterator[Shop]:
    made = make_store(app)
    with app.app_context(), tenancy.store_scope(db.session(), made.id):
        yield made


def count(table: str) -> int:
    return int(db.rows(f"SELECT count(*) AS n FROM {table}")[0].n)


def run(days_ago: int, kind: str = "incremental", status: str = "done", error: str = "") -> SyncRun:
    at = clock.now() - timedelta(days=days_ago)
    return SyncRun(
        kind=kind,
        status=status,
        stage=status,
        started_at=at,
        touched_at=at,
        error=error,
        done={},
        operations={},
        cursors={},
    )


def invitation(at: datetime) -> Invitation:
    return Invitation(
        email=f"{at:%Y}@example.com",
        role="viewer",
        language="en",
        invited_by="a",
        status="sent",
        created_at=at,
    )


def test_old_things_go_and_the_newest_run_of_each_kind_stays(shop: Shop) -> None:
    old = clock.now() - timedelta(days=800)
    db.session().add_all([run(800, "first"), run(700), run(100), run(1), run(200, status="failed")])
    for at in (old, clock.now()):
        db.session().add(Report(kind="sales", status="done", created_at=at))
        db.session().add(AuditEntry(actor="a", action="b", at=at))
        db.session().add(invitation(at))
        db.session().add(
            AlertMail(recipients=["x"], subject="s", text="", html="", status="sent", created_at=at)
        )
    db.session().add(
        AlertMail(recipients=["x"], subject="s", text="", html="", status="queued", created_at=old)
    )
    db.session().add(Product(id=1, title="Tea"))
    db.session().flush()
    db.session().add(Variant(id=1, product_id=1, inventory_item_id=1, display_name="Tea"))
    db.session().flush()
    for at in (old, clock.now()):
        db.session().add(ForecastRecord(variant_id=1, origin=at.date(), days=28, units=1, model="zero"))
    db.session().flush()
    audit = count("audit_entries")
    gone = retention.prune(now=clock.now())
    assert gone == {
        "reports": 1,
        "sync_runs": 3,
        "sync_troubles": 0,
        "alert_mails": 1,
        "invitations": 1,
        "audit_entries": 1,
        "forecast_records": 1,
        "location_stock_outs": 0,
    }
    kept = {(row.kind, row.status) for row in db.rows("SELECT kind, status FROM sync_runs")}
    assert kept == {("first", "done"), ("incremental", "done")}
    assert (count("reports"), count("alert_mails"), count("audit_entries")) == (1, 2, audit - 1)


def test_an_operator_reads_why_a_store_is_stale_and_a_mail_was_not_sent(app: Flask, shop: Shop) -> None:
    db.session().add(run(0, status="failed", error="Shopify refuses the query."))
    db.session().add(
        AlertMail(
            recipients=["x"],
            subject="Low stock",
            text="",
            html="",
            status="failed",
            error="Mailgun refused jane@example.com with 401.",
        )
    )
    db.session().add(
        WebhookReceipt(
            webhook_id="1", topic="orders/create", payload={}, parked_at=clock.now(), error="KeyError: x"
        )
    )
    db.session().commit()
    told = app.test_cli_runner().invoke(args=["why", shop.domain]).output
    assert "failed at failed" in told
    assert "Shopify refuses the query." in told
    assert "'Low stock': failed: Mailgun refused [redacted] with 401." in told
    assert "orders/create) is parked: KeyError: x" in told
    unknown = app.test_cli_runner().invoke(args=["why", "nobody.myshopify.com"])
    assert "No store is called nobody.myshopify.com" in unknown.output
    assert unknown.exit_code == 1
