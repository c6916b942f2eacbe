"""What Shopify refuses or forgets: renewed once, tried again, parked, told to the owner, taken up again."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import requests
from sqlalchemy import select

from app.jobs import clients, schedule
from app.models.stores import Store
from app.platform import clock, db, queue
from app.queries import reconciliation as found
from app.queries.sync import freshness
from app.services import stores
from tests.jobs.storms import fault, is_true, run, variants
from tests.live import Live
from tests.mails import read

pytestmark = pytest.mark.usefixtures("calm")


def test_tokens_are_renewed_by_one_of_many_at_once(shop: Live) -> None:
    with shop.app.app_context(), db.separate_transaction() as own:
        store = own.execute(select(Store).where(Store.shop == shop.shop)).scalar_one()
        store.access_expires_at, store_id = clock.now(), store.id
    asked: list[int] = []
    tokens: list[str] = []
    genuine = shop.app.extensions["shopify"]

    def ask() -> None:
        with shop.app.app_context():
            tokens.append(
                stores.access_token(
                    store_id,
                    cipher=clients.cipher(),
                    refresh=lambda token: (asked.append(1), genuine.refresh(token))[1],
                    now=clock.now(),
                )
            )

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(asked), len(tokens), len(set(tokens))) == (1, 12, 1)


def test_a_burst_about_one_order_is_one_look(shop: Live) -> None:
    order = shop.control("orders", lines=[{"variant_id": variants(shop)[0], "quantity": 1}])["order_id"]
    shop.deliver()
    assert shop.work() == []
    for _ in range(6):
        shop.control("edit", order_id=order, add=[{"variant_id": variants(shop)[1], "quantity": 1}])
    shop.deliver()
    with shop.scope():
        waiting = db.rows("SELECT * FROM webhook_receipts WHERE handled_at IS NULL AND subject = 'order'")
    assert len(waiting) >= 7
    assert shop.work() == []
    with shop.scope():
        looked = db.rows(
            "SELECT SUM(attempts) AS n, COUNT(*) FILTER (WHERE handled_at IS NULL) AS open"
            " FROM webhook_receipts WHERE id = ANY(:ids)",
            ids=[row.id for row in waiting],
        )[0]
    assert (looked.n, looked.open) == (1, 0)
    is_true(shop)


def test_a_delivery_that_keeps_failing_is_parked_and_shown(shop: Live) -> None:
    fault(shop, kind="server_error")
    shop.control("orders", lines=[{"variant_id": variants(shop)[0], "quantity": 1}])
    shop.deliver()
    shop.work()
    with shop.app.app_context(), clock.travel(timedelta(minutes=5)):
        schedule.sweep_due()
        shop.work()
    with shop.scope():
        parked = found.parked_webhooks()
        assert parked
        assert all(one.attempts == 6 and one.error for one in parked)
    requests.delete(f"{shop.simulator.url}/control/faults", timeout=120).raise_for_status()
    with shop.app.app_context():
        queue.connection().flushdb()
    assert run(shop).status == "done"
    is_true(shop)


def test_the_owner_is_told_once_and_once_more_when_it_is_mended(shop: Live) -> None:
    told = len(shop.outbox())
    fault(shop, kind="forbidden")
    for _ in range(4):
        assert run(shop).status == "failed"
    subjects = [mail["subject"] for mail in shop.outbox()]
    assert len(subjects) == told + 1
    with shop.scope():
        trouble = found.open_trouble()
        assert trouble is not None
        assert trouble.failures == 4
        assert freshness().state == "failed"
    requests.delete(f"{shop.simulator.url}/control/faults", timeout=120).raise_for_status()
    assert run(shop).status == "done"
    assert run(shop).status == "done"
    assert len(shop.outbox()) == told + 2
    mended, trouble_mail = (read(mail) for mail in shop.outbox()[:2])
    assert trouble_mail.subject == "Fluxor could not read your shop"
    assert mended.subject == "Fluxor reads your shop again"
    trouble_mail.both("The last update failed:", "You get one mail when it works again")
    mended.both("works again, and your figures are up to date.")
    assert trouble_mail.links == mended.links == [shop.app.extensions["settings"].admin_url(shop.shop)]
    with shop.scope():
        assert found.open_trouble() is None


def test_a_frozen_shop_rests_until_a_probe_finds_it_open(shop: Live) -> None:
    fault(shop, kind="frozen")
    assert run(shop).status == "failed"
    with shop.app.app_context():
        store = stores.find(shop.shop)
        assert store is not None
        assert (store.is_active, store.id in stores.frozen_ids()) == (False, True)
        schedule.token_due()
    assert shop.work() == []
    with shop.app.app_context():
        assert store.id in stores.frozen_ids()
    requests.delete(f"{shop.simulator.url}/control/faults", timeout=120).raise_for_status()
    with shop.app.app_context():
        schedule.token_due()
    assert shop.work() == []
    with shop.app.app_context():
        assert store.id not in stores.frozen_ids()
    is_true(shop)
