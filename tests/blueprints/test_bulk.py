"""Changing many products: the preview counts exactly what the change then changes, and errors change nothing."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.jobs import forecasts
from app.platform import db, tenancy
from tests import factories
from tests.factories import Shop

Ready = tuple[Shop, list[int]]


@pytest.fixture
def store(app: Flask) -> Ready:
    return factories.ready_store(app)


def post(client: FlaskClient, shop: Shop, path: str, role: str = "owner", **data: Any) -> tuple[int, str]:
    answer = client.post(path, data=data, headers=shop.headers(role, fragment=True))
    return answer.status_code, answer.get_data(as_text=True)


def settings(app: Flask, shop: Shop) -> dict[int, Any]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return {row.variant_id: row for row in db.rows("SELECT * FROM variant_settings")}


def supplier(app: Flask, shop: Shop, vendor: str) -> int:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return int(db.rows("SELECT id FROM suppliers WHERE vendor = :vendor", vendor=vendor)[0].id)


def test_the_preview_says_what_the_change_then_does(app: Flask, client: FlaskClient, store: Ready) -> None:
    shop, ids = store
    post(client, shop, "/products/bulk", variant=ids[0], lead_time_days="21")
    data = {"variant": ids[:3], "lead_time_days": "21", "moq": "12"}
    status, preview = post(client, shop, "/products/bulk/preview", **data)
    assert status == 200
    assert "3 of 3 products would change." in preview
    assert "Lead time: 2 products" in preview
    assert "Minimum order quantity: 3 products" in preview
    assert set(settings(app, shop)) == {ids[0]}
    answer = client.post("/products/bulk", data=data, headers=shop.headers(fragment=True))
    assert "3 products changed" in answer.headers["HX-Trigger"]
    made = settings(app, shop)
    assert {key: (row.lead_time_days, row.moq) for key, row in made.items()} == dict.fromkeys(
        ids[:3], (21, 12)
    )
    again = post(client, shop, "/products/bulk/preview", **data)[1]
    assert "0 of 3 products would change." in again


def test_what_is_not_named_stays_and_what_is_cleared_inherits(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, ids = store
    post(client, shop, "/products/bulk", variant=ids[:2], moq="5", case_size="6")
    post(client, shop, "/products/bulk", variant=ids[0], clear="moq")
    made = settings(app, shop)
    assert (made[ids[0]].moq, made[ids[0]].case_size) == (None, 6)
    assert (made[ids[1]].moq, made[ids[1]].case_size) == (5, 6)


def test_all_that_match_are_changed_and_no_others(app: Flask, client: FlaskClient, store: Ready) -> None:
    shop, ids = store
    post(client, shop, "/products/bulk", all="1", low_stock_threshold="7", **{"is": "vendor:Clay Works"})
    assert {key: row.low_stock_threshold for key, row in settings(app, shop).items()} == {
        ids[2]: 7,
        ids[4]: 7,
    }


def test_another_supplier_takes_the_products_lead_time_and_order(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, ids = store
    other = supplier(app, shop, "Leaf & Co")
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("UPDATE suppliers SET lead_time_days = 40 WHERE id = :id", id=other)
    post(client, shop, "/products/bulk", variant=ids[0], supplier_id=str(other))
    with app.app_context():
        forecasts.replan(shop.id)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        made = db.rows("SELECT protection_days FROM suggestions WHERE variant_id = :id", id=ids[0])[0]
    assert made.protection_days == 47
    page = client.get(f"/products?is=supplier:{other}", headers=shop.headers()).get_data(as_text=True)
    assert "Coffee beans 1 kg" in page and "Green tea" in page and "Paper filters" not in page
    client.post(f"/suggestions/{ids[0]}/accept", data={"quantity": "9"}, headers=shop.headers(fragment=True))
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        assert [row.supplier_id for row in db.rows("SELECT supplier_id FROM purchase_orders")] == [other]
    post(client, shop, "/products/bulk", variant=ids[0], supplier_id="vendor")
    assert settings(app, shop)[ids[0]].supplier_id is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Enter at least one change."),
        ({"variant": [], "moq": "5"}, "Select at least one product."),
        ({"variant": ["x", "99999999999999999999"], "moq": "5"}, "Select at least one product."),
        ({"moq": "none"}, "Enter a whole number from 1"),
        ({"moq": "0"}, "Enter a whole number from 1"),
        ({"moq": "5", "clear": "moq"}, "Enter a value or tick the box, not both."),
        ({"lead_time_days": "179"}, "come to over 180 days"),
        ({"supplier_id": "999999"}, "Choose one of the options."),
        ({"supplier_id": "1 OR 1"}, "Choose one of the options."),
    ],
)
@pytest.mark.parametrize("path", ["/products/bulk/preview", "/products/bulk"])
def test_errors_stand_beside_the_field_and_nothing_changes(
    app: Flask, client: FlaskClient, store: Ready, data: dict[str, Any], said: str, path: str
) -> None:
    shop, ids = store
    status, page = post(client, shop, path, **({"variant": ids} | data))
    assert status == 422
    assert said in page
    assert settings(app, shop) == {}


def test_viewers_and_strangers_change_nothing(
    app: Flask, client: FlaskClient, store: Ready, stranger: Ready
) -> None:
    shop, ids = store
    for path in ("/products/bulk/preview", "/products/bulk"):
        assert post(client, shop, path, role="viewer", variant=ids, moq="5")[0] == 403
        assert client.post(path, data={"variant": ids, "moq": "5"}).status_code == 401
    own = supplier(app, shop, "Clay Works")
    assert post(client, stranger[0], "/products/bulk", variant=ids, supplier_id=str(own))[0] == 422
    assert (
        "0 products changed"
        in client.post(
            "/products/bulk", data={"variant": ids, "moq": "5"}, headers=stranger[0].headers(fragment=True)
        ).headers["HX-Trigger"]
    )
    assert settings(app, shop) == {}


def test_one_audit_entry_tells_the_whole_change(app: Flask, client: FlaskClient, store: Ready) -> None:
    shop, ids = store
    post(client, shop, "/products/bulk", variant=ids[:2], moq="5")
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        found = db.rows("SELECT actor, detail FROM audit_entries WHERE action LIKE '%in_bulk'")
    assert [(one.actor, one.detail["variant_ids"], one.detail["changes"]) for one in found] == [
        ("Owner Person", ids[:2], {"moq": 5})
    ]


def test_one_products_own_form_chooses_its_supplier_too(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, ids = store
    other = supplier(app, shop, "Leaf & Co")
    status, page = post(client, shop, f"/products/{ids[0]}/settings", supplier_id=str(other))
    assert status == 200
    assert f'<option value="{other}" selected>' in page
    assert settings(app, shop)[ids[0]].supplier_id == other
    assert post(client, shop, f"/products/{ids[0]}/settings", supplier_id="999999")[0] == 422
    assert settings(app, shop)[ids[0]].supplier_id == other
    post(client, shop, f"/products/{ids[0]}/settings")
    assert settings(app, shop)[ids[0]].supplier_id is None
