"""Overrides: the suggestion, its ledger, the CSV and the API say the same, and the model comes back by itself."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.jobs import forecasts
from app.platform import clock, db, tenancy
from app.services import overrides, reports
from tests import factories
from tests.factories import Shop

Ready = tuple[Shop, list[int]]


@pytest.fixture
def store(app: Flask) -> Ready:
    return factories.ready_store(app, items=factories.ITEMS[:1] + factories.ITEMS[4:5])


def enter(
    client: FlaskClient, shop: Shop, variant_id: int, role: str = "owner", **typed: str
) -> tuple[int, str]:
    data = {
        "kind": "units",
        "value": "30",
        "until": (clock.today("Europe/Berlin") + timedelta(days=60)).isoformat(),
        "reason": "Trade fair",
        **typed,
    }
    answer = client.post(
        f"/products/{variant_id}/override", data=data, headers=shop.headers(role, fragment=True)
    )
    return answer.status_code, answer.get_data(as_text=True)


def replan(app: Flask, shop: Shop) -> None:
    with app.app_context():
        forecasts.replan(shop.id)


def read(app: Flask, shop: Shop, sql: str, **values: Any) -> Any:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return db.rows(sql, **values)


def suggestion(app: Flask, shop: Shop, variant_id: int) -> Any:
    found = read(app, shop, "SELECT * FROM suggestions WHERE variant_id = :id", id=variant_id)
    return found[0] if found else None


def report(app: Flask, shop: Shop, kind: str) -> list[dict[str, str]]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        number = reports.request(kind, actor="test", now=clock.now())
        reports.make(number, today=clock.today("Europe/Berlin"), now=clock.now())
        content = factories.file_of(number).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def test_ledger_csv_and_api_agree_on_the_override(app: Flask, client: FlaskClient, store: Ready) -> None:
    shop, ids = store
    before = suggestion(app, shop, ids[0])
    assert enter(client, shop, ids[0])[0] == 200
    replan(app, shop)
    made = suggestion(app, shop, ids[0])
    ledger = {line["code"]: line for line in made.ledger}
    assert made.expected_demand == pytest.approx(30 * made.protection_days)
    assert ledger["demand"]["units"] == round(before.expected_demand)
    assert ledger["override"]["units"] == 30 * made.protection_days - ledger["demand"]["units"]
    assert ledger["override"]["detail"] | {"until": ""} == {
        "kind": "units",
        "value": "30",
        "until": "",
        "reason": "Trade fair",
    }
    assert sum(line["units"] for line in made.ledger) == made.quantity > before.quantity
    reorder = {row["product_name"]: row for row in report(app, shop, "reorder")}["Coffee beans 1 kg"]
    assert int(reorder["reorder_quantity"]) == made.quantity
    assert float(reorder["predicted_demand"]) == 28 * 30
    headers = shop.headers() | {"Accept": "application/json"}
    days = client.get("/api/forecast", query_string={"product_id": ids[0]}, headers=headers).get_json()
    assert {day["predicted_demand"] for day in days["items"]} == {30.0}
    listed = client.get("/api/suggestions", headers=headers).get_json()["items"]
    assert {one["product_id"]: one["reorder_amount"] for one in listed}[ids[0]] == made.quantity
    page = client.get(f"/products/{ids[0]}", headers=shop.headers()).get_data(as_text=True)
    assert "Changed by your override" in page
    assert "<strong>840</strong> units expected in the next 28 days" in page


def test_a_new_forecast_keeps_the_override_and_what_the_model_says(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, ids = store
    before = suggestion(app, shop, ids[0])
    enter(client, shop, ids[0], kind="percent", value="50")
    factories.forecast(app, shop)
    made = suggestion(app, shop, ids[0])
    assert made.expected_demand == pytest.approx(1.5 * before.expected_demand)
    kept = read(app, shop, "SELECT daily_mean, model_numbers FROM forecasts WHERE variant_id = :i", i=ids[0])
    assert kept[0].daily_mean == pytest.approx([1.5 * one for one in kept[0].model_numbers["daily_mean"]])


def test_it_expires_by_itself(app: Flask, client: FlaskClient, store: Ready) -> None:
    shop, ids = store
    before = suggestion(app, shop, ids[0])
    enter(client, shop, ids[0])
    replan(app, shop)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("UPDATE forecast_overrides SET starts_on = starts_on - 90, until = until - 61")
    replan(app, shop)
    made = suggestion(app, shop, ids[0])
    assert (made.quantity, made.ledger) == (before.quantity, before.ledger)
    assert read(app, shop, "SELECT 1 FROM forecasts WHERE model_numbers IS NOT NULL") == []
    page = client.get(f"/products/{ids[0]}", headers=shop.headers()).get_data(as_text=True)
    assert "Earlier ones, against the model and what sold" in page


def test_ending_it_brings_the_model_back(app: Flask, client: FlaskClient, store: Ready) -> None:
    shop, ids = store
    before = suggestion(app, shop, ids[0])
    enter(client, shop, ids[0])
    replan(app, shop)
    answer = client.post(f"/products/{ids[0]}/override/end", headers=shop.headers(fragment=True))
    assert answer.status_code == 200
    replan(app, shop)
    assert suggestion(app, shop, ids[0]).quantity == before.quantity
    told = read(app, shop, "SELECT action FROM audit_entries WHERE action LIKE 'forecast.%' ORDER BY id")
    assert [one.action for one in told] == ["forecast.overridden", "forecast.override_ended"]


def test_a_second_override_replaces_the_first_and_both_are_kept(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, ids = store
    enter(client, shop, ids[0])
    enter(client, shop, ids[0], value="3")
    replan(app, shop)
    made = suggestion(app, shop, ids[0])
    assert made.expected_demand == pytest.approx(3 * made.protection_days)
    assert len(read(app, shop, "SELECT id FROM forecast_overrides")) == 2


def test_a_product_too_new_to_forecast_takes_units_but_no_percentage(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, ids = store
    status, page = enter(client, shop, ids[1], kind="percent", value="50")
    assert status == 422
    assert "Enter units a day instead" in page
    assert enter(client, shop, ids[1], value="4")[0] == 200
    replan(app, shop)
    made = suggestion(app, shop, ids[1])
    assert made.quantity > 0
    assert made.expected_demand == pytest.approx(4 * made.protection_days)
    client.post(f"/products/{ids[1]}/override/end", headers=shop.headers(fragment=True))
    replan(app, shop)
    assert suggestion(app, shop, ids[1]).urgency == "unknown"


def test_a_product_that_never_sold_can_be_given_a_demand(app: Flask, client: FlaskClient) -> None:
    shop, ids = factories.ready_store(
        app, items=(*factories.ITEMS[:1], factories.Item("Unsold", (0,), on_hand=5))
    )
    assert suggestion(app, shop, ids[1]) is None
    enter(client, shop, ids[1], value="2")
    replan(app, shop)
    assert suggestion(app, shop, ids[1]).quantity > 0
    factories.forecast(app, shop)
    assert suggestion(app, shop, ids[1]).quantity > 0
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        overrides.end(ids[1], actor="test", now=clock.now())
    replan(app, shop)
    assert suggestion(app, shop, ids[1]) is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"value": "lots"}, "Enter a number from 0"),
        ({"value": "-5"}, "Enter a number from 0"),
        ({"kind": "percent", "value": "-101"}, "Enter a number from -100"),
        ({"kind": "guess"}, "Choose one of the options"),
        ({"reason": " "}, "Enter a text"),
        ({"until": date(2020, 1, 1).isoformat()}, "Choose a date from"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_changes(
    app: Flask, client: FlaskClient, store: Ready, typed: dict[str, str], said: str
) -> None:
    shop, ids = store
    status, page = enter(client, shop, ids[0], **typed)
    assert status == 422
    assert said in page
    assert "Trade fair" in page or "reason" in typed
    assert read(app, shop, "SELECT id FROM forecast_overrides") == []


def test_viewers_and_strangers_override_nothing(
    app: Flask, client: FlaskClient, store: Ready, stranger: Ready
) -> None:
    shop, ids = store
    assert enter(client, shop, ids[0], role="viewer")[0] == 403
    assert enter(client, stranger[0], ids[0])[0] == 404
    assert client.post(f"/products/{ids[0]}/override/end", headers=stranger[0].headers()).status_code == 404
    assert client.post(f"/products/{ids[0]}/override").status_code == 401
    assert read(app, shop, "SELECT id FROM forecast_overrides") == []
