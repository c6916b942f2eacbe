"""The pages of transfers, their file and their JSON, by owner, viewer and stranger."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.jobs import locations as location_jobs
from tests import factories, places
from tests.factories import Shop
from tests.places import plan_again

Ready = tuple[Shop, list[int]]
NAV = 'href="/transfers'


@pytest.fixture(scope="module")
def two(app: Flask) -> Iterator[Ready]:
    shop, ids = places.two_places(app, first_id=4000)
    factories.LASTING.add(shop.domain)
    yield shop, ids
    factories.LASTING.discard(shop.domain)


def page(client: FlaskClient, shop: Shop, path: str, role: str = "owner") -> str:
    answer = client.get(path, headers=shop.headers(role))
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


@pytest.mark.parametrize("role", ["owner", "manager", "viewer"])
def test_members_see_what_to_move_and_why(client: FlaskClient, two: Ready, role: str) -> None:
    shop, _ = two
    text = page(client, shop, "/transfers", role)
    assert "Main warehouse → High Street shop" in text
    assert "Coffee beans 1 kg" in text and "=Green tea 100 g" in text
    assert "Expected demand there until the next order arrives" in text
    assert "Porcelain cup" not in text
    for block in re.findall(r'<details class="why">.*?</details>', text, re.S):
        units = [int(one.replace(",", "").replace("−", "-")) for one in re.findall(r'"num">([^<]+)<', block)]
        assert sum(units[:-1]) == units[-1] > 0


def test_strangers_and_nobody_see_nothing(
    client: FlaskClient, two: Ready, stranger: tuple[Shop, list[int]]
) -> None:
    assert client.get("/transfers").status_code == 401
    text = page(client, stranger[0], "/transfers")
    assert "Coffee" not in text
    assert "Transfers are for stores with several active locations." in text


def test_the_menu_has_the_page_only_with_several_locations(
    client: FlaskClient, two: Ready, ready: Ready
) -> None:
    framed = "/?shop={}&embedded=1&host=x"
    assert NAV in page(client, two[0], framed.format(two[0].domain))
    assert NAV not in page(client, ready[0], framed.format(ready[0].domain))


@pytest.mark.parametrize("sort", ["product", "-route", "units", "-value", "cover", "nonsense"])
def test_the_list_is_sorted_searched_and_narrowed_to_a_route(
    client: FlaskClient, two: Ready, sort: str
) -> None:
    shop, _ = two
    answer = client.get(
        f"/transfers?sort={sort}&search=coffee&route=1-2&page=99", headers=shop.headers(fragment=True)
    )
    text = answer.get_data(as_text=True)
    assert text.lstrip().startswith('<div id="transfers"')
    assert "Coffee" in text and "Green tea" not in text
    assert "route=1-2" in answer.headers["HX-Push-Url"]
    other = client.get("/transfers?route=2-1", headers=shop.headers(fragment=True))
    assert "Coffee" in other.get_data(as_text=True), "a route that there is not shows all"


def test_the_file_holds_the_list_and_no_formula(client: FlaskClient, two: Ready) -> None:
    shop, _ = two
    text = page(client, shop, "/transfers?sort=product")
    url = next(iter(re.findall(r'href="(/transfers/file[^"]+)"', text)))
    answer = client.get(url)
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [row["Product"] for row in rows] == ["'=Green tea 100 g", "Coffee beans 1 kg"]
    assert [row["To"] for row in rows] == ["High Street shop"] * 2
    assert all(int(row["Units"]) > 0 and "Expected demand" in row["Why"] for row in rows)
    assert [row["Days in transit"] for row in rows] == ["2"] * 2
    assert client.get(url[:-3] + "xyz").status_code in (400, 403, 404, 410)


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_the_api_tells_the_same(client: FlaskClient, two: Ready, role: str) -> None:
    shop, ids = two
    found = client.get("/api/transfers?sort=-units", headers=shop.headers(role)).get_json()
    assert found["total"] == 2
    for item in found["items"]:
        assert sum(line["units"] for line in item["ledger"]) == item["units"]
        assert (item["source_id"], item["destination_id"], item["transit_days"]) == (1, 2, 2)
    assert {item["product_id"] for item in found["items"]} == set(ids[:2])
    for query, total in (("source_id=2", 0), ("source_id=1&destination_id=2", 2), ("search=tea", 1)):
        assert client.get(f"/api/transfers?{query}", headers=shop.headers()).get_json()["total"] == total


def test_the_api_tells_a_stranger_nothing(
    client: FlaskClient, two: Ready, stranger: tuple[Shop, list[int]]
) -> None:
    found = client.get("/api/transfers", headers=stranger[0].headers()).get_json()
    assert (found["total"], found["items"]) == (0, [])
    assert client.get("/api/transfers").status_code == 401


def test_a_product_shows_its_locations_where_several_stock_it(
    client: FlaskClient, two: Ready, ready: Ready
) -> None:
    shop, ids = two
    text = page(client, shop, f"/products/{ids[0]}", "viewer")
    assert "By location" in text
    assert "Share of demand" in text
    assert re.search(r"Move \d+ units from Main warehouse to High Street shop before buying", text)
    assert "By location" not in page(client, ready[0], f"/products/{ready[1][0]}")


def test_it_says_why_there_is_nothing(app: Flask, client: FlaskClient) -> None:
    shop, _ = places.two_places(app, name="Later", first_id=5000)
    plan_again(app, shop, "UPDATE inventory_levels SET available = 1000, on_hand = 1000")
    assert "Nothing to move" in page(client, shop, "/transfers")
    assert "Nothing found" in page(client, shop, "/transfers?search=zzz")
    plan_again(app, shop, "UPDATE orders SET location_id = NULL")
    assert "Not known yet" in page(client, shop, "/transfers")


def sent(
    client: FlaskClient, shop: Shop, path: str, role: str = "owner", **fields: object
) -> tuple[int, str]:
    answer = client.post(path, data=fields, headers=shop.headers(role, fragment=True))
    return answer.status_code, unescape(answer.get_data(as_text=True))


def test_a_location_is_left_out_and_counted_again_by_the_owner(app: Flask, client: FlaskClient) -> None:
    shop, ids = places.two_places(app, name="Damaged goods", first_id=7000)
    assert "Leave out" in page(client, shop, "/transfers")
    assert "hx-post" not in page(client, shop, "/transfers", "viewer")
    for role in ("viewer", "manager"):
        assert sent(client, shop, "/transfers/locations/2", role, left_out=1)[0] == 403
    status, text = sent(client, shop, "/transfers/locations/2", left_out=1)
    assert status == 200 and "Being left out" in text and "All stock is being counted anew." in text
    asks = unescape(re.findall(r'hx-get="([^"]+)" hx-trigger="every 2s"', text)[0])
    looked = client.get(asks, headers=shop.headers("viewer", fragment=True)).get_data(as_text=True)
    assert "Being left out" in looked and "hx-post" not in looked and "every 2s" in looked
    with app.app_context():
        location_jobs.count(shop.id)
    text = client.get(asks, headers=shop.headers(fragment=True)).get_data(as_text=True)
    assert "Left out" in text and "Count again" in text and "every 2s" not in text
    assert "being worked out anew" in text
    assert "left out, not counted" in page(client, shop, f"/products/{ids[0]}")
    status, text = sent(client, shop, "/transfers/locations/1", left_out=1)
    assert status == 409 and "At least one location has to count." in text
    assert sent(client, shop, "/transfers/locations/99", left_out=1)[0] == 404
    status, text = sent(client, shop, "/transfers/locations/2", left_out=0)
    assert status == 200 and "Being counted again" in text
    with app.app_context():
        location_jobs.count(shop.id)
    assert "Count again" not in page(client, shop, "/transfers")


def test_days_in_transit_are_set_for_all_and_for_one_by_the_owner(
    app: Flask, client: FlaskClient, stranger: tuple[Shop, list[int]]
) -> None:
    shop, _ = places.two_places(app, name="Far apart", first_id=9000)
    path = "/transfers/transit"
    text = page(client, shop, "/transfers")
    assert "Main warehouse → High Street shop, 2 days" in text
    assert re.search(r'name="transfer_days" value="2"', text)
    assert re.search(r'name="transit_2" value="" [^>]*\s+placeholder="2"', text)
    looked_at = page(client, shop, "/transfers", "viewer")
    assert re.search(r'name="transfer_days" value="2"[^>]* disabled', looked_at)
    for role in ("viewer", "manager"):
        assert sent(client, shop, path, role, transfer_days=9)[0] == 403
    status, text = sent(client, shop, path, transfer_days=3, transit_2=8, transit_99=5)
    assert status == 200 and 'value="3"' in text and 'value="8"' in text
    plan_again(app, shop)
    assert "Main warehouse → High Street shop, 8 days" in page(client, shop, "/transfers")
    status, text = sent(client, shop, path, transfer_days=61, transit_2="soon")
    assert status == 422 and 'value="61"' in text and 'value="soon"' in text
    assert text.count('class="error"') == 2
    status, text = sent(client, shop, path, transfer_days=3, transit_2="")
    assert status == 200 and 'value="8"' not in text
    assert 'name="transfer_days" value="2"' in page(client, two_of(app), "/transfers")
    other = client.post("/api/locations/2", json={"transit_days": 5}, headers=stranger[0].headers())
    assert other.status_code == 404


def two_of(app: Flask) -> Shop:
    """Another store, which has days of its own."""
    return places.two_places(app, name="Near", first_id=9500)[0]


def test_what_is_lost_on_the_way_is_told_alike(app: Flask, client: FlaskClient) -> None:
    shop, ids = places.two_places(app, name="Slow road", first_id=9700)
    plan_again(app, shop, "UPDATE store_settings SET transfer_days = 12")
    text = page(client, shop, f"/products/{ids[1]}")
    lost = int(re.findall(r"without (\d+) lost until a transfer can arrive", text)[0])
    assert re.search(rf"Lost there before the transfer can arrive</span> <span class=\"num\">−{lost}<", text)
    found = client.get("/api/transfers?search=tea", headers=shop.headers()).get_json()["items"][0]
    ledger = {line["code"]: line["units"] for line in found["ledger"]}
    assert ledger["missed"] == -lost < 0
    assert sum(ledger.values()) == found["units"]
    goal = int(re.findall(r"(\d+) short", text)[0])
    assert found["units"] == goal, "what the product's page says is short is what is moved"
    file = next(iter(re.findall(r'href="(/transfers/file[^"]+)"', page(client, shop, "/transfers"))))
    rows = list(csv.DictReader(io.StringIO(client.get(file).get_data(as_text=True).removeprefix("\ufeff"))))
    tea = next(row for row in rows if "tea" in row["Product"])
    assert f"Lost there before the transfer can arrive: -{lost}" in tea["Why"]
    assert (tea["Units"], tea["Days in transit"]) == (str(found["units"]), "12")


def test_an_order_names_its_location_on_its_page_and_by_program(
    app: Flask, client: FlaskClient, stranger: tuple[Shop, list[int]]
) -> None:
    shop, ids = places.two_places(app, name="Ordered where", first_id=9900)
    headers, path = shop.headers(), "/api/purchase-orders"
    supplier = client.get("/api/suppliers", headers=headers).get_json()["items"][0]["id"]
    wanted = {"supplier_id": supplier, "items": [{"product_id": ids[0], "quantity": 7}]}
    assert client.post(path, json=wanted | {"location_id": 99}, headers=headers).status_code == 404
    made = client.post(path, json=wanted, headers=headers).get_json()
    assert (made["location_id"], made["location"]) == (1, "Main warehouse")
    url, api = f"/purchase-orders/{made['id']}", f"{path}/{made['id']}"
    text = page(client, shop, url)
    assert re.search(r'<option value="1" selected>Main warehouse', text)
    assert "to be delivered to Main warehouse" in page(client, shop, url, "viewer")
    assert 'name="location_id"' not in page(client, shop, url, "viewer")
    line = re.findall(r'name="ordered-(\d+)"', text)[0]
    fields = {f"ordered-{line}": "7", f"cost-{line}": "4.20", "note": "", "expected_on": ""}
    for place, status in ((99, 404), ("x", 404), (2, 200)):
        answer = sent(client, shop, url, "manager", version=made["version"], location_id=place, **fields)
        assert answer[0] == status
    assert "to be delivered to High Street shop" in answer[1]
    held = client.get(api, headers=headers).get_json()
    assert sent(client, shop, url, "manager", version=held["version"], **fields)[0] == 200
    held = client.get(api, headers=headers).get_json()
    assert held["location_id"] == 2, "a page that does not send it changes nothing"
    held = client.post(f"{api}/send", json={"version": held["version"]}, headers=headers).get_json()
    assert ", to High Street shop" in page(client, shop, f"/products/{ids[0]}")
    moved = {"version": held["version"], "location_id": 1}
    assert client.patch(api, json=moved, headers=shop.headers("viewer")).status_code == 403
    assert client.patch(api, json=moved, headers=stranger[0].headers()).status_code == 404
    assert client.patch(api, json=moved, headers=headers).get_json()["location"] == "Main warehouse"
    listed = client.get(path, headers=headers).get_json()["items"]
    assert [one["location_id"] for one in listed] == [1]


def test_minimums_of_a_product_are_set_on_its_page(client: FlaskClient, two: Ready) -> None:
    shop, ids = two
    path = f"/products/{ids[2]}/minimums"
    assert sent(client, shop, path, "viewer", minimum_2=4)[0] == 403
    status, text = sent(client, shop, path, "manager", minimum_2=4, minimum_99=3)
    assert status == 200 and 'value="4"' in text and "is being worked out anew" in text
    status, text = sent(client, shop, path, minimum_2="many")
    assert status == 422 and "Enter a whole number" in text and 'value="many"' in text
    status, text = sent(client, shop, path, minimum_2="")
    assert status == 200 and 'value="4"' not in text
    assert sent(client, shop, "/products/999999/minimums", minimum_2=4)[0] == 404


def test_the_api_leaves_out_and_sets_minimums(
    app: Flask, client: FlaskClient, stranger: tuple[Shop, list[int]]
) -> None:
    shop, ids = places.two_places(app, name="By program", first_id=8000)
    headers = shop.headers()

    def listed() -> dict[str, bool]:
        """After what was asked for is done."""
        with app.app_context():
            location_jobs.count(shop.id)
        found = client.get("/api/locations", headers=headers).get_json()["items"]
        return {one["name"]: one["left_out"] for one in found}

    assert listed() == {"High Street shop": False, "Main warehouse": False}
    assert client.post("/api/locations/2", json={"left_out": True}, headers=headers).status_code == 200
    found = client.get("/api/locations", headers=headers).get_json()["items"]
    assert [(one["left_out"], one["changing"]) for one in found] == [(False, True), (False, False)]
    assert listed()["High Street shop"]
    assert client.post("/api/locations/1", json={"left_out": True}, headers=headers).status_code == 409
    assert client.post("/api/locations/2", json={"left_out": False}, headers=headers).status_code == 200
    for body, status in (
        ({"transit_days": 4}, 200),
        ({"transit_days": None}, 200),
        ({"transit_days": 61}, 422),
    ):
        assert client.post("/api/locations/2", json=body, headers=headers).status_code == status
    client.post("/api/locations/2", json={"transit_days": 4}, headers=headers)
    found = client.get("/api/locations", headers=headers).get_json()["items"]
    assert {one["name"]: one["transit_days"] for one in found} == {
        "High Street shop": 4,
        "Main warehouse": None,
    }
    settings = client.patch("/api/settings", json={"transfer_days": 7}, headers=headers)
    assert settings.get_json()["transfer_days"] == 7
    path = f"/api/products/{ids[0]}/minimums/2"
    for body, status in (({"units": 9}, 200), ({"units": None}, 200), ({"units": -1}, 422), ({}, 422)):
        assert client.post(path, json=body, headers=headers).status_code == status
    viewer, other = shop.headers("viewer"), stranger[0].headers()
    assert client.post(path, json={"units": 9}, headers=viewer).status_code == 403
    assert client.post("/api/locations/2", json={"left_out": True}, headers=viewer).status_code == 403
    assert client.post(path, json={"units": 9}, headers=other).status_code == 404
    assert client.post("/api/locations/2", json={"left_out": True}, headers=other).status_code == 404
