"""Events and large one-off orders by JSON: what their pages can do, a program can, and nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.models.sales import WholesaleLine
from app.platform import clock, db, queue, tenancy
from tests.blueprints.api.conftest import Api

TODAY = clock.today("Europe/Berlin")


def day(ahead: int) -> str:
    return (TODAY + timedelta(days=ahead)).isoformat()


def wanted(**other: Any) -> dict[str, Any]:
    return {"name": "Fair", "first_day": day(20), "last_day": day(22), "lift_percent": 40} | other


def waiting(api: Api) -> list[str]:
    """What was asked of the workers, which then forget it."""
    with api.app.app_context():
        found = queue.queue("urgent").job_ids
        queue.connection().flushdb()
    return list(found)


def test_an_event_is_named_listed_and_taken_back(api: Api) -> None:
    made = api.post("/api/events", "manager", json=wanted(scope="vendor", target="hill farm"))
    assert made.status_code == 201
    assert (made.json["kind"], made.json["scope"], made.json["lift_percent"]) == ("event", "vendor", 40)
    assert (made.json["sold_units"], made.json["found"], made.json["ordinary"]) == (None, False, False)
    assert len(waiting(api)) == 1, "the forecast is made anew"
    past = api.post("/api/events", json=wanted(first_day=day(-9), last_day=day(-9), lift_percent=None)).json
    assert [one["id"] for one in api.get("/api/events").json["items"]] == [made.json["id"], past["id"]]
    assert [one["id"] for one in api.get("/api/events?show=past").json["items"]] == [past["id"]]
    assert [one["id"] for one in api.get("/api/events?show=coming").json["items"]] == [made.json["id"]]
    called = api.post(f"/api/events/{past['id']}/ordinary", "manager", json={"ordinary": True}).json
    assert called["ordinary"] is True
    for event_id in (made.json["id"], past["id"]):
        assert api.post(f"/api/events/{event_id}/remove", "manager").json["success"] is True
    assert api.get("/api/events").json["total"] == 0


def test_a_closure_concerns_everything_and_sells_nothing(api: Api) -> None:
    made = api.post("/api/events", json=wanted(kind="closed", scope="skus", target="none")).json
    assert (made["scope"], made["target"], made["lift_percent"]) == ("all", "", None)
    api.post(f"/api/events/{made['id']}/remove")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"first_day": day(366), "last_day": day(366)}, "first_day"),
        ({"first_day": day(-365 * 5 - 1)}, "first_day"),
        ({"last_day": day(19)}, "last_day"),
        ({"last_day": day(20 + 92)}, "last_day"),
        ({"scope": "tag", "target": "no such tag"}, "target"),
        ({"scope": "vendor"}, "target"),
        ({"lift_percent": -101}, "lift_percent"),
        ({"kind": "party"}, "kind"),
    ],
)
def test_an_event_that_cannot_be_is_refused(api: Api, wrong: dict[str, Any], field: str) -> None:
    answer = api.post("/api/events", json=wanted(**wrong))
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    assert api.get("/api/events").json["total"] == 0


def test_who_may_do_what_with_events(api: Api) -> None:
    made = api.post("/api/events", json=wanted()).json["id"]
    assert api.post("/api/events", "viewer", json=wanted()).status_code == 403
    for act, body in (("remove", {}), ("ordinary", {"ordinary": True})):
        assert api.post(f"/api/events/{made}/{act}", "viewer", json=body).status_code == 403
        assert api.post(f"/api/events/{made}/{act}", "stranger", json=body).status_code == 404
    assert api.get("/api/events", "stranger").json["items"] == []
    assert api.get("/api/events", "anonymous").status_code == 401
    api.post(f"/api/events/{made}/remove")


def test_a_large_order_is_listed_and_decided(api: Api) -> None:
    one, other = api.product_ids[:2]
    with api.app.app_context(), tenancy.store_scope(db.session(), api.store_id), db.transaction() as session:
        line = db.rows("SELECT MIN(id) AS id FROM order_lines WHERE variant_id = :id", id=one)[0].id
        session.add(WholesaleLine(line_id=line, variant_id=one, day=TODAY, units=90, usual_units=5.5))
    found = api.get("/api/forecast/large-orders").json
    assert found["total"] == 1
    assert found["items"][0] == {
        "line_id": line,
        "product_id": one,
        "product_name": "Coffee beans 1 kg",
        "sku": f"SKU-{one}",
        "day": TODAY.isoformat(),
        "units": 90,
        "usual_units": 5.5,
        "counted": False,
        "decided_by": "",
    }
    assert api.get(f"/api/forecast/large-orders?product_id={other}").json["total"] == 0
    path = f"/api/products/{one}/large-orders/{line}"
    assert api.post(path, "viewer", json={"counted": True}).status_code == 403
    assert api.post(path, "stranger", json={"counted": True}).status_code == 404
    assert api.post(f"/api/products/{other}/large-orders/{line}", json={"counted": True}).status_code == 404
    assert api.post(path, "manager", json={"counted": True}).json["success"] is True
    assert len(waiting(api)) == 1
    decided = api.get(f"/api/forecast/large-orders?product_id={one}").json["items"][0]
    assert decided["counted"] is True and decided["decided_by"]
    assert api.get("/api/forecast/large-orders", "stranger").json["items"] == []
