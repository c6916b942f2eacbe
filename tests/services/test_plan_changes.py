"""Why a suggestion is not last week's: split exactly by cause, the same on the page and in the API."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.replenishment.change import CAUSES
from app.jobs import forecasts
from app.platform import clock, db, tenancy
from app.services import reports
from tests import factories
from tests.factories import Shop

TODAY = clock.today("Europe/Berlin")
Ready = tuple[Shop, list[int]]


@pytest.fixture
def store(app: Flask) -> Ready:
    return factories.ready_store(app)


def write(app: Flask, shop: Shop, sql: str, **values: Any) -> None:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute(sql, **values)


def days_pass(app: Flask, shop: Shop, days: int) -> None:
    """As if all plans so far had been made that much earlier; by way of a far past, for none to meet another."""
    for moved in (-9999, 9999 - days):
        write(app, shop, "UPDATE plan_bases SET planned_on = planned_on + :n", n=moved)


def planned(app: Flask, shop: Shop) -> dict[int, Any]:
    with app.app_context():
        forecasts.replan(shop.id)
        with tenancy.store_scope(db.session(), shop.id):
            return {row.variant_id: row for row in db.rows("SELECT * FROM suggestions")}


def kept(app: Flask, shop: Shop) -> list[date]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return [
            row.planned_on
            for row in db.rows("SELECT DISTINCT planned_on FROM plan_bases ORDER BY planned_on")
        ]


def test_the_first_day_has_nothing_to_be_held_against(app: Flask, store: Ready) -> None:
    shop, _ = store
    assert all(row.change is None for row in planned(app, shop).values())
    assert kept(app, shop) == [TODAY]


def test_the_difference_is_split_exactly(app: Flask, client: FlaskClient, store: Ready) -> None:
    shop, ids = store
    before = {key: row.quantity for key, row in planned(app, shop).items()}
    days_pass(app, shop, 8)
    write(app, shop, "UPDATE inventory_levels SET on_hand = on_hand + 2, available = available + 2")
    write(app, shop, "UPDATE store_settings SET lead_time_days = lead_time_days + 20")
    now = planned(app, shop)
    for key, row in now.items():
        units = row.change or dict.fromkeys(CAUSES, 0)
        assert sum(units[cause] for cause in CAUSES) == row.quantity - before[key]
    coffee = now[ids[0]]
    assert coffee.change["since"] == (TODAY - timedelta(days=8)).isoformat()
    assert coffee.change["before"] == before[ids[0]]
    assert coffee.change["stock"] < 0 < coffee.change["settings"]
    assert coffee.change["sales"] == coffee.change["arrivals"] == 0
    for role in ("owner", "viewer"):
        page = client.get(f"/products/{ids[0]}", headers=shop.headers(role)).get_data(as_text=True)
        assert "why it changed" in page and "Settings, such as lead time" in page
        assert "What is on its way</th>" not in page, "what changed nothing is not told"
    told = client.get(f"/api/suggestions/{ids[0]}", headers=shop.headers("viewer")).get_json()["change"]
    assert told["before"] == before[ids[0]] and told["since"] == coffee.change["since"]
    assert {line["code"]: line["units"] for line in told["lines"]} == {
        cause: coffee.change[cause] for cause in ("stock", "settings")
    }


def test_in_the_first_week_the_first_day_is_what_counts(app: Flask, store: Ready) -> None:
    shop, ids = store
    days_pass(app, shop, 2)
    write(app, shop, "UPDATE inventory_levels SET on_hand = on_hand + 2, available = available + 2")
    assert planned(app, shop)[ids[0]].change["since"] == (TODAY - timedelta(days=2)).isoformat()
    assert kept(app, shop) == [TODAY - timedelta(days=2)]


def test_two_weeks_plans_are_kept_and_the_one_a_week_ago_counts(app: Flask, store: Ready) -> None:
    shop, ids = store
    days_pass(app, shop, 7)
    planned(app, shop)
    days_pass(app, shop, 7)
    write(app, shop, "UPDATE inventory_levels SET on_hand = on_hand + 2, available = available + 2")
    change = planned(app, shop)[ids[0]].change
    assert change["since"] == (TODAY - timedelta(days=7)).isoformat()
    assert kept(app, shop) == [TODAY - timedelta(days=7), TODAY]


def test_a_product_that_was_not_planned_then_has_no_change(app: Flask, store: Ready) -> None:
    shop, ids = store
    days_pass(app, shop, 8)
    write(app, shop, "DELETE FROM plan_bases WHERE variant_id = :id", id=ids[0])
    write(app, shop, "UPDATE inventory_levels SET on_hand = on_hand + 2, available = available + 2")
    now = planned(app, shop)
    assert now[ids[0]].change is None
    assert now[ids[1]].change is not None


def test_the_report_and_the_page_tell_the_same(app: Flask, store: Ready) -> None:
    shop, ids = store
    days_pass(app, shop, 8)
    write(app, shop, "UPDATE inventory_levels SET on_hand = on_hand + 2, available = available + 2")
    changed = planned(app, shop)[ids[0]].change
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        number = reports.request("reorder", actor="test", now=clock.now())
        reports.make(number, today=TODAY, now=clock.now())
        rows = csv.DictReader(io.StringIO(factories.file_of(number).decode("utf-8-sig")))
    told = next(row for row in rows if row["product_name"] == factories.ITEMS[0].name)
    assert told["compared_with"] == changed["since"]
    assert int(told["quantity_then"]) == changed["before"]
    assert int(told["changed_by_stock"]) == changed["stock"] == -2
    assert int(told["reorder_quantity"]) - changed["before"] == sum(
        int(told[f"changed_by_{cause}"]) for cause in ("demand", "stock", "arrivals", "settings")
    )
