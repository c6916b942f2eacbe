"""The API's data: fields, pages, ETags, problems, and what writes set in motion."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest

from app.platform import clock, db, queue, tenancy
from app.services.reports import KINDS
from tests.blueprints.api.conftest import Api
from tests.people import work

LISTS = ["inventory", "forecast", "alerts", "reports", "suggestions", "suppliers", "purchase-orders"]


def test_inventory_has_the_fields_a_client_expects(api: Api) -> None:
    answer = api.get("/api/inventory?sort=sku")
    assert answer.status_code == 200
    assert answer.json["total"] == len(api.product_ids)
    first = answer.json["items"][0]
    assert (first["product_id"], first["product_name"], first["sku"]) == (
        api.product_ids[0],
        "Coffee beans 1 kg",
        f"SKU-{api.product_ids[0]}",
    )
    assert (first["current_stock"], first["on_hand"], first["committed"], first["incoming"]) == (
        10,
        12,
        2,
        24,
    )
    assert first["last_updated"].endswith("Z")


def test_search_and_sort(api: Api) -> None:
    found = api.get("/api/inventory?search=TEA").json["items"]
    assert [item["product_name"] for item in found] == ["Green tea 100 g"]
    assert api.get("/api/inventory?search=%25").json["total"] == 0
    stock = [item["current_stock"] for item in api.get("/api/inventory?sort=-current_stock").json["items"]]
    assert stock == sorted(stock, reverse=True)


def test_pages_are_linked_and_complete(api: Api) -> None:
    seen, number = [], 1
    while True:
        answer = api.get(f"/api/inventory?page={number}&per_page=4")
        seen += [item["product_id"] for item in answer.json["items"]]
        links = answer.headers.getlist("Link")
        assert '<http://fluxor.test/api/inventory?page=1&per_page=4>; rel="first"' in links
        if not any('rel="next"' in link for link in links):
            break
        number += 1
    assert number == 2
    assert sorted(seen) == api.product_ids


@pytest.mark.parametrize("name", LISTS)
def test_every_list_has_pages_and_an_etag(api: Api, name: str) -> None:
    answer = api.get(f"/api/{name}?per_page=1&page=1")
    assert answer.status_code == 200
    assert set(answer.json) == {"items", "page", "per_page", "total"}
    assert answer.headers["Cache-Control"] == "private, no-cache"
    same = api.get(f"/api/{name}?per_page=1&page=1", headers={"If-None-Match": answer.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    other = api.get(f"/api/{name}?per_page=1&page=1", headers={"If-None-Match": '"another"'})
    assert other.status_code == 200
    beyond = api.get(f"/api/{name}?page=99999")
    assert (beyond.status_code, beyond.json["items"]) == (200, [])


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "page=", "per_page=201", "per_page=0", "page=100001", "sort=price;drop"]
)
def test_a_query_that_cannot_be_used_is_a_problem_that_names_the_field(api: Api, query: str) -> None:
    answer = api.get(f"/api/inventory?{query}")
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json["errors"][0]["field"] == query.split("=")[0]
    assert set(answer.json) == {"type", "title", "status", "detail", "reference", "errors"}


def test_forecast_days(api: Api) -> None:
    product = api.product_ids[0]
    answer = api.get(f"/api/forecast?product_id={product}&per_page=28").json
    assert answer["total"] == 28
    days = [date.fromisoformat(item["forecast_date"]) for item in answer["items"]]
    today = clock.today("Europe/Berlin")
    assert days == [today + timedelta(days=n) for n in range(28)]
    for item in answer["items"]:
        assert item["product_name"] == "Coffee beans 1 kg"
        assert item["low"] <= item["predicted_demand"] <= item["high"]
        assert item["predicted_demand"] > 0


def test_a_product_without_evidence_has_no_forecast(api: Api) -> None:
    young = api.product_ids[4]  # four days of sales
    assert api.get(f"/api/forecast?product_id={young}").json["total"] == 0
    assert api.get("/api/forecast").json["total"] == 28 * 5


def test_suggestions_and_their_ledger(api: Api) -> None:
    listed = api.get("/api/suggestions").json["items"]
    assert listed and all(item["reorder_amount"] > 0 for item in listed)
    for item in listed:
        detail = api.get(f"/api/suggestions/{item['product_id']}").json
        assert sum(line["units"] for line in detail["ledger"]) == item["reorder_amount"]
        assert detail["current_stock" if "current_stock" in detail else "on_hand"] is not None
    assert api.get("/api/suggestions?show=all").json["total"] >= len(listed)
    assert api.get("/api/suggestions/424242").status_code == 404
    assert api.get(f"/api/suggestions/{10**30}").status_code == 404


def test_alerts(api: Api) -> None:
    found = api.get("/api/alerts").json["items"]
    assert found
    assert {"product_id", "product_name", "message", "timestamp"} <= set(found[0])


def test_suppliers_and_purchase_orders(api: Api) -> None:
    names = [item["name"] for item in api.get("/api/suppliers").json["items"]]
    assert names == sorted(names) and "Hill Farm" in names
    assert api.get("/api/purchase-orders").json["total"] == 0
    assert api.get("/api/purchase-orders?status=lost").status_code == 422
    assert api.get("/api/purchase-orders/1/lines").status_code == 404


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_from_wish_to_download(api: Api, kind: str) -> None:
    asked = api.post("/api/reports", "manager", json={"kind": kind})
    assert (asked.status_code, asked.json["success"]) == (202, True)
    report_id = asked.json["report_id"]
    assert api.get(f"/api/reports/download?report_id={report_id}").status_code == 404
    work(api.app)
    listed = api.get("/api/reports?per_page=1").json["items"][0]
    assert (listed["id"], listed["kind"], listed["status"]) == (report_id, kind, "done")
    file = api.get(f"/api/reports/download?report_id={report_id}")
    assert file.mimetype == "text/csv"
    assert "attachment" in file.headers["Content-Disposition"]
    table = csv.DictReader(io.StringIO(file.data.decode("utf-8-sig")))
    assert list(table.fieldnames or ())[:4] == ["product_name", "sku", "current_stock", "predicted_demand"]
    assert len(list(table)) == listed["rows"]
    assert int(file.headers["Content-Length"]) == len(file.data)
    known = {"If-None-Match": file.headers["ETag"]}
    again = api.get(f"/api/reports/download?report_id={report_id}", headers=known)
    assert (again.status_code, again.data) == (304, b"")
    assert api.get(f"/api/reports/download?report_id={report_id}", "stranger").status_code == 404


def test_writes_set_jobs_in_motion(api: Api) -> None:
    assert api.post("/api/inventory/sync").status_code == 202
    assert api.post("/api/forecast/run").status_code == 202
    assert api.post("/api/alerts/send").status_code == 202
    with api.app.app_context():
        names = {job.func_name for job in queue.queue("urgent").jobs + queue.queue("periodic").jobs}
        assert {"app.jobs.forecasts.run", "app.jobs.alerts.check"} <= names
        assert any(name.startswith("app.jobs.sync.") for name in names)
        with tenancy.store_scope(db.session(), api.store_id), db.transaction():
            db.execute("DELETE FROM sync_runs WHERE status = 'queued' OR status = 'running'")


@pytest.mark.parametrize("path", ["/api/inventory/sync", "/api/forecast/run", "/api/alerts/send"])
def test_without_redis_a_write_says_so_and_reads_go_on(
    api: Api, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from redis import Redis

    from tests.signing import id_token

    with api.app.app_context():
        shop = db.rows("SELECT shop FROM stores WHERE id = :id", id=api.store_id)[0].shop
    admin = {"Authorization": f"Bearer {id_token(shop, user='11')}"}
    away = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=1)
    monkeypatch.setitem(api.app.extensions, "redis", away)
    refused = api.client().post(path, headers=admin)
    assert (refused.status_code, refused.mimetype) == (503, "application/problem+json")
    assert api.client().get("/api/inventory", headers=admin).status_code == 200


def test_unknown_addresses_and_methods_are_problems(api: Api) -> None:
    missing = api.get("/api/nothing")
    assert (missing.status_code, missing.mimetype) == (404, "application/problem+json")
    wrong = api.post("/api/inventory")
    assert (wrong.status_code, wrong.mimetype) == (405, "application/problem+json")
    assert "GET" in wrong.headers["Allow"]


def test_the_shop_in_the_query_changes_nothing(api: Api) -> None:
    plain = api.get("/api/inventory")
    assert api.get("/api/inventory?shop=other.myshopify.com").json == plain.json
    assert api.get("/api/inventory?shop=other.myshopify.com", "anonymous").status_code == 401


def test_requests_are_counted_and_the_headers_say_how_many_are_left(api: Api, monkeypatch) -> None:
    from dataclasses import replace

    slow = replace(api.app.extensions["settings"], api_per_minute=3)
    monkeypatch.setitem(api.app.extensions, "settings", slow)
    left = [api.get("/api/alerts").headers["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = api.get("/api/alerts")
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert 1 <= int(refused.headers["Retry-After"]) <= 20
    assert api.get("/api/alerts", "manager").status_code == 200


def test_null_characters_and_odd_letters_are_no_trouble(api: Api) -> None:
    assert api.get("/api/inventory?search=%00").status_code == 422
    assert api.get("/api/inventory?search=%F0%9F%8D%B5%20%27%22%5C").status_code == 200
    assert api.get("/api/inventory?search=%ff%fe").status_code == 200
