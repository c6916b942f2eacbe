"""Overrides, accuracy, runs of the sync and imports by JSON: what pages can do, a program can."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from app.platform import clock, db, tenancy
from tests.blueprints.api.conftest import Api


def until(days: int) -> str:
    return (clock.today("Europe/Berlin") + timedelta(days=days)).isoformat()


def wanted(**other: Any) -> dict[str, Any]:
    return {"kind": "units", "value": 12.5, "until": until(30), "reason": "Fair"} | other


def test_an_override_is_set_listed_and_ended(api: Api) -> None:
    path = f"/api/products/{api.product_ids[0]}/override"
    made = api.post(path, "manager", json=wanted())
    assert made.status_code == 201
    assert (made.json["value"], made.json["holds"], made.json["reason"]) == (12.5, True, "Fair")
    listed = api.get("/api/forecast/overrides").json
    assert [one["id"] for one in listed["items"]] == [made.json["id"]] and listed["total"] == 1
    assert api.post(f"{path}/end", "manager").json["success"] is True
    assert api.get("/api/forecast/overrides").json["items"] == []
    past = api.get(f"/api/forecast/overrides?show=all&product_id={api.product_ids[0]}").json["items"]
    assert [one["holds"] for one in past] == [False]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"value": -1}, "value"),
        ({"kind": "percent", "value": 1001}, "value"),
        ({"until": until(-1)}, "until"),
        ({"until": until(200)}, "until"),
        ({"reason": " "}, "reason"),
    ],
)
def test_an_override_that_cannot_be_is_refused(api: Api, wrong: dict[str, Any], field: str) -> None:
    answer = api.post(f"/api/products/{api.product_ids[0]}/override", json=wanted(**wrong))
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    assert api.post("/api/products/1/override", json=wanted()).status_code == 404
    assert (
        api.post(f"/api/products/{api.product_ids[0]}/override", "viewer", json=wanted()).status_code == 403
    )


def test_a_products_accuracy_counts_forecasts_whose_days_are_over(api: Api) -> None:
    today = clock.today("Europe/Berlin")
    one = api.product_ids[0]
    with api.app.app_context(), tenancy.store_scope(db.session(), api.store_id), db.transaction():
        sold = db.rows(
            "SELECT COALESCE(SUM(units), 0) AS n FROM daily_sales WHERE variant_id = :id AND day > :first",
            id=one,
            first=today - timedelta(days=30),
        )[0].n
        for ago in (30, 37, 44, 51, 58, 5):
            record(one, today - timedelta(days=ago), units=float(sold) * 1.25)
    found = api.get(f"/api/products/{one}/accuracy").json
    assert sold > 0 and len(found["items"]) == found["forecasts"] == 5
    of_sold = sum(one["sold_units"] for one in found["items"])
    errors = [one["forecast_units"] - one["sold_units"] for one in found["items"]]
    assert found["wape"] == pytest.approx(sum(map(abs, errors)) / of_sold)
    assert found["bias"] == pytest.approx(sum(errors) / of_sold)
    assert found["items"][0]["to_day"] == (today - timedelta(days=2)).isoformat()
    few = api.get(f"/api/products/{api.product_ids[1]}/accuracy").json
    assert (few["wape"], few["forecasts"], few["items"]) == (None, 0, [])
    assert api.get("/api/products/1/accuracy").status_code == 404


def record(variant_id: int, origin: date, *, units: float) -> None:
    db.execute(
        "INSERT INTO forecast_records (store_id, variant_id, origin, days, units, low, high, model)"
        " VALUES (app_store_id(), :id, :origin, 28, :units, 1, 9, 'auto')",
        id=variant_id,
        origin=origin,
        units=units,
    )


def test_a_file_is_brought_seen_applied_and_undone(api: Api) -> None:
    product = api.get("/api/inventory").json["items"][0]
    file = {"filename": "lead.csv", "content": f"SKU,Lead time\n{product['sku']},33\nNONE-1,5\n"}
    made = api.post("/api/imports", "manager", json=file)
    assert made.status_code == 201
    preview = made.json["preview"]
    assert (preview["rows"], preview["products"], preview["can_apply"]) == (2, 1, True)
    assert [one["row"] for one in preview["unmatched"]] == [3]
    path = f"/api/imports/{made.json['id']}"
    settings = f"/api/products/{product['product_id']}/settings"
    assert api.post(f"{path}/apply", "viewer").status_code == 403
    applied = api.post(f"{path}/apply", "manager").json
    assert (applied["status"], applied["preview"], applied["summary"]["products"]) == ("applied", None, 1)
    assert api.get(settings).json["lead_time_days"] == 33
    assert api.post(f"{path}/apply", "manager").status_code == 409
    assert api.post(f"{path}/undo", "manager").json["status"] == "undone"
    assert api.get(settings).json["lead_time_days"] is None
    assert [one["id"] for one in api.get("/api/imports").json["items"]] == [made.json["id"]]
    assert api.get(path, "stranger").status_code == 404


def test_columns_can_be_named_and_an_unreadable_file_says_what_to_bring(api: Api) -> None:
    product = api.get("/api/inventory").json["items"][0]
    file = {"filename": "odd.csv", "kind": "products", "content": f"SKU,Wochen\n{product['sku']},4\n"}
    made = api.post("/api/imports", json=file).json
    assert made["preview"]["can_apply"] is False
    answer = {"mapping": {"sku": "SKU", "lead_time_days": "Wochen"}}
    told = api.post(f"/api/imports/{made['id']}/columns", json=answer).json
    assert told["preview"]["products"] == 1
    empty = api.post("/api/imports", json={"filename": "a.csv", "content": "SKU\n"})
    assert (empty.status_code, empty.json["errors"][0]["field"]) == (422, "content")


def test_runs_of_the_sync_are_listed_with_their_failures(api: Api) -> None:
    with api.app.app_context(), tenancy.store_scope(db.session(), api.store_id), db.transaction():
        db.execute(
            "INSERT INTO sync_runs (store_id, kind, status, stage, done, operations, cursors, attempts, step,"
            " error, started_at) VALUES (app_store_id(), 'incremental', 'failed', 'orders', '{\"orders\": 3}',"
            " '{}', '{}', 0, 1, 'orders: Shopify answered 502.', now() - interval '1 hour')"
        )
    run = api.get("/api/sync/runs", headers={"Accept-Language": "de"}).json["items"][-1]
    assert (run["status"], run["counts"]) == ("failed", {"orders": 3})
    assert run["error"] == "Shopify antwortete mit 502."


def test_vendor_and_supplier_mean_different_things(api: Api) -> None:
    item = api.get("/api/inventory").json["items"][0]
    other = api.post("/api/suppliers", json={"name": "Harbour Trading"}).json
    path = f"/api/products/{item['product_id']}/settings"
    headers = api.people["owner"]
    api.client().patch(path, json={"supplier_id": other["id"]}, headers=headers)
    found = next(
        one for one in api.get("/api/inventory").json["items"] if one["product_id"] == item["product_id"]
    )
    assert (found["vendor"], found["supplier"]) == (item["vendor"], "Harbour Trading")
    assert found["supplier_id"] == other["id"]
    api.client().patch(path, json={"supplier_id": None}, headers=headers)
