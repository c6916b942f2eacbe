"""The first sync, the ones after it, and webhooks in between: our days and stock equal the shop's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.config import Settings
from app.jobs import schedule
from app.platform import clock, db
from app.services import stores
from tests.live import Live, live


@pytest.fixture(scope="module")
def shop(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    state: Path = tmp_path_factory.mktemp("shopify")
    with live(settings, state, variants=40, years=0.5) as running:
        assert running.install().status_code == 200
        assert running.work() == []
        # The first sync forecasts as a merchant's would; the ones after it need not train again.
        with running.scope():
            stores.change_settings({"engine": "average_28"}, actor="test", now=clock.now())
            db.session().commit()
        yield running


def _runs(shop: Live) -> list[tuple[str, str]]:
    with shop.scope():
        return [(row.kind, row.status) for row in db.rows("SELECT * FROM sync_runs ORDER BY id")]


def test_every_variant_day_equals_the_shops(shop: Live) -> None:
    assert _runs(shop)[0] == ("first", "done")
    truth = shop.true_units()
    assert len(truth) > 500
    assert shop.our_units() == truth


def test_stock_equals_the_shops(shop: Live) -> None:
    truth = shop.true_stock()
    assert len(truth) > 40
    assert shop.our_stock() == truth


def test_suggestions_come_out_of_it(shop: Live) -> None:
    with shop.scope():
        found = db.rows("SELECT * FROM suggestions")
        assert len(found) > 10
        assert any(row.quantity > 0 for row in found)
        for row in found:
            assert sum(line["units"] for line in row.ledger) == row.quantity


def test_tokens_are_sealed_in_the_database(shop: Live) -> None:
    with shop.app.app_context():
        row = db.rows("SELECT * FROM stores WHERE shop = :shop", shop=shop.shop)[0]
        assert "shpat_" not in row.access_token_sealed
        assert "shprt_" not in row.refresh_token_sealed
        assert row.access_token_sealed.startswith("k1.")


def test_an_order_arrives_by_webhook(shop: Live) -> None:
    variant = next(iter(shop.our_stock()))[0]
    shop.control("orders", lines=[{"variant_id": variant, "quantity": 3}])
    shop.deliver()
    assert shop.work() == []
    assert shop.our_units() == shop.true_units()
    assert shop.our_stock() == shop.true_stock()


def test_a_second_sync_changes_nothing(shop: Live) -> None:
    before = shop.our_units(), shop.our_stock()
    with shop.app.app_context():
        schedule.sync_due()
    assert shop.work() == []
    assert _runs(shop)[-1] == ("incremental", "done")
    assert (shop.our_units(), shop.our_stock()) == before


def test_what_no_webhook_told_the_next_sync_finds(shop: Live) -> None:
    variant = next(iter(shop.our_stock()))[0]
    shop.control("orders", lines=[{"variant_id": variant, "quantity": 2}])
    shop.deliver()
    with shop.scope() as store_id:
        db.execute("DELETE FROM webhook_receipts")
        db.session().commit()
        assert store_id
    from app.platform import queue

    with shop.app.app_context():
        queue.connection().flushdb()
        schedule.sync_due()
    assert shop.work() == []
    assert shop.our_units() == shop.true_units()


def test_a_lost_job_is_found_by_the_sweep(shop: Live) -> None:
    from app.platform import queue

    variant = next(iter(shop.our_stock()))[0]
    shop.control("orders", lines=[{"variant_id": variant, "quantity": 1}])
    shop.deliver()
    with shop.app.app_context():
        queue.connection().flushdb()
        with clock.travel(timedelta(minutes=5)):
            schedule.sweep_due()
            assert shop.work() == []
    assert shop.our_units() == shop.true_units()


def test_a_refused_token_is_renewed_once(shop: Live) -> None:
    with shop.app.app_context(), db.separate_transaction() as own:
        from app.models.stores import Store

        store = own.query(Store).where(Store.shop == shop.shop).one()
        cipher = shop.app.extensions["cipher"]
        before = store.access_token_sealed
        store.access_token_sealed = cipher.seal("shpat_no_longer_good", context=f"{shop.shop}:access")
    with shop.app.app_context():
        schedule.sync_due()
    assert shop.work() == []
    assert _runs(shop)[-1] == ("incremental", "done")
    with shop.app.app_context():
        assert db.rows("SELECT * FROM stores WHERE shop = :s", s=shop.shop)[0].access_token_sealed != before


def test_uninstalling_stops_the_work_and_reinstalling_resumes_it(shop: Live) -> None:
    shop.control("uninstall")
    shop.deliver()
    assert shop.work() == []
    with shop.app.app_context():
        found = stores.find(shop.shop)
        assert found is not None
        assert not found.is_active
        assert found.id not in stores.active_ids()
    assert shop.install().status_code == 200
    assert shop.work() == []
    assert shop.our_units() == shop.true_units()


def test_shop_redact_erases_everything(shop: Live) -> None:
    shop.control("uninstall")
    shop.deliver()
    shop.work()
    shop.control("redact")
    shop.deliver()
    shop.work()
    with shop.app.app_context():
        assert stores.find(shop.shop) is None
