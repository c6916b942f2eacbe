"""Purchase orders by JSON from suggestion to the end, suppliers, and what is decided about suggestions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.platform import clock, db, queue, tenancy
from tests.blueprints.api.conftest import Api
from tests.people import post_box, work

ORDERS = "/api/purchase-orders"


@pytest.fixture(autouse=True)
def clean(api: Api) -> Iterator[None]:
    """Each test begins without orders."""
    with api.app.app_context(), tenancy.store_scope(db.session(), api.store_id), db.transaction():
        db.execute("DELETE FROM purchase_orders")
        db.execute("DELETE FROM suggestion_snoozes")
    yield


def supplier(api: Api, vendor: str = "Hill Farm") -> dict[str, Any]:
    found = api.get("/api/suppliers?per_page=200").json["items"]
    return next(one for one in found if one["vendor"] == vendor)


def draft(api: Api, quantity: int = 30) -> dict[str, Any]:
    body = {
        "supplier_id": supplier(api)["id"],
        "items": [{"product_id": api.product_ids[0], "quantity": quantity}],
    }
    answer = api.post(ORDERS, "manager", json=body)
    assert answer.status_code == 201, answer.json
    return dict(answer.json)


def act(api: Api, order: dict[str, Any], name: str, **body: Any) -> Any:
    return api.post(f"{ORDERS}/{order['id']}/{name}", "manager", json={"version": order["version"], **body})


def patch(api: Api, path: str, who: str = "manager", **body: Any) -> Any:
    return api.client().patch(path, json=body, headers=api.people[who])


def test_all_that_is_due_becomes_one_draft(api: Api) -> None:
    farm = supplier(api)
    due = [
        item
        for item in api.get("/api/suggestions?per_page=200").json["items"]
        if item["supplier"] == "Hill Farm"
    ]
    made = api.post(ORDERS, "manager", json={"supplier_id": farm["id"]})
    assert made.status_code == 201
    assert {line["product_id"]: line["ordered"] for line in made.json["items"]} == {
        item["product_id"]: item["reorder_amount"] for item in due
    }
    again = api.post(ORDERS, "manager", json={"supplier_id": farm["id"]})
    assert again.json["id"] == made.json["id"] and again.json["items"] == made.json["items"]
    assert api.get(ORDERS).json["total"] == 1
    assert api.post(ORDERS, json={"supplier_id": 10**9}).status_code == 404


def test_from_draft_to_its_end(api: Api) -> None:
    order = draft(api)
    assert (order["status"], order["ordered_units"], order["cost"]) == ("draft", 30, 126.0)
    day = str(clock.today("Europe/Berlin") + timedelta(days=5))
    items = [
        {"product_id": api.product_ids[0], "ordered": 24, "unit_cost": 4.0},
        {"product_id": api.product_ids[1], "ordered": 7},
    ]
    changed = patch(
        api,
        f"{ORDERS}/{order['id']}",
        version=order["version"],
        note="Ring the bell",
        expected_on=day,
        items=items,
    )
    assert changed.status_code == 200, changed.json
    order = changed.json
    assert {line["product_id"]: (line["ordered"], line["unit_cost"]) for line in order["items"]} == {
        api.product_ids[0]: (24, 4.0),
        api.product_ids[1]: (7, 4.2),
    }
    sent = act(api, order, "send").json
    assert (sent["status"], sent["expected_on"], sent["note"]) == ("sent", day, "Ring the bell")
    with api.app.app_context():
        assert any(job.func_name == "app.jobs.forecasts.replan" for job in queue.queue("urgent").jobs)
    part = act(
        api, sent, "receive", items=[{"product_id": api.product_ids[0], "received": 20, "rejected": 1}]
    )
    assert (part.json["status"], part.json["received_units"]) == ("partly_received", 20)
    stale = act(api, sent, "receive")
    assert (stale.status_code, stale.mimetype) == (409, "application/problem+json")
    closed = act(api, part.json, "close").json
    assert closed["status"] == "closed"
    assert [line["cancelled"] for line in closed["items"]] == [3, 7]
    assert act(api, closed, "receive").status_code == 409


def test_everything_open_arrives_at_once(api: Api) -> None:
    sent = act(api, draft(api), "send").json
    received = act(api, sent, "receive").json
    assert (received["status"], received["received_units"]) == ("received", 30)


def test_the_mail_to_the_supplier_has_both_parts_and_the_pdf(api: Api) -> None:
    order = draft(api)
    mail = {"recipients": ["farm@example.com"], "message": "Please confirm.", "reply_to": "me@example.com"}
    with post_box(api.app) as box:
        assert act(api, order, "send", email=mail).status_code == 200
        work(api.app)
    sent = next(one for one in box.sent if "farm@example.com" in one.to)
    assert "Please confirm." in sent.text and "Please confirm." in sent.html
    assert [(one.kind, one.content[:4]) for one in sent.attachments] == [("application/pdf", b"%PDF")]
    bad = act(api, draft(api), "send", email={"recipients": ["nobody"]})
    assert bad.status_code == 422 and "name@example.com" in bad.json["errors"][0]["detail"]


def test_papers(api: Api) -> None:
    order = draft(api)
    pdf = api.get(f"{ORDERS}/{order['id']}/pdf")
    assert (pdf.mimetype, pdf.data[:4]) == ("application/pdf", b"%PDF")
    sheet = api.get(f"{ORDERS}/{order['id']}/csv")
    assert sheet.mimetype == "text/csv" and b"SKU-1000" in sheet.data
    for kind in ("pdf", "csv"):
        assert api.get(f"{ORDERS}/{order['id']}/{kind}", "stranger").status_code == 404


def test_an_order_on_its_way_takes_another_day_and_nothing_else(api: Api) -> None:
    sent = act(api, draft(api), "send").json
    path = f"{ORDERS}/{sent['id']}"
    refused = patch(api, path, version=sent["version"], note="Late", items=[])
    assert {error["field"] for error in refused.json["errors"]} == {"note", "items"}
    day = str(clock.today("Europe/Berlin") + timedelta(days=40))
    moved = patch(api, path, version=sent["version"], expected_on=day, also_in_shopify=True).json
    assert (moved["expected_on"], moved["also_in_shopify"]) == (day, True)
    assert patch(api, path, version=sent["version"], expected_on=day).status_code == 409


def test_a_draft_is_cancelled_and_an_empty_one_not_sent(api: Api) -> None:
    order = draft(api)
    emptied = patch(
        api,
        f"{ORDERS}/{order['id']}",
        version=order["version"],
        items=[{"product_id": api.product_ids[0], "ordered": 0}],
    ).json
    assert emptied["items"] == []
    assert act(api, emptied, "send").status_code == 422
    assert act(api, emptied, "cancel").json["status"] == "cancelled"


@pytest.mark.parametrize(
    "items",
    [
        [{"product_id": 999, "received": 1}],
        [{"product_id": 1000, "received": 31}],
        [{"product_id": 1000, "received": 0}],
        [{"product_id": 1000, "received": 1}, {"product_id": 1000, "received": 1}],
        [{"product_id": 1000, "received": -1}],
        [],
    ],
)
def test_a_delivery_that_cannot_be_changes_nothing(api: Api, items: list[dict[str, int]]) -> None:
    sent = act(api, draft(api), "send").json
    assert act(api, sent, "receive", items=items).status_code == 422
    assert api.get(f"{ORDERS}/{sent['id']}").json == sent


def test_a_product_that_is_not_there_spoils_the_whole_draft(api: Api) -> None:
    items = [{"product_id": api.product_ids[0], "quantity": 3}, {"product_id": 424242, "quantity": 3}]
    answer = api.post(ORDERS, json={"supplier_id": supplier(api)["id"], "items": items})
    assert answer.status_code == 404
    assert api.get(ORDERS).json["total"] == 0


def test_accept_change_snooze_and_wake(api: Api) -> None:
    product = api.product_ids[0]
    path = f"/api/suggestions/{product}"
    amount = api.get(path).json["reorder_amount"]
    accepted = api.post(f"{path}/accept", "manager", json={}).json
    assert accepted["success"] and f"PO-{accepted['order_number']:04d}" in accepted["message"]
    lines = api.get(f"{ORDERS}/{accepted['order_id']}/lines").json["items"]
    assert [(line["product_id"], line["ordered"]) for line in lines] == [(product, amount)]
    changed = api.post(f"{path}/accept", "manager", json={"quantity": 5}).json
    assert changed["order_id"] == accepted["order_id"]
    assert api.get(f"{ORDERS}/{accepted['order_id']}").json["ordered_units"] == 5
    until = clock.today("Europe/Berlin") + timedelta(days=7)
    assert api.post(f"{path}/snooze", json={"until": str(until), "reason": "Fair"}).status_code == 200
    assert product not in [item["product_id"] for item in api.get("/api/suggestions").json["items"]]
    snoozed = api.get("/api/suggestions?show=snoozed").json["items"]
    assert [(item["product_id"], item["snoozed_until"]) for item in snoozed] == [(product, str(until))]
    assert api.post(f"{path}/wake").status_code == 200
    assert product in [item["product_id"] for item in api.get("/api/suggestions").json["items"]]
    for day in (until - timedelta(days=7), until + timedelta(days=400)):
        assert api.post(f"{path}/snooze", json={"until": str(day)}).status_code == 422
    assert api.post("/api/suggestions/424242/wake").status_code == 404


def test_suppliers_are_added_and_changed(api: Api) -> None:
    body = {
        "name": "Sea Salt Ltd",
        "email": "salt@example.com",
        "lead_time_days": 9,
        "minimum_order_value": 99.999,
    }
    made = api.post("/api/suppliers", "manager", json=body)
    assert made.status_code == 201, made.json
    assert (made.json["vendor"], made.json["minimum_order_value"]) == ("Sea Salt Ltd", 100.0)
    assert api.post("/api/suppliers", json=body).status_code == 409
    path = f"/api/suppliers/{made.json['id']}"
    changed = patch(api, path, lead_time_days=None, currency="USD").json
    assert changed == {**made.json, "lead_time_days": None, "currency": "USD"}
    assert api.get(path).json == changed
    for wrong in ({"currency": "usd"}, {"email": "x"}, {"name": ""}, {"name": None}, {"lead_time_days": 178}):
        answer = patch(api, path, **wrong)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, next(iter(wrong)))
    assert patch(api, path, "viewer", note="x").status_code == 403
    assert patch(api, path, "stranger", note="x").status_code == 404
    assert api.get(path).json == changed
