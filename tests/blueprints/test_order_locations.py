"""For which location an order is: in the list and its filter, on a draft and on an order that is sent, by program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.platform import clock, db
from app.services import purchasing
from tests import factories, places
from tests.blueprints import ordering
from tests.blueprints.ordering import filled, page, post, scope, version
from tests.factories import Shop
from tests.places import COUNTER, WAREHOUSE, plan_again

Ready = tuple[Shop, list[int]]
LIST, API = "/purchase-orders", "/api/purchase-orders"
ALL = ["High Street shop", "Main warehouse", "The store as a whole"]


@pytest.fixture(scope="module")
def two(app: Flask) -> Iterator[Ready]:
    """A store with two locations."""
    shop, ids = places.two_places(app, name="Two doors", first_id=12000)
    factories.LASTING.add(shop.domain)
    yield shop, ids
    factories.LASTING.discard(shop.domain)


@pytest.fixture
def shop(app: Flask, two: Ready) -> Iterator[Shop]:
    """The store without orders."""
    yield two[0]
    ordering.forget_orders(app, two[0])


def ordered(app: Flask, shop: Shop, variant: int, place: int | None) -> int:
    """A draft for a location; answers its id."""
    with scope(app, shop):
        order = purchasing.accept(variant, quantity=5, actor="Ann", now=clock.now()).id
        db.execute("UPDATE purchase_orders SET location_id = :place WHERE id = :id", place=place, id=order)
        return order


def listed(text: str) -> dict[str, str]:
    """The orders of the list by number, and the location that each names."""
    rows = re.findall(r">(PO-\d{4})</a>(.*?)</tr>", unescape(text), re.S)
    return {code: "".join(re.findall(r'data-label="Deliver to">([^<]*)<', rest)) for code, rest in rows}


@pytest.mark.parametrize("role", ["owner", "manager", "viewer"])
def test_the_list_says_for_which_location_an_order_is(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready, role: str
) -> None:
    for variant, place in zip(two[1], (WAREHOUSE, COUNTER, None), strict=True):
        ordered(app, shop, variant, place)
    text = page(client, shop, LIST, role)
    assert sorted(listed(text).values()) == ALL
    supplier = ordering.supplier_of(app, shop, "Leaf & Co")
    assert list(listed(page(client, shop, f"/suppliers/{supplier}", role)).values()) == ["High Street shop"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (str(WAREHOUSE), ["Main warehouse"]),
        (str(COUNTER), ["High Street shop"]),
        ("0", ["The store as a whole"]),
        *((odd, ALL) for odd in ("", "99", "x", "9" * 30)),
    ],
)
def test_the_list_is_filtered_by_location(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready, asked: str, found: list[str]
) -> None:
    for variant, place in zip(two[1], (WAREHOUSE, COUNTER, None), strict=True):
        ordered(app, shop, variant, place)
    answer = client.get(f"{LIST}?location={asked}", headers=shop.headers("viewer", fragment=True))
    text = unescape(answer.get_data(as_text=True))
    assert sorted(listed(text).values()) == found
    kept = "" if found == ALL else f"location={asked}"
    assert re.findall(r"location=\d+", answer.headers["HX-Push-Url"]) == ([kept] if kept else [])
    late = re.findall(r'hx-get="([^"]+)"[^>]*>Late', text)[0]
    assert re.findall(r"location=\d+", late) == ([kept] if kept else []), "another state keeps the location"
    whole = page(client, shop, f"{LIST}?location={asked}")
    assert re.findall(r'<option value="(\d+)" selected>', whole) == ([asked] if kept else [])
    none = client.get(late, headers=shop.headers("viewer", fragment=True)).get_data(as_text=True)
    assert ("No such order is for this location" in none) is bool(kept)


def test_what_is_late_and_on_its_way_is_that_locations(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready
) -> None:
    order = ordered(app, shop, two[1][0], COUNTER)
    with scope(app, shop):
        version = db.rows("SELECT version FROM purchase_orders WHERE id = :id", id=order)[0].version
        today = clock.today("Europe/Berlin")
        purchasing.send(order, version=version, today=today, actor="Ann", now=clock.now())
        db.execute("UPDATE purchase_orders SET expected_on = current_date - 9")
    ordered(app, shop, two[1][1], WAREHOUSE)
    for place, late in ((COUNTER, 1), (WAREHOUSE, 0)):
        text = page(client, shop, f"{LIST}?location={place}")
        assert f"Late ({late})" in text
        assert ("On its way:" in text) is bool(late)


def test_a_store_with_one_location_sees_no_change(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready
) -> None:
    ordered(app, shop, two[1][0], WAREHOUSE)
    ordered(app, shop, two[1][1], None)
    plan_again(app, shop, "UPDATE locations SET is_active = id = 1")
    try:
        text = page(client, shop, f"{LIST}?location=0")
    finally:
        plan_again(app, shop, "UPDATE locations SET is_active = true")
    assert len(listed(text)) == 2 and "Deliver to" not in text and 'name="location"' not in text


def test_a_stranger_finds_none_of_them(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready, stranger: tuple[Shop, list[int]]
) -> None:
    ordered(app, shop, two[1][0], COUNTER)
    path = f"{LIST}?location={COUNTER}"
    assert client.get(path).status_code == 401
    text = page(client, stranger[0], path, "owner")
    assert listed(text) == {} and "High Street shop" not in text
    found = client.get(f"{API}?location_id={COUNTER}", headers=stranger[0].headers()).get_json()
    assert found["items"] == []


@pytest.mark.parametrize(("asked", "codes"), [(WAREHOUSE, [0]), (COUNTER, [1]), (0, [2]), (99, [])])
def test_a_program_lists_the_orders_for_a_location(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready, asked: int, codes: list[int]
) -> None:
    orders = [
        ordered(app, shop, variant, place)
        for variant, place in zip(two[1], (WAREHOUSE, COUNTER, None), strict=True)
    ]
    for role in ("owner", "viewer"):
        answer = client.get(f"{API}?location_id={asked}", headers=shop.headers(role)).get_json()
        assert [one["id"] for one in answer["items"]] == [orders[at] for at in codes]
        assert answer["total"] == len(codes)
    assert client.get(f"{API}?location_id=x", headers=shop.headers()).status_code == 422


def held(app: Flask, shop: Shop, order: int) -> int | None:
    place: int | None = ordering.one(
        app, shop, "SELECT location_id FROM purchase_orders WHERE id = :id", id=order
    ).location_id
    return place


def trail(app: Flask, shop: Shop) -> tuple[str, dict[str, Any]]:
    """The last act on record: its action, and what it says of locations."""
    row = ordering.one(app, shop, "SELECT action, detail FROM audit_entries ORDER BY id DESC LIMIT 1")
    return row.action, {name: value for name, value in row.detail.items() if "location" in name}


@pytest.mark.parametrize("role", ["owner", "manager"])
def test_a_drafts_location_is_changed_and_taken_off(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready, role: str
) -> None:
    order = ordered(app, shop, two[1][0], COUNTER)
    url, before = f"{LIST}/{order}", COUNTER
    assert re.search(r'<option value="">The store as a whole', page(client, shop, url, role))
    for typed, place in ((WAREHOUSE, WAREHOUSE), ("", None), (COUNTER, COUNTER)):
        form = filled(app, shop, order, location_id=typed)
        answer = post(client, shop, url, role, **form)
        assert answer.status_code == 200 and held(app, shop, order) == place
        chosen = re.findall(r'<option value="(\d*)" selected>', answer.get_data(as_text=True))
        assert chosen == [str(typed)]
        assert trail(app, shop) == (
            "purchase_order.changed",
            {"location_before": before, "location_id": place},
        )
        before = place
        assert post(client, shop, url, role, **form).status_code == 409, "the version of before"
    assert post(client, shop, url, role, **filled(app, shop, order)).status_code == 200
    assert held(app, shop, order) == COUNTER, "a page that does not ask for it leaves it"
    assert trail(app, shop) == ("purchase_order.changed", {})


def test_what_is_made_says_on_record_for_which_location(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready
) -> None:
    wanted = {"supplier_id": ordering.supplier_of(app, shop)}
    wanted["items"] = [{"product_id": two[1][0], "quantity": 7}]
    assert client.post(API, json=wanted, headers=shop.headers("manager")).status_code == 201
    made = "SELECT detail FROM audit_entries WHERE action = 'purchase_order.created' ORDER BY id DESC LIMIT 1"
    assert ordering.one(app, shop, made).detail["location_id"] == WAREHOUSE


def test_nobody_else_changes_a_drafts_location(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready, stranger: tuple[Shop, list[int]]
) -> None:
    order = ordered(app, shop, two[1][0], COUNTER)
    for path in (f"{LIST}/{order}", f"{LIST}/{order}/schedule"):
        form = filled(app, shop, order, location_id="")
        assert client.post(path, data=form).status_code == 401
        assert post(client, shop, path, "viewer", **form).status_code == 403
        assert post(client, stranger[0], path, "owner", **form).status_code == 404
    api, asked = f"{API}/{order}", {"version": version(app, shop, order), "location_id": None}
    assert client.patch(api, json=asked, headers=shop.headers("viewer")).status_code == 403
    assert client.patch(api, json=asked, headers=stranger[0].headers()).status_code == 404
    assert held(app, shop, order) == COUNTER


def test_an_order_that_is_sent_says_why_it_keeps_a_location(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready
) -> None:
    order = ordered(app, shop, two[1][0], COUNTER)
    url = f"{LIST}/{order}"
    post(client, shop, f"{url}/sent", **filled(app, shop, order, location_id=COUNTER))
    text = page(client, shop, url, "manager")
    assert "The store as a whole" not in text and "The order is sent, so it has to go to one." in text
    today = clock.today("Europe/Berlin").isoformat()
    form = {"version": version(app, shop, order), "expected_on": today, "location_id": ""}
    answer = post(client, shop, f"{url}/schedule", **form)
    assert answer.status_code == 422 and held(app, shop, order) == COUNTER
    said = unescape(answer.get_data(as_text=True))
    assert 'aria-describedby="location_id-error location_id-help"' in said
    assert "Choose another location instead" in said
    assert re.findall(r'<option value="(\d*)" selected>', said) == [str(COUNTER)]
    asked = {"version": version(app, shop, order), "location_id": None}
    refused = client.patch(f"{API}/{order}", json=asked, headers=shop.headers())
    assert refused.status_code == 422
    assert [one["field"] for one in refused.get_json()["errors"]] == ["location_id"]
    assert "Choose another location instead" in refused.get_json()["errors"][0]["detail"]
    assert post(client, shop, f"{url}/schedule", **{**form, "location_id": WAREHOUSE}).status_code == 200
    assert trail(app, shop)[1] == {"location_before": COUNTER, "location_id": WAREHOUSE}
    late = post(client, shop, url, **filled(app, shop, order, location_id=""))
    assert late.status_code == 409 and "Only a draft can be changed" in unescape(late.get_data(as_text=True))


def test_an_order_that_was_sent_without_one_may_get_one(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready
) -> None:
    order = ordered(app, shop, two[1][0], None)
    url, today = f"{LIST}/{order}", clock.today("Europe/Berlin").isoformat()
    post(client, shop, f"{url}/sent", **filled(app, shop, order, location_id=""))
    for typed, place in (("", None), (COUNTER, COUNTER)):
        form = {"version": version(app, shop, order), "expected_on": today, "location_id": typed}
        assert post(client, shop, f"{url}/schedule", **form).status_code == 200
        assert held(app, shop, order) == place


def test_a_location_that_has_closed_stays_until_another_is_chosen(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready
) -> None:
    order = ordered(app, shop, two[1][0], COUNTER)
    barn = "INSERT INTO locations (store_id, id, name, is_active) VALUES (app_store_id(), 3, 'Barn', true)"
    plan_again(app, shop, barn, "UPDATE locations SET is_active = id <> 2")
    try:
        text = page(client, shop, f"{LIST}/{order}", "manager")
        assert re.findall(r'<option value="(\d*)" selected>', text) == [str(COUNTER)]
        form = filled(app, shop, order, location_id=COUNTER)
        assert post(client, shop, f"{LIST}/{order}", **form).status_code == 200
    finally:
        plan_again(app, shop, "UPDATE locations SET is_active = true", "DELETE FROM locations WHERE id = 3")
    assert held(app, shop, order) == COUNTER


def test_a_draft_of_a_store_with_one_location_does_not_ask(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready
) -> None:
    order = ordered(app, shop, two[1][0], WAREHOUSE)
    plan_again(app, shop, "UPDATE locations SET is_active = id = 1")
    try:
        assert 'name="location_id"' not in page(client, shop, f"{LIST}/{order}", "manager")
    finally:
        plan_again(app, shop, "UPDATE locations SET is_active = true")


def test_a_program_changes_and_takes_off_a_drafts_location(
    app: Flask, client: FlaskClient, shop: Shop, two: Ready
) -> None:
    order = ordered(app, shop, two[1][0], COUNTER)
    for place in (None, WAREHOUSE):
        asked = {"version": version(app, shop, order), "location_id": place}
        answer = client.patch(f"{API}/{order}", json=asked, headers=shop.headers("manager"))
        assert (answer.status_code, answer.get_json()["location_id"]) == (200, place)
        assert client.patch(f"{API}/{order}", json=asked, headers=shop.headers()).status_code == 409
    asked = {"version": version(app, shop, order), "note": "Ring"}
    assert client.patch(f"{API}/{order}", json=asked, headers=shop.headers()).status_code == 200
    assert held(app, shop, order) == WAREHOUSE, "what is left out stays"
    supplier = ordering.supplier_of(app, shop)
    wanted = {"supplier_id": supplier, "items": [{"product_id": two[1][0], "quantity": 7}]}
    again = client.post(API, json=wanted | {"location_id": COUNTER}, headers=shop.headers()).get_json()
    assert (again["id"], again["location_id"]) == (order, COUNTER)
    assert trail(app, shop)[1] == {"location_before": WAREHOUSE, "location_id": COUNTER}
