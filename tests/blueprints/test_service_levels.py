"""Service levels by class: what they cost is shown, what is set plans the orders, a product's own goes first."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.jobs import forecasts
from app.platform import db, tenancy
from tests import factories
from tests.blueprints.test_forms import GOOD
from tests.factories import Shop

Ready = tuple[Shop, list[int]]
NAMES = ("service_level_a", "service_level_b", "service_level_c")


@pytest.fixture(scope="module")
def store(app: Flask) -> Ready:
    return factories.ready_store(app)


def read(app: Flask, shop: Shop, sql: str) -> list[Any]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return list(db.rows(sql))


def save(client: FlaskClient, shop: Shop, role: str = "owner", **typed: str) -> tuple[int, str]:
    data = {**GOOD, "service_level": "95", "time_zone": "", **typed}
    answer = client.post("/settings", data=data, headers=shop.headers(role, fragment=True))
    return answer.status_code, answer.get_data(as_text=True)


def promised(app: Flask, shop: Shop) -> dict[int, float]:
    """The service level that each suggestion's ledger names."""
    with app.app_context():
        forecasts.replan(shop.id)
    found = read(app, shop, "SELECT variant_id, ledger FROM suggestions WHERE urgency <> 'unknown'")
    details = {row.variant_id: {line["code"]: line["detail"] for line in row.ledger} for row in found}
    return {i: lines["safety"]["percent"] for i, lines in details.items() if "safety" in lines}


def test_every_plan_says_what_levels_cost(client: FlaskClient, app: Flask, store: Ready) -> None:
    shop, _ = store
    found = read(app, shop, "SELECT * FROM service_costs ORDER BY abc_class, level")
    a = [row for row in found if row.abc_class == "A"]
    assert [row.level for row in a] == [0.9, 0.95, 0.98]
    assert a[0].stock_value < a[1].stock_value < a[2].stock_value
    assert a[0].lost_value > a[1].lost_value > a[2].lost_value > 0
    assert sum(row.products for row in found if row.level == 0.9) == 5
    page = client.get("/settings", headers=shop.headers("viewer")).get_data(as_text=True)
    shown = re.search(r'data-label="At 98 %">€([\d,.]+)<span class="note">€([\d,.]+) lost a year', page)
    assert shown is not None
    assert float(shown[1].replace(",", "")) == float(a[2].stock_value)
    assert float(shown[2].replace(",", "")) == float(a[2].lost_value)
    assert re.search(r'name="service_level_a"[^>]* disabled', page)


def test_a_class_is_planned_by_its_level_and_a_product_by_its_own(
    client: FlaskClient, app: Flask, store: Ready
) -> None:
    shop, ids = store
    classes = {row.variant_id: row.abc_class for row in read(app, shop, "SELECT * FROM suggestions")}
    own = next(i for i in ids if classes.get(i) == "A")
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute(
            "INSERT INTO variant_settings (store_id, variant_id, service_level) VALUES (:s, :v, 0.6)",
            s=shop.id,
            v=own,
        )
    assert save(client, shop, service_level_a="99,5", service_level_c="80")[0] == 200
    levels = promised(app, shop)
    assert levels.pop(own) == 60
    of_class = {"A": 99.5, "B": 95, "C": 80}
    assert levels == {i: of_class[classes[i]] for i in levels}
    assert {99.5} < set(levels.values())
    found = read(app, shop, "SELECT level FROM service_costs WHERE abc_class = 'A' ORDER BY level")
    assert [row.level for row in found] == [0.8, 0.9, 0.95, 0.98, 0.995]
    assert save(client, shop)[0] == 200
    assert set(promised(app, shop).values()) == {60, 95}


