"""Locations that are left out count nowhere, in one transaction; minimums of locations move stock and buy nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.jobs import locations as location_jobs
from app.platform import clock, db, outbox, tenancy
from app.services import inventory, location_minimums
from app.services.catalog import VariantNotFound
from app.services.inventory import LocationNeeded, LocationNotFound
from app.shopify.rows import LevelRow
from tests import factories, places
from tests.factories import Shop
from tests.places import AT_COUNTER, COUNTER, ITEMS, WAREHOUSE, plan_again
from tests.totals import untrue_totals

Ready = tuple[Shop, list[int]]


@pytest.fixture
def ready(app: Flask) -> Iterator[Ready]:
    yield places.two_places(app, name="Left out")
    factories.leave(app)


def inside(app: Flask, shop: Shop, act: Any) -> Any:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        return act()


def leave_out(app: Flask, shop: Shop, place: int, is_left_out: bool = True) -> bool:
    return bool(inside(app, shop, lambda: places.leave_out(place, is_left_out)))


def totals(app: Flask, shop: Shop) -> dict[int, int]:
    found = inside(app, shop, lambda: db.rows("SELECT inventory_item_id AS id, available FROM stock_totals"))
    assert inside(app, shop, untrue_totals) == []
    return {row.id: row.available for row in found}


def test_its_stock_goes_from_the_totals_and_comes_back(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    whole = totals(app, shop)
    assert leave_out(app, shop, COUNTER)
    assert totals(app, shop) == {
        item: whole[item] - units for item, units in zip(ids, AT_COUNTER, strict=True)
    }
    pictures = inside(app, shop, lambda: db.rows("SELECT inventory_item_id AS id, available FROM stock_days"))
    assert {row.id: row.available for row in pictures} == dict(
        zip(ids, [one.on_hand for one in ITEMS], strict=True)
    )
    assert not leave_out(app, shop, COUNTER), "the same again changes nothing"
    assert leave_out(app, shop, COUNTER, False)
    assert totals(app, shop) == whole
    notes = inside(
        app, shop, lambda: db.rows("SELECT action FROM audit_entries WHERE actor = 'Ann' ORDER BY id")
    )
    assert [row.action for row in notes] == ["location.left_out", "location.counted"]


def test_what_is_asked_for_is_done_by_a_job_and_not_at_all_if_it_is_taken_back(
    app: Flask, ready: Ready
) -> None:
    shop, _ = ready
    whole, today = totals(app, shop), clock.today("Europe/Berlin")

    def ask(place: int, is_left_out: bool) -> bool:
        return bool(inside(app, shop, lambda: inventory.leave_out(place, is_left_out, actor="Ann")))

    assert ask(COUNTER, True)
    assert totals(app, shop) == whole
    assert not ask(COUNTER, True)
    with pytest.raises(LocationNeeded):
        ask(WAREHOUSE, True)
    assert ask(COUNTER, False)
    assert not inside(app, shop, lambda: inventory.count_locations(today))
    assert totals(app, shop) == whole
    assert ask(COUNTER, True)
    with app.app_context():
        location_jobs.count(shop.id)
    assert totals(app, shop) != whole
    assert not inside(app, shop, lambda: inventory.count_locations(today))
    owed = inside(app, shop, lambda: outbox.standing([f"replan-{shop.id}"]))
    assert owed == {f"replan-{shop.id}": False}, "suggestions follow"


def test_what_the_sync_reads_of_it_later_does_not_count_either(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    leave_out(app, shop, COUNTER)
    before = totals(app, shop)
    now = clock.now() + timedelta(minutes=1)
    read = [
        LevelRow(ids[0], COUNTER, 77, 77, 0, 0, True, now),
        LevelRow(ids[0], WAREHOUSE, 5, 5, 0, 0, True, now),
    ]
    inside(app, shop, lambda: inventory.store_levels(read, asof=now))
    assert totals(app, shop) == {**before, ids[0]: 5}
    leave_out(app, shop, COUNTER, False)
    assert totals(app, shop)[ids[0]] == 82


def test_levels_that_are_stored_at_the_same_time_are_taken_along(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    now = clock.now() + timedelta(minutes=1)
    read = [LevelRow(item, COUNTER, 9, 9, 0, 0, True, now) for item in ids]

    def store(_: int) -> None:
        inside(app, shop, lambda: inventory.store_levels(read, asof=now))

    with ThreadPoolExecutor(3) as pool:
        both = [
            pool.submit(store, 1),
            pool.submit(leave_out, app, shop, COUNTER),
            pool.submit(store, 2),
        ]
        for one in both:
            one.result(60)
    levels = inside(
        app, shop, lambda: db.rows("SELECT is_left_out FROM inventory_levels WHERE location_id = 2")
    )
    assert [row.is_left_out for row in levels] == [True] * 3
    assert totals(app, shop) == {item: one.on_hand for item, one in zip(ids, ITEMS, strict=True)}


def test_it_neither_gives_nor_gets(app: Flask, ready: Ready) -> None:
    shop, _ = ready
    leave_out(app, shop, COUNTER)
    plan_again(app, shop)
    assert inside(app, shop, lambda: db.rows("SELECT 1 FROM transfer_suggestions")) == []
    assert inside(app, shop, lambda: db.rows("SELECT 1 FROM location_plans")) == []
    held = inside(app, shop, lambda: db.rows("SELECT on_hand FROM suggestions ORDER BY variant_id"))
    assert [row.on_hand for row in held] == [one.on_hand for one in ITEMS]


def test_the_last_that_counts_stays_and_unknown_ones_are_not_found(app: Flask, ready: Ready) -> None:
    shop, _ = ready
    leave_out(app, shop, COUNTER)
    with pytest.raises(LocationNeeded):
        leave_out(app, shop, WAREHOUSE)
    for place in (99, -1):
        with pytest.raises(LocationNotFound):
            leave_out(app, shop, place)


def change(app: Flask, shop: Shop, variant: int, units: dict[int, int | None]) -> bool:
    return bool(
        inside(app, shop, lambda: location_minimums.change(variant, units, actor="Ann", now=clock.now()))
    )


def test_a_minimum_moves_stock_and_buys_nothing(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    inside(app, shop, lambda: db.execute("UPDATE inventory_levels SET available = 300 WHERE location_id = 2"))
    plan_again(app, shop)
    bought = inside(app, shop, lambda: db.rows("SELECT variant_id, quantity FROM suggestions ORDER BY 1"))
    assert (
        inside(app, shop, lambda: db.rows("SELECT 1 FROM transfer_suggestions WHERE variant_id = 1000")) == []
    )
    assert change(app, shop, ids[0], {COUNTER: 420})
    plan_again(app, shop)
    (move,) = inside(
        app, shop, lambda: db.rows("SELECT * FROM transfer_suggestions WHERE variant_id = :id", id=ids[0])
    )
    assert (move.source_id, move.destination_id, move.units) == (WAREHOUSE, COUNTER, 120)
    lines = {line["code"]: line["units"] for line in move.ledger}
    assert lines["demand"] + lines["safety"] + lines["minimum"] == 420
    assert lines["minimum"] > 0
    again = inside(app, shop, lambda: db.rows("SELECT variant_id, quantity FROM suggestions ORDER BY 1"))
    assert again == bought


def test_minimums_are_set_changed_and_taken_away(app: Flask, ready: Ready) -> None:
    shop, ids = ready

    def stored() -> dict[int, int]:
        found = inside(app, shop, lambda: db.rows("SELECT location_id, units FROM location_minimums"))
        return {row.location_id: row.units for row in found}

    assert change(app, shop, ids[0], {WAREHOUSE: 5, COUNTER: 3})
    assert not change(app, shop, ids[0], {WAREHOUSE: 5, COUNTER: 3})
    assert stored() == {WAREHOUSE: 5, COUNTER: 3}
    assert change(app, shop, ids[0], {WAREHOUSE: None, COUNTER: 8})
    assert stored() == {COUNTER: 8}
    assert change(app, shop, ids[0], {COUNTER: 0})
    assert stored() == {}
    with pytest.raises(VariantNotFound):
        change(app, shop, 999_999, {COUNTER: 1})
    with pytest.raises(LocationNotFound):
        change(app, shop, ids[0], {99: 1})
    other = factories.make_store(app, name="Stranger")
    with pytest.raises(VariantNotFound):
        change(app, other, ids[0], {COUNTER: 1})


def test_a_store_that_is_deleted_takes_all_of_it_along(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    change(app, shop, ids[0], {COUNTER: 8})
    with app.app_context():
        with db.separate_transaction() as own:
            from sqlalchemy import delete

            from app.models.stores import Store

            own.execute(delete(Store).where(Store.id == shop.id))
        with tenancy.store_scope(db.session(), shop.id):
            for table in ("location_plans", "transfer_suggestions", "location_minimums", "inventory_levels"):
                assert db.rows(f"SELECT 1 FROM {table}") == []
