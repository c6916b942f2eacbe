"""For which location an order is: in the list and its filter, on a draft and on an order that is sent, by program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.platform import clock, db
from app.services import purchasing
from tests import factories, places
from tests.blueprints import ordering
from tests.blueprints.ordering import page, scope
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