def test_service_by_value_moves_levels_between_products(
    client: FlaskClient, app: Flask, store: Ready
) -> None:
    shop, _ = store
    page = client.get("/settings", headers=shop.headers("viewer")).get_data(as_text=True)
    assert re.search(r'<select[^>]* name="service_by"[^>]* disabled', page)
    assert save(client, shop, service_by="by mood")[0] == 422
    assert save(client, shop, role="viewer", service_by="value")[0] == 403
    before = promised(app, shop)
    assert save(client, shop, service_by="value")[0] == 200
    after = promised(app, shop)
    own = {
        row.variant_id for row in read(app, shop, "SELECT * FROM variant_settings WHERE service_level > 0")
    }
    assert {i: after[i] for i in own & set(after)} == {i: before[i] for i in own & set(after)}
    moved = [i for i in after if after[i] != before[i]]
    assert moved and all(50 <= after[i] <= 99.99 for i in moved)
    page = client.get(f"/products/{moved[0]}", headers=shop.headers("viewer")).get_data(as_text=True)
    assert "shared out by value for money" in page
    assert save(client, shop, service_by="level")[0] == 200
    assert promised(app, shop) == before


def test_how_a_stranger_shares_out_stock_is_theirs_alone(
    client: FlaskClient, app: Flask, store: Ready, stranger: Ready
) -> None:
    (shop, _), (other, _) = store, stranger

    def ways() -> tuple[str, str]:
        found = [read(app, one, "SELECT service_by FROM store_settings")[0] for one in (shop, other)]
        return found[0].service_by, found[1].service_by

    def chosen(page: str) -> str:
        field = page.split('name="service_by"')[1].split("</select>")[0]
        found = re.search(r'<option value="(\w+)" selected', field)
        assert found is not None
        return found[1]

    ours, theirs = promised(app, shop), promised(app, other)
    assert save(client, other, service_by="value")[0] == 200
    assert ways() == ("level", "value")
    assert promised(app, shop) == ours, "our orders follow our own choice"
    assert chosen(client.get("/settings", headers=shop.headers()).text) == "level"

    headers = other.headers() | {"Accept": "application/json"}
    changed = client.patch("/api/settings", json={"service_by": "level"}, headers=headers)
    assert changed.get_json()["service_by"] == "level"
    assert save(client, shop, service_by="value")[0] == 200
    assert ways() == ("value", "level")
    after = promised(app, shop)
    moved = next(i for i in after if after[i] != ours[i])
    assert promised(app, other) == theirs
    assert chosen(client.get("/settings", headers=other.headers()).text) == "level"
    assert client.get("/api/settings", headers=headers).get_json()["service_by"] == "level"
    for path in (f"/products/{moved}", f"/api/suggestions/{moved}"):
        assert client.get(path, headers=headers).status_code == 404
    assert save(client, shop)[0] == 200


def test_a_wrong_level_is_said_beside_its_field_and_nothing_is_saved(
    client: FlaskClient, app: Flask, store: Ready
) -> None:
    status, page = save(client, store[0], service_level_b="100")
    assert status == 422
    assert 'id="service_level_b-error">Enter a number from 51 to 99.9' in page
    assert read(app, store[0], "SELECT service_level_b AS b FROM store_settings")[0].b is None


def test_viewers_and_strangers_change_nothing_and_see_nothing_of_others(
    client: FlaskClient, app: Flask, store: Ready, stranger: Ready
) -> None:
    assert save(client, store[0], role="viewer", service_level_a="70")[0] == 403
    page = client.get("/settings", headers=stranger[0].headers()).get_data(as_text=True)
    assert "The costs appear after the first forecast." in page
    assert "lost a year" not in page
    assert read(app, store[0], "SELECT service_level_a AS a FROM store_settings")[0].a is None


def test_the_api_reads_and_sets_them(client: FlaskClient, store: Ready) -> None:
    headers = store[0].headers() | {"Accept": "application/json"}
    changed = client.patch("/api/settings", json={"service_level_b": 0.9}, headers=headers).get_json()
    assert [changed[name] for name in NAMES] == [None, 0.9, None]
    assert client.patch("/api/settings", json={"service_level_b": 0.4}, headers=headers).status_code == 422
    back = client.patch("/api/settings", json={"service_level_b": None}, headers=headers).get_json()
    assert [back[name] for name in NAMES] == [None, None, None]
    by_value = client.patch("/api/settings", json={"service_by": "value"}, headers=headers).get_json()
    assert by_value["service_by"] == "value"
    assert client.patch("/api/settings", json={"service_by": "luck"}, headers=headers).status_code == 422
    client.patch("/api/settings", json={"service_by": "level"}, headers=headers)
