"""Where a location was out of stock, as its levels are read, and what that does to its share of demand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app.platform import clock, db, tenancy
from app.services import inventory, retention, stock_outs
from app.shopify.rows import LevelRow
from tests import factories, places
from tests.factories import Shop
from tests.places import COUNTER, WAREHOUSE, plan_again

Ready = tuple[Shop, list[int]]
ZONE = "Europe/Berlin"


@pytest.fixture
def ready(app: Flask) -> Iterator[Ready]:
    yield places.two_places(app, name="Sometimes empty")
    factories.leave(app)


def inside(app: Flask, shop: Shop, act: Any) -> Any:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        return act()


def day(number: int) -> date:
    return clock.today(ZONE) - timedelta(days=100 - number)


def noon(number: int) -> datetime:
    return datetime.combine(day(number), time(12), ZoneInfo(ZONE))


def seen(
    app: Flask, shop: Shop, item: int, number: int, units: int, *, changed: int | None = None
) -> list[tuple[int, int | None]]:
    """The counter has so many on that day, as read; returns its stock-outs, by days."""

    def read() -> list[tuple[int, int | None]]:
        at = noon(number if changed is None else changed)
        levels = [LevelRow(item, COUNTER, units, units, 0, 0, True, at)]
        db.execute("UPDATE inventory_levels SET updated_at = '2000-01-01'")
        inventory.store_levels(levels, asof=noon(number))
        inventory.remember_day(day(number), inventory_item_id=item)
        stock_outs.note_item(item, day(number), time_zone=ZONE)
        return outs(item)

    found: list[tuple[int, int | None]] = inside(app, shop, read)
    return found


def outs(item: int) -> list[tuple[int, int | None]]:
    found = db.rows(
        "SELECT * FROM location_stock_outs WHERE inventory_item_id = :item AND location_id = :place ORDER BY 3",
        item=item,
        place=COUNTER,
    )

    def number(of: date | None) -> int | None:
        return None if of is None else (of - day(0)).days

    return [(number(row.from_day) or 0, number(row.until_day)) for row in found]


def parts(app: Flask, shop: Shop, first: int, last: int) -> dict[tuple[int, int], float]:
    found = inside(app, shop, lambda: stock_outs.in_stock(day(first), day(last), time_zone=ZONE))
    keys = zip(found["variant_id"].tolist(), found["location_id"].tolist(), strict=True)
    return dict(zip(keys, found["part"].tolist(), strict=True))


def test_a_stock_out_lasts_from_the_empty_shelf_to_the_day_before_it_is_filled(
    app: Flask, ready: Ready
) -> None:
    shop, (item, *_) = ready
    assert seen(app, shop, item, 10, 4) == []
    assert seen(app, shop, item, 12, 0) == [(12, None)]
    assert seen(app, shop, item, 13, -2) == [(12, None)], "still the same one"
    assert seen(app, shop, item, 20, 6, changed=18) == [(12, 17)], "filled two days before it was read"
    assert seen(app, shop, item, 20, 0, changed=20) == [(12, 17), (20, None)]
    assert seen(app, shop, item, 20, 3) == [(12, 17), (20, 19)], "of a day the last picture counts"
    assert seen(app, shop, item, 20, 0) == [(12, 17), (20, None)]


def test_an_empty_shelf_is_so_since_shopify_last_changed_it(app: Flask, ready: Ready) -> None:
    shop, (item, *_) = ready
    assert seen(app, shop, item, 50, 0, changed=30) == [(30, None)]


def test_what_is_no_longer_stocked_is_not_out_of_stock(app: Flask, ready: Ready) -> None:
    shop, (item, *_) = ready
    seen(app, shop, item, 10, 0)

    def gone() -> list[tuple[int, int | None]]:
        inventory.drop_missing_levels(item, [WAREHOUSE])
        stock_outs.note(day(15), time_zone=ZONE)
        return outs(item)

    assert inside(app, shop, gone) == [(10, 14)]


def test_all_items_are_noted_at_once(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    inside(app, shop, lambda: stock_outs.note(clock.today(ZONE), time_zone=ZONE))
    found = inside(app, shop, lambda: db.rows("SELECT * FROM location_stock_outs"))
    assert [(row.inventory_item_id, row.location_id) for row in found] == [(ids[1], COUNTER)]


def test_the_part_of_the_time_in_stock(app: Flask, ready: Ready) -> None:
    shop, (item, other, *_) = ready
    clear = "UPDATE orders SET cancelled_at = now()"
    inside(app, shop, lambda: db.execute(clear))
    inside(app, shop, lambda: db.execute("UPDATE variants SET created_at = '2020-01-01'"))
    seen(app, shop, item, 21, 0)
    assert parts(app, shop, 1, 20) == {}, "not yet"
    assert parts(app, shop, 1, 40) == {(item, COUNTER): pytest.approx(1 - 19.5 / 40)}
    assert parts(app, shop, 31, 40) == {(item, COUNTER): 0.0}, "it had begun before"
    seen(app, shop, item, 31, 9)
    assert parts(app, shop, 1, 100) == {(item, COUNTER): pytest.approx(1 - 9.5 / 100)}
    seen(app, shop, other, 1, 0)
    assert parts(app, shop, 1, 100)[other, COUNTER] == pytest.approx(1 - 59.5 / 100), (
        "60 days of one stock-out"
    )
    sold = "UPDATE orders SET cancelled_at = NULL, location_id = 2, processed_at = :at WHERE id = :id"
    line = "SELECT MIN(order_id) AS id FROM order_lines WHERE variant_id = :item"
    order = inside(app, shop, lambda: db.rows(line, item=item))[0].id
    for number, hidden in ((21, 9.5), (25, 8.5), (31, 9.5)):
        inside(app, shop, lambda n=number: db.execute(sold, at=noon(n), id=order))
        assert parts(app, shop, 1, 100)[item, COUNTER] == pytest.approx(1 - hidden / 100)


def test_the_time_is_that_of_the_product_and_of_the_stores_history(app: Flask, ready: Ready) -> None:
    shop, (item, old, *_) = ready
    inside(app, shop, lambda: db.execute("UPDATE orders SET cancelled_at = now()"))
    inside(
        app,
        shop,
        lambda: db.execute("UPDATE variants SET created_at = :at WHERE id = :id", at=noon(81), id=item),
    )
    seen(app, shop, item, 91, 0)
    assert parts(app, shop, 1, 100)[item, COUNTER] == pytest.approx(1 - 9.5 / 20)
    merged = (
        "INSERT INTO variant_merges (store_id, old_variant_id, new_variant_id, sku, status, decided_by)"
        " VALUES (app_store_id(), :old, :new, 'x', 'accepted', '')"
    )
    inside(app, shop, lambda: db.execute(merged, old=old, new=item))
    assert parts(app, shop, 1, 100)[item, COUNTER] == pytest.approx(1 - 9.5 / 100)
    with app.app_context(), db.separate_transaction() as own:
        from app.models.stores import Store

        store = own.get(Store, shop.id)
        assert store is not None
        store.history_from = day(51)
    assert parts(app, shop, 1, 100)[item, COUNTER] == pytest.approx(1 - 9.5 / 50)


def test_a_counter_that_was_often_empty_gets_a_larger_share(app: Flask, ready: Ready) -> None:
    shop, (item, *_) = ready
    share = "SELECT share, in_stock FROM location_plans WHERE variant_id = :id AND location_id = 2"
    (before,) = inside(app, shop, lambda: db.rows(share, id=item))
    for number in range(0, 80, 20):
        seen(app, shop, item, number, 0)
        seen(app, shop, item, number + 10, 5)
    inside(app, shop, lambda: db.execute("UPDATE variants SET created_at = :at", at=noon(0)))
    # What it sold on those days was sold by the warehouse.
    moved = (
        "UPDATE orders o SET location_id = 1 FROM location_stock_outs g"
        " WHERE (o.processed_at AT TIME ZONE 'Europe/Berlin')::date BETWEEN g.from_day AND g.until_day"
    )
    plan_again(app, shop, moved, "DELETE FROM location_stock_outs WHERE location_id = 1")
    (after,) = inside(app, shop, lambda: db.rows(share, id=item))
    assert before.in_stock == 1
    assert after.in_stock == pytest.approx(1 - 4 * 9.5 / 101)
    plan_again(app, shop, "DELETE FROM location_stock_outs")
    (unseen,) = inside(app, shop, lambda: db.rows(share, id=item))
    assert unseen.in_stock == 1
    assert unseen.share < after.share
    assert abs(after.share - before.share) < abs(unseen.share - before.share)


def test_ended_ones_go_after_a_year_and_strangers_see_none(app: Flask, ready: Ready) -> None:
    shop, (item, other, *_) = ready
    seen(app, shop, item, 10, 0)
    seen(app, shop, item, 20, 5)
    seen(app, shop, other, 10, 0)
    inside(app, shop, lambda: retention.prune(now=clock.now()))
    assert inside(app, shop, lambda: outs(item)) == [(10, 19)]
    inside(app, shop, lambda: retention.prune(now=clock.now() + timedelta(days=300)))
    assert inside(app, shop, lambda: outs(item)) == []
    assert inside(app, shop, lambda: outs(other)) == [(10, None)]
    stranger = factories.make_store(app, name="Stranger")
    assert inside(app, stranger, lambda: db.rows("SELECT 1 FROM location_stock_outs")) == []
