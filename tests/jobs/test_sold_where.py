"""Each order keeps where it was sold or sent from, whichever way it was read."""

from __future__ import annotations

import pytest

from app.jobs import parts
from app.platform import db
from tests.jobs.storms import fault, reconcile, run, variants
from tests.live import Live

pytestmark = pytest.mark.usefixtures("calm")


def places(shop: Live) -> list[int]:
    with shop.scope():
        return [row.id for row in db.rows("SELECT id FROM locations WHERE is_active ORDER BY id")]


def kept(shop: Live, order: int) -> int | None:
    with shop.scope():
        (found,) = db.rows("SELECT location_id FROM orders WHERE id = :id", id=order)
        return None if found.location_id is None else int(found.location_id)


def placed(shop: Live, **more: object) -> int:
    lines = [{"variant_id": variants(shop)[0], "quantity": 1}]
    return int(shop.control("orders", lines=lines, **more)["order_id"])


def settle(shop: Live) -> None:
    shop.deliver()
    assert shop.work() == []


def test_the_first_reading_knows_of_both_locations(shop: Live) -> None:
    with shop.scope():
        found = db.rows(
            "SELECT source, location_id, COUNT(*) AS n FROM orders WHERE location_id IS NOT NULL GROUP BY 1, 2"
        )
    sold = {(row.source, row.location_id): row.n for row in found}
    warehouse, counter = places(shop)
    assert set(sold) == {("web", warehouse), ("pos", counter)}
    assert sold["web", warehouse] > sold["pos", counter] > 10


def test_an_order_of_the_web_is_nowhere_until_a_webhook_tells_that_it_was_sent(shop: Live) -> None:
    order = placed(shop)
    settle(shop)
    assert kept(shop, order) is None
    shop.control("fulfill", order_id=order, location_id=places(shop)[1])
    settle(shop)
    assert kept(shop, order) == places(shop)[1]


def test_an_order_of_the_counter_is_its_shops_at_once(shop: Live) -> None:
    order = placed(shop, source="pos", location_id=places(shop)[1])
    settle(shop)
    assert kept(shop, order) == places(shop)[1]


@pytest.mark.parametrize("limit", [0, 2500])
def test_runs_by_pages_and_by_bulk_read_it_too(
    shop: Live, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(parts, "_PAGED", {"products": 0, "orders": limit})
    fault(shop, kind="webhook_drop")
    sent, waiting = placed(shop), placed(shop)
    shop.control("fulfill", order_id=sent)
    assert run(shop).status == "done"
    assert (kept(shop, sent), kept(shop, waiting)) == (places(shop)[0], None)


def test_orders_that_were_read_before_places_were_kept_are_filled_by_a_reading_of_all(shop: Live) -> None:
    with shop.scope():
        before = db.rows("SELECT id, location_id FROM orders WHERE location_id IS NOT NULL ORDER BY id")
        db.execute("UPDATE orders SET location_id = NULL")
        db.session().commit()
    reconcile(shop, "weekly")
    with shop.scope():
        after = db.rows("SELECT id, location_id FROM orders WHERE location_id IS NOT NULL ORDER BY id")
    assert len(after) > 100
    assert after == before
