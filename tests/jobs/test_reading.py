"""Runs by pages, by bulk and by night: whatever happened in the shop, the numbers are the shop's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.jobs import parts, sync
from app.platform import clock, db
from app.queries import reconciliation as found
from app.services import catalog, stores
from tests.jobs.storms import fault, is_true, reconcile, run, variants
from tests.live import Live

pytestmark = pytest.mark.usefixtures("calm")


def test_what_no_webhook_told_is_read_by_pages(shop: Live) -> None:
    fault(shop, kind="webhook_drop")
    one, two = variants(shop)[:2]
    first = shop.control("orders", lines=[{"variant_id": one, "quantity": 5}])["order_id"]
    shop.control("refund", order_id=first, restock=True)
    second = shop.control("orders", lines=[{"variant_id": one, "quantity": 2}])["order_id"]
    shop.control("edit", order_id=second, add=[{"variant_id": two, "quantity": 3}])
    third = shop.control("orders", lines=[{"variant_id": two, "quantity": 9}])["order_id"]
    shop.control("cancel", order_id=third, restock=False)
    shop.control("orders", lines=[{"variant_id": two, "quantity": 9}], test=True)
    row = run(shop)
    assert (row.kind, row.status, row.cursors["paged"]) == ("incremental", "done", ["products", "orders"])
    assert row.operations.keys() == {"levels"}
    is_true(shop)


def test_an_order_of_more_lines_than_a_page_holds_is_read_whole(shop: Live) -> None:
    fault(shop, kind="webhook_drop")
    chosen = variants(shop)
    lines = [{"variant_id": chosen[n % len(chosen)], "quantity": 1} for n in range(270)]
    shop.control("orders", lines=lines)
    assert run(shop).status == "done"
    is_true(shop)


def test_many_changes_are_read_by_bulk(shop: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_PAGED", {"products": 0, "orders": 0})
    fault(shop, kind="webhook_drop")
    shop.control("orders", lines=[{"variant_id": variants(shop)[0], "quantity": 1}])
    shop.control("product", variant_id=variants(shop)[0], set={"price": 1234})
    row = run(shop)
    assert (row.cursors["paged"], set(row.operations)) == ([], {"products", "levels", "orders"})
    is_true(shop)


def test_deletions_that_no_webhook_told_are_found_at_night(shop: Live) -> None:
    fault(shop, kind="webhook_drop")
    chosen = variants(shop)
    order = shop.control("orders", lines=[{"variant_id": chosen[0], "quantity": 4}], fulfill=True)["order_id"]
    assert run(shop).status == "done"
    shop.control("delete_order", order_id=order)
    shop.control("product", delete_variant=chosen[-1])
    with clock.travel(timedelta(hours=1)):
        result = reconcile(shop)
    is_true(shop)
    assert (result.wrong_days, result.is_running) == (1, False)
    assert result.compared_days > 20
    with shop.scope():
        units = [one for one in found.differences() if one.what == "units"]
        gone = db.rows("SELECT deleted_at FROM variants WHERE id = :id", id=chosen[-1])
    assert [(one.ours - one.theirs) for one in units] == [4]
    assert gone[0].deleted_at is not None


def test_planted_wrong_numbers_are_repaired_and_recorded_once(shop: Live) -> None:
    with shop.scope():
        db.execute("UPDATE order_lines SET units = units + 7 WHERE id = (SELECT MAX(id) FROM order_lines)")
        db.execute("UPDATE inventory_levels SET available = available + 3, updated_at = '2020-01-01'")
        from app.services import sales

        sales.rebuild_all(time_zone=stores.time_zone())
        db.session().commit()
    assert shop.our_units() != shop.true_units()
    with clock.travel(timedelta(hours=2)):
        result = reconcile(shop, "weekly")
        is_true(shop)
        assert not result.is_clean
        assert result.wrong_days == 1
        assert result.wrong_stock > 10
        again = reconcile(shop, "weekly")
    assert again.is_clean
    assert again.compared_days >= result.compared_days > 20


def test_another_zone_moves_every_days_border(shop: Live) -> None:
    before = shop.our_units()
    fault(shop, kind="webhook_drop")
    shop.control("timezone", timezone="Pacific/Kiritimati")
    assert run(shop).status == "done"
    is_true(shop)
    assert shop.our_units() != before
    shop.control("timezone", timezone="America/St_Johns")
    assert run(shop).status == "done"
    is_true(shop)


def test_a_proposal_of_one_sku_is_the_merchants_to_decide(shop: Live) -> None:
    made = shop.control("product", title="Old", skus=["SAME-SKU"], stock=50)["variants"][0]["id"]
    shop.control("orders", lines=[{"variant_id": made, "quantity": 6}])
    shop.deliver()
    assert shop.work() == []
    shop.control("product", delete_variant=made)
    young = shop.control("product", title="New", skus=["SAME-SKU"], stock=50)["variants"][0]["id"]
    shop.deliver()
    assert shop.work() == []
    assert run(shop).status == "done"
    is_true(shop)
    with shop.scope() as store_id:
        (proposal,) = found.merge_proposals()
        assert (proposal.sku, proposal.units) == ("SAME-SKU", 6)
        catalog.decide_merge(proposal.id, accept=True, actor="user:1", now=clock.now())
        db.session().commit()
        assert store_id
    with shop.scope() as store_id:
        sync.recount(store_id)
    with shop.scope():
        rows = db.rows(
            "SELECT variant_id, units FROM daily_sales WHERE variant_id IN (:a, :b)", a=made, b=young
        )
    assert [(row.variant_id, row.units) for row in rows] == [(young, 6)]
    with shop.scope() as store_id:
        db.execute("DELETE FROM variant_merges")
        db.session().commit()
        sync.recount(store_id)
    is_true(shop)
