"""The sync's page: what it says in each state, and what may be done there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models.catalog import VariantMerge
from app.models.stores import Store
from app.models.sync import ReconciliationDifference, SyncRun, SyncTrouble, WebhookReceipt
from app.platform import clock, db, outbox, queue, tenancy
from tests import factories
from tests.factories import Shop

COMPARED = {"compared_days": 420, "wrong_days": 1, "levels": 6, "wrong_stock": 1}


@pytest.fixture
def shop(app: Flask) -> Iterator[Shop]:
    with app.app_context():
        queue.connection().flushdb()
    found = factories.make_store(app)
    factories.fill(app, found)
    yield found
    with app.app_context():
        queue.connection().flushdb()


def page(client: FlaskClient, shop: Shop, role: str = "owner") -> str:
    answer = client.get("/sync", headers=shop.headers(role))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def post(client: FlaskClient, shop: Shop, path: str, role: str = "manager", **form: str):
    return client.post(f"/sync/{path}", data=form, headers=shop.headers(role, fragment=True))


def keep(app: Flask, shop: Shop, *rows: object) -> list[int]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction() as session:
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]  # type: ignore[attr-defined]


def ask(app: Flask, shop: Shop, sql: str) -> list[tuple[object, ...]]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return [tuple(row) for row in db.rows(sql)]


def compared(app: Flask, shop: Shop, *, days_ago: float = 0, **done: int) -> None:
    ended = clock.now() - timedelta(days=days_ago)
    factories.sync_run(app, shop, kind="reconciliation", done=done, started_at=ended, finished_at=ended)


def test_a_new_store_is_told_what_will_come(client: FlaskClient, shop: Shop) -> None:
    text = page(client, shop)
    for words in ("Nothing was read yet", "No comparison yet", "Nothing waits", "Nothing to decide"):
        assert words in text


def test_a_clean_comparison_says_so(app: Flask, client: FlaskClient, shop: Shop) -> None:
    compared(app, shop, **{**COMPARED, "wrong_days": 0, "wrong_stock": 0})
    text = page(client, shop)
    assert "All equal" in text and "420 daily sales figures, 0 differed" in text
    assert "overdue" not in text


def test_what_was_repaired_is_shown_by_day_and_one_by_one(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    compared(app, shop, **COMPARED)
    (run,) = ask(app, shop, "SELECT id FROM sync_runs")
    yesterday = clock.today("Europe/Berlin") - timedelta(days=1)
    keep(
        app,
        shop,
        ReconciliationDifference(
            run_id=run[0], what="units", variant_id=1000, day=yesterday, ours=1, theirs=4
        ),
        ReconciliationDifference(
            run_id=run[0], what="stock", inventory_item_id=1001, location_id=1, ours=9, theirs=7
        ),
    )
    theirs = ask(app, shop, f"SELECT SUM(units) FROM daily_sales WHERE day = '{yesterday}'")[0][0]
    text = page(client, shop)
    assert "Repaired" in text and "2 differences that were repaired" in text
    day = text[text.index("Units sold on each day") :]
    had, has = int(theirs) - 3, int(theirs)  # type: ignore[call-overload]
    assert f'<td class="num">{had}</td><td class="num">{has}</td> <td>1 product</td>' in day
    assert "Coffee beans 1 kg" in text and "Main warehouse" in text


def test_a_comparison_that_is_overdue_is_no_comfort(app: Flask, client: FlaskClient, shop: Shop) -> None:
    compared(app, shop, days_ago=3, **COMPARED)
    assert "The next comparison is overdue" in page(client, shop)


def test_a_failing_sync_is_named_with_its_reason(app: Flask, client: FlaskClient, shop: Shop) -> None:
    factories.sync_run(app, shop, status="failed", stage="orders", error="Shopify answered 500.")
    keep(app, shop, SyncTrouble(reason="Shopify answered 500.", mailed_at=clock.now()))
    text = page(client, shop)
    assert "Sync fails" in text and "Shopify answered 500." in text and "The owner was told by e-mail" in text


def test_a_lost_connection_and_a_missing_scope_say_what_to_do(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    with app.app_context(), db.separate_transaction() as own:
        store = own.get(Store, shop.id)
        assert store is not None
        store.scopes = ["read_orders", "read_products", "read_locations"]
    text = page(client, shop)
    assert "Fluxor may not read inventory yet" in text
    assert "The last 60 days" in text


def test_sync_now_opens_one_run_and_watches_it(app: Flask, client: FlaskClient, shop: Shop) -> None:
    factories.sync_run(app, shop)
    for _ in range(2):
        answer = post(client, shop, "read")
        assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert 'hx-trigger="every 3s"' in text and "disabled" in text
    assert ask(app, shop, "SELECT COUNT(*) FROM sync_runs WHERE kind = 'incremental'") == [(1,)]


def test_compare_now_begins_a_comparison_or_says_why_not(app: Flask, client: FlaskClient, shop: Shop) -> None:
    factories.sync_run(app, shop)
    begun = post(client, shop, "compare")
    assert "A comparison is at work" in begun.get_data(as_text=True)
    assert "The comparison has begun" in begun.headers["HX-Trigger"]
    assert "Another run is still at work" in post(client, shop, "compare").headers["HX-Trigger"]
    assert ask(app, shop, "SELECT kind, cursors->>'scope' FROM sync_runs WHERE finished_at IS NULL") == [
        ("reconciliation", "nightly")
    ]


@pytest.mark.parametrize(("choice", "status"), [("accept", "accepted"), ("decline", "declined")])
def test_a_proposal_is_decided_once(
    app: Flask, client: FlaskClient, shop: Shop, choice: str, status: str
) -> None:
    (merge_id,) = keep(app, shop, VariantMerge(old_variant_id=1000, new_variant_id=1001, sku="SKU-1000"))
    assert "Count together" in page(client, shop)
    done = post(client, shop, f"merges/{merge_id}", choice=choice)
    assert done.status_code == 200 and "Nothing to decide" in done.get_data(as_text=True)
    assert ask(app, shop, "SELECT status, decided_by <> '' FROM variant_merges") == [(status, True)]
    with app.app_context():
        assert queue.queue("urgent").count == (choice == "accept")
    assert post(client, shop, f"merges/{merge_id}", choice=choice).status_code == 200
    other = "decline" if choice == "accept" else "accept"
    assert post(client, shop, f"merges/{merge_id}", choice=other).status_code == 404


def test_a_choice_that_is_none_changes_nothing(app: Flask, client: FlaskClient, shop: Shop) -> None:
    (merge_id,) = keep(app, shop, VariantMerge(old_variant_id=1000, new_variant_id=1001, sku="SKU-1000"))
    assert post(client, shop, f"merges/{merge_id}", choice="perhaps").status_code == 400
    assert ask(app, shop, "SELECT status FROM variant_merges") == [("proposed",)]


def test_a_parked_delivery_is_shown_and_tried_again(app: Flask, client: FlaskClient, shop: Shop) -> None:
    parked = WebhookReceipt(
        webhook_id="w",
        topic="orders/updated",
        payload={},
        parked_at=clock.now(),
        attempts=6,
        error="ValueError: planted",
    )
    (receipt_id,) = keep(app, shop, parked)
    assert "ValueError: planted" in page(client, shop)
    assert "Nothing waits" in post(client, shop, f"deliveries/{receipt_id}/retry").get_data(as_text=True)
    with app.app_context():
        assert queue.queue("webhooks").count == 1


def test_parked_work_of_this_store_alone_is_tried_again(app: Flask, client: FlaskClient, shop: Shop) -> None:
    other = factories.make_store(app)
    with app.app_context(), db.transaction():
        for one in (shop, other):
            outbox.write(
                [outbox.Wish(f"recount-{one.id}", "app.jobs.sync.recount", [one.id], "urgent", one.id)]
            )
        ids = [shop.id, other.id]
        db.execute(
            "UPDATE outbox SET parked_at = now(), attempts = 8, error = 'planted' WHERE store_id = ANY(:ids)",
            ids=ids,
        )
    text = page(client, shop)
    assert f"recount-{shop.id}" in text and f"recount-{other.id}" not in text
    assert "Nothing waits" in post(client, shop, "parked/retry").get_data(as_text=True)
    with app.app_context():
        assert queue.queue("urgent").count == 1
        still = {row.name for row in db.rows("SELECT name FROM outbox WHERE parked_at IS NOT NULL")}
        db.execute("DELETE FROM outbox WHERE store_id = ANY(:ids)", ids=ids)
        db.session().commit()
    assert f"recount-{other.id}" in still and f"recount-{shop.id}" not in still


def test_a_viewer_sees_all_and_may_do_nothing(app: Flask, client: FlaskClient, shop: Shop) -> None:
    factories.sync_run(app, shop)
    keep(app, shop, VariantMerge(old_variant_id=1000, new_variant_id=1001, sku="SKU-1000"))
    text = page(client, shop, "viewer")
    assert "SKU-1000" in text
    assert "hx-post" not in text[text.index('id="main"') :]
    for path in ("read", "compare", "parked/retry"):
        assert post(client, shop, path, "viewer").status_code == 403
    assert ask(app, shop, "SELECT COUNT(*) FROM sync_runs") == [(1,)]


def test_a_stranger_neither_sees_nor_decides(app: Flask, client: FlaskClient, shop: Shop) -> None:
    stranger = factories.make_store(app)
    (merge_id,) = keep(app, shop, VariantMerge(old_variant_id=1000, new_variant_id=1001, sku="SKU-1000"))
    (receipt_id,) = keep(
        app, shop, WebhookReceipt(webhook_id="x", topic="t", payload={}, parked_at=clock.now())
    )
    assert "SKU-1000" not in page(client, stranger)
    assert post(client, stranger, f"merges/{merge_id}", choice="accept").status_code == 404
    assert post(client, stranger, f"deliveries/{receipt_id}/retry").status_code == 404
    assert ask(app, shop, "SELECT status FROM variant_merges") == [("proposed",)]


def test_an_open_run_is_watched_until_it_ends(app: Flask, client: FlaskClient, shop: Shop) -> None:
    keep(app, shop, SyncRun(kind="incremental", status="running", stage="orders"))
    watched = client.get("/sync", headers=shop.headers(fragment=True)).get_data(as_text=True)
    assert watched.lstrip().startswith('<section id="runs"') and "every 3s" in watched
