"""Events: named by members, taken out of demand, measured, and put onto the forecast and its ledger."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.platform import clock, db, queue, tenancy
from tests import factories
from tests.factories import Item, Shop

Ready = tuple[Shop, list[int]]
TODAY = clock.today("Europe/Berlin")
# A promotion 41 to 47 days ago sold three times as much; 61 to 64 days ago nobody sold anything.
SHUT, SALE = range(61, 65), range(41, 48)


def units(usual: int) -> list[int]:
    return [0 if back in SHUT else 3 * usual if back in SALE else usual for back in range(120)]


ITEMS = (
    Item("Coffee beans", units(6), on_hand=40),
    Item("Green tea", units(4), on_hand=0, vendor="Leaf & Co"),
)


def make(app: Flask) -> Ready:
    shop = factories.make_store(app)
    ids = factories.fill(app, shop, ITEMS)
    factories.forecast(app, shop)
    return shop, ids


@pytest.fixture(autouse=True)
def nothing_waits(app: Flask, calm: Ready) -> None:
    with app.app_context():
        queue.connection().flushdb()


@pytest.fixture
def store(app: Flask) -> Ready:
    return make(app)


@pytest.fixture(scope="module")
def calm(app: Flask) -> Ready:
    """A store that no test changes."""
    return make(app)


def read(app: Flask, shop: Shop, sql: str, **values: Any) -> list[Any]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return list(db.rows(sql, **values))


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def name(client: FlaskClient, shop: Shop, role: str = "manager", **typed: str) -> tuple[int, str]:
    data = {"kind": "event", "name": "Tea week", "first_day": ago(47), "last_day": ago(41), "scope": "all"}
    answer = client.post("/events", data={**data, **typed}, headers=shop.headers(role, fragment=True))
    return answer.status_code, answer.get_data(as_text=True)


def queued(app: Flask) -> list[str]:
    with app.app_context():
        return [str(job.func_name).rpartition("app.jobs.")[2] for job in queue.queue("urgent").jobs]


def test_closed_days_are_found_and_may_be_called_ordinary(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, _ = store
    (found,) = read(app, shop, "SELECT * FROM events")
    assert (found.kind, found.is_found) == ("closed", True)
    assert (found.first_day, found.last_day) == (TODAY - timedelta(days=64), TODAY - timedelta(days=61))
    # Usual as the days around it were, with a promotion that nobody has named.
    assert (found.sold_units, found.usual_units) == (0, pytest.approx(4 * 12.5, rel=0.02))
    page = client.get("/events", headers=shop.headers("viewer")).get_data(as_text=True)
    assert "found in your sales: nothing sold at all" in page
    assert "Count as usual" not in page
    act = f"/events/{found.id}/ordinary"
    answer = client.post(act, data={"ordinary": "1"}, headers=shop.headers("manager", fragment=True))
    assert "counts as usual" in answer.get_data(as_text=True)
    assert queued(app) == ["forecasts.run"]
    factories.forecast(app, shop)
    (kept,) = read(app, shop, "SELECT * FROM events")
    assert kept.is_ordinary and kept.id == found.id
    client.post(act, data={"ordinary": "0"}, headers=shop.headers("manager", fragment=True))
    assert not read(app, shop, "SELECT * FROM events")[0].is_ordinary


def test_a_past_event_is_no_usual_demand_and_tells_what_the_next_one_sells(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, ids = store
    assert name(client, shop)[0] == 200
    ahead = {"first_day": ago(-3), "last_day": ago(-9), "name": "TEA WEEK", "scope": "vendor"}
    assert name(client, shop, target="leaf & co", **ahead)[0] == 200
    assert queued(app) == ["forecasts.run"]
    factories.forecast(app, shop)
    past, coming = read(app, shop, "SELECT * FROM events WHERE kind = 'event' ORDER BY first_day")
    assert (past.sold_units, past.usual_units) == (7 * 3 * 10, pytest.approx(7 * 10))
    assert past.measured_percent == pytest.approx(100 * (215 / 75 - 1))
    assert coming.used_percent == pytest.approx(past.measured_percent)
    assert coming.coming_units / coming.coming_usual_units == pytest.approx(215 / 75)
    assert coming.coming_usual_units == pytest.approx(7 * 4)
    made = {row.variant_id: row for row in read(app, shop, "SELECT * FROM suggestions")}
    coffee, tea = (made[i] for i in ids)
    assert "events" not in [line["code"] for line in coffee.ledger]
    ledger = {line["code"]: line for line in tea.ledger}
    assert ledger["events"]["units"] == round(7 * 4 * (215 / 75 - 1))
    (told,) = ledger["events"]["detail"]["events"]
    assert (told["name"], told["first"], told["last"]) == ("TEA WEEK", ago(-3), ago(-9))
    assert told["percent"] == pytest.approx(coming.used_percent)
    assert sum(line["units"] for line in tea.ledger) == tea.quantity
    page = client.get(f"/products/{ids[1]}", headers=shop.headers()).get_data(as_text=True)
    assert "Coming events:" in page
    assert page.count(": +187 %") == 2, "in the ledger and beside the forecast"
    assert "Without them 112 units are expected." in page
    assert "<strong>164</strong> units expected in the next 28 days" in page
    listed = client.get("/events", headers=shop.headers()).get_data(as_text=True)
    assert "28 → <strong>80</strong>" in listed
    assert "as measured before" in listed


def test_an_expectation_goes_before_what_was_measured_and_a_closure_sells_nothing(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, ids = store
    name(client, shop)
    name(
        client,
        shop,
        first_day=ago(-1),
        last_day=ago(-2),
        lift_percent="50",
        scope="skus",
        target=f"sku-{ids[0]}",
    )
    name(client, shop, first_day=ago(-5), last_day=ago(-6), kind="closed", name="Holiday")
    name(client, shop, first_day=ago(-7), last_day=ago(-8), name="Never heard of")
    factories.forecast(app, shop)
    found = read(app, shop, "SELECT * FROM events WHERE last_day > :today ORDER BY first_day", today=TODAY)
    assert [one.used_percent for one in found] == [50, -100, None]
    assert found[1].coming_units == pytest.approx(0)
    daily = read(app, shop, "SELECT daily_mean FROM forecasts ORDER BY variant_id")
    assert daily[0].daily_mean[1:8] == pytest.approx([9, 9, 6, 6, 0, 0, 6])
    assert daily[1].daily_mean[1:8] == pytest.approx([4, 4, 4, 4, 0, 0, 4])
    assert (
        client.post(f"/events/{found[1].id}/remove", headers=shop.headers(fragment=True)).status_code == 200
    )
    factories.forecast(app, shop)
    assert read(app, shop, "SELECT daily_mean FROM forecasts ORDER BY variant_id")[1].daily_mean[5] == 4
    (base,) = read(app, shop, "SELECT variant_id, events FROM forecast_bases")
    assert (base.variant_id, json.loads(base.events)[0]["percent"]) == (ids[0], 50)
    told = read(app, shop, "SELECT action FROM audit_entries WHERE action LIKE 'event.%' ORDER BY id")
    assert [one.action for one in told] == ["event.named"] * 4 + ["event.removed"]


def test_a_named_closure_takes_the_place_of_a_found_one(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, _ = store
    name(client, shop, kind="closed", name="Stocktaking", first_day=ago(65), last_day=ago(60))
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("DELETE FROM events WHERE is_found")
    factories.forecast(app, shop)
    assert [one.name for one in read(app, shop, "SELECT name FROM events")] == ["Stocktaking"]


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"name": " "}, "name", "Enter a text"),
        ({"first_day": ago(2000)}, "first_day", "Choose a date from"),
        ({"last_day": ago(48)}, "last_day", "Choose a date from"),
        ({"last_day": ago(-60)}, "last_day", "Choose a date from"),
        ({"scope": "moon"}, "scope", "Choose one of the options"),
        ({"kind": "party"}, "kind", "Choose one of the options"),
        ({"scope": "tag"}, "target", "Enter a text"),
        ({"scope": "tag", "target": "nobody has it"}, "target", "No product has it"),
        ({"lift_percent": "-101"}, "lift_percent", "Enter a number from -100"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_changes(
    app: Flask, client: FlaskClient, calm: Ready, typed: dict[str, str], field: str, said: str
) -> None:
    status, page = name(client, calm[0], **typed)
    assert status == 422
    assert f'id="{field}-error">{said}' in page
    assert read(app, calm[0], "SELECT 1 FROM events WHERE NOT is_found") == []
    assert queued(app) == []


def test_viewers_and_strangers_name_and_see_nothing(
    app: Flask, client: FlaskClient, calm: Ready, stranger: Ready
) -> None:
    shop, _ = calm
    (found,) = read(app, shop, "SELECT id FROM events")
    assert name(client, shop, role="viewer")[0] == 403
    for act in ("remove", "ordinary"):
        answers = [
            client.post(f"/events/{found.id}/{act}", headers=one.headers(role, fragment=True)).status_code
            for one, role in ((shop, "viewer"), (stranger[0], "owner"))
        ]
        assert answers == [403, 404]
    assert client.post(f"/events/{found.id}/remove", headers=shop.headers()).status_code == 404, (
        "only named ones"
    )
    assert "nothing sold at all" not in client.get("/events", headers=stranger[0].headers()).get_data(
        as_text=True
    )
    assert client.get("/events").status_code == 401
    assert len(read(app, shop, "SELECT 1 FROM events")) == 1
