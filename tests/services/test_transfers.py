"""Plans of locations and transfers, from orders and stock as they are stored."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.models.reports import Report
from app.platform import clock, db, tenancy
from app.services import exports, location_minimums
from tests import factories, places
from tests.factories import Shop
from tests.places import COUNTER, WAREHOUSE, plan_again

Ready = tuple[Shop, list[int]]


@pytest.fixture
def ready(app: Flask) -> Iterator[Ready]:
    yield places.two_places(app)
    factories.leave(app)


def rows(app: Flask, shop: Shop, sql: str, **values: Any) -> list[Any]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return list(db.rows(sql, **values))


def moves(app: Flask, shop: Shop) -> dict[tuple[int, int, int], Any]:
    found = rows(app, shop, "SELECT * FROM transfer_suggestions")
    return {(row.variant_id, row.source_id, row.destination_id): row for row in found}


def test_what_the_counter_lacks_comes_from_the_warehouse(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    found = moves(app, shop)
    assert set(found) == {(ids[0], WAREHOUSE, COUNTER), (ids[1], WAREHOUSE, COUNTER)}
    beans, tea = (found[variant, WAREHOUSE, COUNTER] for variant in ids[:2])
    for row in (beans, tea):
        assert sum(line["units"] for line in row.ledger) == row.units > 0
    assert float(beans.value) == pytest.approx(4.20 * beans.units)
    assert tea.value is None
    assert beans.source_available == 900 > beans.source_goal
    assert tea.days_of_cover == 0


def test_shares_follow_the_sales_and_sum_to_one(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    found = rows(
        app, shop, "SELECT * FROM location_plans WHERE variant_id = :id ORDER BY location_id", id=ids[0]
    )
    assert [row.location_id for row in found] == [WAREHOUSE, COUNTER]
    assert sum(row.share for row in found) == pytest.approx(1)
    assert found[1].share == pytest.approx(0.25, abs=0.1)
    sold = rows(
        app,
        shop,
        "SELECT SUM(l.units) AS units FROM order_lines l JOIN orders o ON o.id = l.order_id"
        " WHERE l.variant_id = :id AND o.location_id = :place",
        id=ids[0],
        place=COUNTER,
    )
    assert found[1].sold == sold[0].units
    whole = rows(app, shop, "SELECT expected_demand FROM suggestions WHERE variant_id = :id", id=ids[0])
    assert sum(row.expected for row in found) == pytest.approx(whole[0].expected_demand)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE orders SET location_id = NULL",
        "UPDATE orders SET cancelled_at = now()",
        "UPDATE orders SET is_test = true",
        "UPDATE order_lines SET is_gift_card = true",
        "UPDATE orders SET processed_at = processed_at - INTERVAL '200 days'",
        "UPDATE locations SET is_active = false WHERE id = 2",
        "UPDATE inventory_levels SET is_active = false WHERE location_id = 2",
    ],
)
def test_nothing_is_said_without_sales_by_location_or_a_second_one(
    app: Flask, ready: Ready, change: str
) -> None:
    shop, _ = ready
    plan_again(app, shop, change)
    assert moves(app, shop) == {}
    assert rows(app, shop, "SELECT 1 FROM location_plans") == []
    assert len(rows(app, shop, "SELECT 1 FROM suggestions")) == 3, (
        "the store as a whole is planned all the same"
    )


def test_a_large_one_off_order_is_no_sign_of_where_demand_is(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    before = rows(app, shop, "SELECT share FROM location_plans WHERE location_id = 2 ORDER BY variant_id")
    line = rows(app, shop, "SELECT MIN(id) AS id FROM order_lines WHERE variant_id = :id", id=ids[0])[0].id
    plan_again(
        app,
        shop,
        "UPDATE orders SET location_id = 2 WHERE id = :line",
        "UPDATE order_lines SET units = 900 WHERE id = :line",
        "INSERT INTO wholesale_lines (store_id, line_id, variant_id, day, units, usual_units, is_counted, decided_by)"
        " VALUES (app_store_id(), :line, :variant, current_date, 900, 6, false, '')",
        values={"line": line, "variant": ids[0]},
    )
    after = rows(app, shop, "SELECT share FROM location_plans WHERE location_id = 2 ORDER BY variant_id")
    assert after[0].share == pytest.approx(before[0].share, abs=0.02)


def test_sales_of_a_deleted_variant_count_for_the_one_it_was_merged_into(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    before = {
        row.location_id: row.sold
        for row in rows(app, shop, "SELECT * FROM location_plans WHERE variant_id = :id", id=ids[2])
    }
    extra = rows(app, shop, "SELECT * FROM location_plans WHERE variant_id = :id", id=ids[1])
    plan_again(
        app,
        shop,
        "INSERT INTO variant_merges (store_id, old_variant_id, new_variant_id, sku, status, decided_by)"
        " VALUES (app_store_id(), :old, :new, 'x', 'accepted', '')",
        values={"old": ids[1], "new": ids[2]},
    )
    after = rows(app, shop, "SELECT * FROM location_plans WHERE variant_id = :id", id=ids[2])
    for row in after:
        more = next(one.sold for one in extra if one.location_id == row.location_id)
        assert row.sold == before[row.location_id] + more


def test_another_store_sees_none_of_it(app: Flask, ready: Ready) -> None:
    other = factories.make_store(app, name="Stranger")
    assert rows(app, other, "SELECT 1 FROM location_plans") == []
    assert rows(app, other, "SELECT 1 FROM transfer_suggestions") == []


def test_the_stores_export_holds_all_tables_and_where_orders_were_sold(app: Flask, ready: Ready) -> None:
    shop, ids = ready
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction() as session:
        location_minimums.change(ids[0], {COUNTER: 5}, actor="Ann", now=clock.now())
        report = Report(kind="export", status="queued")
        session.add(report)
        session.flush()
        exports.make(report.id, today=clock.today("Europe/Berlin"), now=clock.now())
        content = factories.file_of(report.id)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        tables = {
            name: list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode())))
            for name in ("location_plans", "transfer_suggestions", "orders", "location_minimums")
        }
    assert len(tables["location_plans"]) == 6
    assert len(tables["transfer_suggestions"]) == 2
    assert [row["units"] for row in tables["location_minimums"]] == ["5"]
    assert {row["location_id"] for row in tables["orders"]} == {"1", "2"}
