"""Orders that name a location: which one at first, and what their open units do to its plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.platform import clock, db, tenancy
from app.queries import projections
from app.services import purchasing, stores
from app.services.inventory import LocationNotFound
from app.services.purchasing import KEPT, DraftChange, Kept
from tests import factories, places
from tests.factories import Shop
from tests.places import COUNTER, WAREHOUSE, plan_again

Ready = tuple[Shop, list[int]]


@pytest.fixture
def ready(app: Flask) -> Iterator[Ready]:
    yield places.two_places(app, name="Delivered where")
    factories.leave(app)


def inside(app: Flask, shop: Shop, act: Any) -> Any:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        return act()


def ordered(
    app: Flask,
    shop: Shop,
    variant: int,
    units: int,
    place: int | Kept | None,
    *,
    in_days: int = 5,
    also_in_shopify: bool = False,
) -> int:
    """An order of one line that is on its way to a location; answers its id."""

    def act() -> int:
        order = purchasing.accept(variant, quantity=units, actor="Ann", now=clock.now())
        today = clock.today(stores.time_zone())
        change = DraftChange({}, today + timedelta(days=in_days), "", also_in_shopify, place)
        purchasing.change_draft(order.id, change, version=order.version, actor="Ann", now=clock.now())
        purchasing.send(order.id, version=order.version, today=today, actor="Ann", now=clock.now())
        return order.id

    return int(inside(app, shop, act))


def at(app: Flask, shop: Shop, variant: int) -> dict[int, Any]:
    plan_again(app, shop)
    sql = "SELECT * FROM location_plans WHERE variant_id = :id"
    return {row.location_id: row for row in inside(app, shop, lambda: db.rows(sql, id=variant))}


def moved(app: Flask, shop: Shop, variant: int) -> int:
    plan_again(app, shop)
    sql = "SELECT COALESCE(SUM(units), 0) AS n FROM transfer_suggestions WHERE variant_id = :id"
    return int(inside(app, shop, lambda: db.rows(sql, id=variant))[0].n)


def bought(app: Flask, shop: Shop, variant: int) -> tuple[int, int]:
    sql = "SELECT incoming, quantity FROM suggestions WHERE variant_id = :id"
    row = inside(app, shop, lambda: db.rows(sql, id=variant))[0]
    return row.incoming, row.quantity


def place_of(app: Flask, shop: Shop, order: int) -> int | None:
    found = inside(
        app, shop, lambda: db.rows("SELECT location_id FROM purchase_orders WHERE id = :id", id=order)
    )
    place: int | None = found[0].location_id
    return place


def test_a_draft_goes_to_the_first_location_then_where_the_suppliers_last_order_went(
    app: Flask, ready: Ready
) -> None:
    shop, ids = ready
    assert place_of(app, shop, ordered(app, shop, ids[0], 5, KEPT)) == WAREHOUSE
    assert place_of(app, shop, ordered(app, shop, ids[0], 5, COUNTER)) == COUNTER
    draft = inside(app, shop, lambda: purchasing.accept(ids[0], quantity=1, actor="Ann", now=clock.now()).id)
    assert place_of(app, shop, draft) == COUNTER
    other = inside(app, shop, lambda: purchasing.accept(ids[1], quantity=1, actor="Ann", now=clock.now()).id)
    assert place_of(app, shop, other) == WAREHOUSE, "of another supplier"
    inside(app, shop, lambda: places.leave_out(WAREHOUSE))
    cup = inside(app, shop, lambda: purchasing.accept(ids[2], quantity=1, actor="Ann", now=clock.now()).id)
    assert place_of(app, shop, cup) == COUNTER, "the first that counts"


def test_only_a_location_of_the_store_that_counts_can_be_named(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    for place in (0, 99, -1):
        with pytest.raises(LocationNotFound):
            ordered(app, shop, ids[0], 5, place)
    inside(app, shop, lambda: places.leave_out(COUNTER))
    with pytest.raises(LocationNotFound):
        ordered(app, shop, ids[0], 5, COUNTER)


def test_what_is_ordered_to_the_counter_need_not_be_moved_there(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    before, short = at(app, shop, ids[0])[COUNTER], moved(app, shop, ids[0])
    assert before.incoming == 0 < short
    order = ordered(app, shop, ids[0], short, COUNTER)
    after = at(app, shop, ids[0])
    assert (after[COUNTER].incoming, after[WAREHOUSE].incoming) == (short, 0)
    assert moved(app, shop, ids[0]) == 0
    assert bought(app, shop, ids[0])[0] == short, "for the store it counts as before"
    sql = "SELECT version FROM purchase_orders WHERE id = :id"
    version = inside(app, shop, lambda: db.rows(sql, id=order))[0].version
    today = clock.today("Europe/Berlin")
    inside(
        app,
        shop,
        lambda: purchasing.reschedule(
            order,
            expected_on=today,
            also_in_shopify=False,
            version=version,
            actor="Ann",
            now=clock.now(),
            location_id=WAREHOUSE,
        ),
    )
    assert at(app, shop, ids[0])[WAREHOUSE].incoming == short
    assert moved(app, shop, ids[0]) == short


def test_an_order_that_names_none_counts_for_the_store_alone(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    ordered(app, shop, ids[0], 40, None)
    assert [row.incoming for row in at(app, shop, ids[0]).values()] == [0, 0]
    assert bought(app, shop, ids[0])[0] == 40


@pytest.mark.parametrize(("shopify", "also", "incoming"), [(30, True, 40), (60, True, 60), (30, False, 70)])
def test_units_that_shopify_lists_too_count_once(
    app: Flask, ready: Ready, shopify: int, also: bool, incoming: int
) -> None:
    shop, ids = ready
    ordered(app, shop, ids[0], 40, COUNTER, also_in_shopify=also)
    listed = (
        "UPDATE inventory_levels SET incoming = :units WHERE location_id = 2 AND inventory_item_id = :item"
    )
    inside(app, shop, lambda: db.execute(listed, units=shopify, item=ids[0]))
    assert at(app, shop, ids[0])[COUNTER].incoming == incoming
    assert bought(app, shop, ids[0])[0] == incoming


def test_a_product_is_stocked_where_it_is_ordered_to(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    gone = "DELETE FROM inventory_levels WHERE location_id = 2 AND inventory_item_id = :item"
    inside(app, shop, lambda: db.execute(gone, item=ids[0]))
    assert at(app, shop, ids[0]) == {}
    ordered(app, shop, ids[0], 12, COUNTER)
    found = at(app, shop, ids[0])
    assert (found[COUNTER].available, found[COUNTER].incoming) == (0, 12)
    assert found[COUNTER].share > 0


def test_the_day_of_arrival_says_how_long_the_shelf_has_to_last(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    few = "UPDATE inventory_levels SET available = 100 WHERE location_id = 1 AND inventory_item_id = :item"
    inside(app, shop, lambda: db.execute(few, item=ids[0]))
    ordered(app, shop, ids[0], 400, WAREHOUSE, in_days=30)
    late = moved(app, shop, ids[0])
    sooner = "UPDATE purchase_orders SET expected_on = current_date + 2"
    inside(app, shop, lambda: db.execute(sooner))
    soon = moved(app, shop, ids[0])
    assert 0 < late < soon


def test_received_units_are_no_longer_on_their_way(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    order = ordered(app, shop, ids[0], 40, COUNTER)

    def receive() -> None:
        row = db.rows("SELECT version FROM purchase_orders WHERE id = :id", id=order)[0]
        line = db.rows("SELECT id FROM purchase_order_lines WHERE order_id = :id", id=order)[0].id
        purchasing.receive(order, {line: (25, 3)}, version=row.version, actor="Ann", now=clock.now())

    inside(app, shop, receive)
    assert at(app, shop, ids[0])[COUNTER].incoming == 12


def test_what_goes_to_a_location_that_is_left_out_counts_nowhere(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    ordered(app, shop, ids[0], 40, COUNTER)
    plan_again(app, shop)
    arrivals = inside(app, shop, lambda: projections.projection(ids[0]).arrivals)
    assert (bought(app, shop, ids[0])[0], [one.units for one in arrivals]) == (40, [40])
    inside(app, shop, lambda: places.leave_out(COUNTER))
    plan_again(app, shop)
    arrivals = inside(app, shop, lambda: projections.projection(ids[0]).arrivals)
    assert (bought(app, shop, ids[0])[0], arrivals) == (0, [])
