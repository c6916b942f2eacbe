"""The totals that pages read are the sums of their rows after whatever was written, by whomever, at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, pool, text

from app.config import Settings
from app.models.catalog import Location
from app.platform import clock, db, tenancy
from app.services import catalog, inventory, sales, stores
from app.shopify.rows import LevelRow, LineRow, OrderRow
from tests import factories
from tests.factories import Shop
from tests.totals import untrue_totals

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
ZONE = "Europe/Berlin"
ITEMS, PLACES, ORDERS = (1, 2, 3), (1, 2), (11, 12, 13)
VARIANTS = (1000, 1001, 1002)

units = st.integers(-3, 40)
level = st.builds(
    LevelRow,
    st.sampled_from(ITEMS),
    st.sampled_from(PLACES),
    units,
    units,
    units,
    units,
    st.booleans(),
    st.integers(0, 9).map(lambda hours: BEGIN + timedelta(hours=hours)),
)
order = st.builds(
    OrderRow,
    st.sampled_from(ORDERS),
    st.just(BEGIN),
    st.integers(0, 60).map(lambda hours: BEGIN + timedelta(hours=hours)),
    st.just(BEGIN),
    st.none() | st.just(BEGIN),
    st.booleans(),
    st.just("web"),
    st.none() | st.sampled_from(PLACES),
)


def _line(order_id: int, variant: int, sold: int) -> LineRow:
    return LineRow(order_id * 100 + variant, order_id, variant, "", sold, sold, False, Decimal("2.50"))


line = st.builds(_line, st.sampled_from(ORDERS), st.sampled_from(VARIANTS), st.integers(0, 5))
hour = st.integers(0, 9).map(lambda hours: BEGIN + timedelta(hours=hours))


def _sold(found: tuple[OrderRow, list[LineRow]], asof: datetime) -> None:
    """As a webhook's job stores an order: its rows, then the days that it touched before and after."""
    one, lines = found
    before = sales.cells_of(one.id, time_zone=ZONE)
    sales.store_orders([one], asof=asof)
    sales.store_lines([row._replace(order_id=one.id, id=one.id * 100 + row.variant_id) for row in lines])
    sales.recount(before | sales.cells_of(one.id, time_zone=ZONE), time_zone=ZONE)


ACTS = st.one_of(
    st.tuples(st.lists(level, min_size=1, max_size=4), hour).map(
        lambda one: lambda: inventory.store_levels(one[0], asof=one[1])
    ),
    st.tuples(st.sampled_from(ITEMS), st.sets(st.sampled_from(PLACES))).map(
        lambda one: lambda: inventory.drop_missing_levels(one[0], one[1])
    ),
    hour.map(lambda moment: lambda: inventory.drop_missing(asof=moment)),
    st.tuples(st.tuples(order, st.lists(line, max_size=3, unique_by=lambda row: row.variant_id)), hour).map(
        lambda one: lambda: _sold(*one)
    ),
    st.sampled_from(ORDERS).map(lambda number: lambda: sales.delete_order(number, time_zone=ZONE)),
    hour.map(lambda moment: lambda: sales.drop_missing(asof=moment, created_since=None)),
    st.just(lambda: sales.rebuild_all(time_zone=ZONE)),
    st.sampled_from(["UTC", "America/New_York"]).map(lambda zone: lambda: sales.rebuild_all(time_zone=zone)),
    st.integers(0, 3).map(
        lambda day: lambda: sales.rebuild_days(time_zone=ZONE, days=[date(2026, 1, 5) + timedelta(days=day)])
    ),
    st.just(lambda: _merge()),
    st.tuples(st.sampled_from(PLACES), st.booleans()).map(lambda one: lambda: _leave_out(*one)),
)


def _leave_out(place: int, is_left_out: bool) -> None:
    with suppress(inventory.LocationNeeded):
        inventory.leave_out(place, is_left_out, actor="test")
    inventory.count_locations(BEGIN.date())


def _merge() -> None:
    """The last variant is deleted, its sales go on as the first one's, and all days are counted anew."""
    db.execute("UPDATE variants SET deleted_at = now(), sku = 'S' WHERE id = 1002")
    db.execute("UPDATE variants SET sku = 'S' WHERE id = 1000")
    catalog.propose_merges(now=BEGIN)
    for row in db.rows("SELECT id FROM variant_merges WHERE status = 'proposed'"):
        catalog.decide_merge(row.id, accept=True, actor="test", now=BEGIN)
    sales.rebuild_all(time_zone=ZONE)


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    made = factories.make_store(app)
    items = [factories.Item(f"Item {number}", (1,), on_hand=number, days=3) for number in ITEMS]
    factories.fill(app, made, items)
    with app.app_context(), tenancy.store_scope(db.session(), made.id), db.transaction() as session:
        session.add(Location(id=2, name="Damaged goods"))
    return made


@pytest.fixture
def scope(app: Flask, shop: Shop) -> Iterator[None]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        yield


@given(acts=st.lists(ACTS, min_size=4, max_size=12))
@settings(max_examples=25)
def test_totals_are_true_after_each_act(app: Flask, shop: Shop, acts: list[Any]) -> None:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        for act in acts:
            act()
            assert untrue_totals() == []
        db.session().rollback()


def test_an_untrue_total_is_found(scope: None) -> None:
    assert untrue_totals() == []
    db.execute("UPDATE stock_totals SET incoming = incoming + 1 WHERE inventory_item_id = 1000")
    db.execute("DELETE FROM daily_totals WHERE day = (SELECT MAX(day) FROM daily_totals)")
    assert [what for what, _ in untrue_totals()] == ["stock", "sales"]


def test_writers_at_the_same_time_do_not_undo_each_other(settings: Settings, shop: Shop, scope: None) -> None:
    """Each changes its own place of one item; the second begins before the first has committed."""
    engine = create_engine(settings.database_url, poolclass=pool.NullPool)
    now = clock.now()
    inventory.store_levels([LevelRow(77, place, 5, 5, 0, 0, True, now) for place in PLACES], asof=now)
    db.session().commit()
    sql = text(
        "UPDATE inventory_levels SET available = available + :units"
        " WHERE inventory_item_id = 77 AND location_id = :place"
    )
    with engine.connect() as first, engine.connect() as second, ThreadPoolExecutor(1) as other:
        for connection in (first, second):
            connection.execute(text("SELECT set_config('app.store_id', :id, false)"), {"id": str(shop.id)})
        # Not from pg_stat_activity: within a transaction it shows each time what it showed first.
        waits = text("SELECT 1 FROM pg_locks WHERE pid = :pid AND NOT granted")
        pid = second.execute(text("SELECT pg_backend_pid()")).scalar_one()
        first.execute(sql, {"units": 10, "place": 1})
        done = other.submit(second.execute, sql, {"units": 100, "place": 2})
        while not first.execute(waits, {"pid": pid}).all():
            assert not done.done(), "the second did not wait"
        first.commit()
        done.result(30)
        second.commit()
    engine.dispose()
    assert db.rows("SELECT available FROM stock_totals WHERE inventory_item_id = 77")[0].available == 120
    assert untrue_totals() == []


def test_a_store_that_is_erased_takes_its_totals_along(app: Flask) -> None:
    gone = factories.make_store(app)
    factories.fill(app, gone)
    with app.app_context():
        now = clock.now()
        stores.erase(shop=gone.domain, requested_at=now, webhook_id="w", now=now)
        with tenancy.store_scope(db.session(), gone.id):
            for table in ("stock_totals", "daily_totals"):
                assert db.rows(f"SELECT 1 FROM {table}") == []
