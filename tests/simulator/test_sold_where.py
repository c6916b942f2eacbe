"""Where an order was sold or sent from, as Shopify's schema and webhook payloads say it."""

from __future__ import annotations

import json
from typing import Any

import requests

from tests.simulator.conftest import Client
from tests.simulator.test_webhooks import sku_of

PLACES = "{ locations(first: 10, includeInactive: true, sortKey: ID) { nodes { id name } } }"
WHERE = """retailLocation { id } fulfillments(first: 5) { createdAt status location { id } }"""
ORDER = f"query($i: ID!) {{ order(id: $i) {{ id {WHERE} }} }}"
LEVELS = """query($q: String!) { productVariants(first: 1, query: $q) { nodes { inventoryItem {
  inventoryLevels(first: 5) { nodes { location { id } quantities(names: ["available", "committed"]) {
    name quantity } } } } } } }"""


def places(client: Client) -> list[str]:
    return [node["id"] for node in client.data(PLACES)["locations"]["nodes"]]


def number(gid: str) -> int:
    return int(gid.rsplit("/", 1)[1])


def where(client: Client, order: int) -> Any:
    return client.data(ORDER, i=f"gid://shopify/Order/{order}")["order"]


def stock(client: Client, sku: str) -> dict[str, dict[str, int]]:
    found = client.data(LEVELS, q=f"sku:{sku}")["productVariants"]["nodes"][0]["inventoryItem"]
    return {
        level["location"]["id"]: {one["name"]: one["quantity"] for one in level["quantities"]}
        for level in found["inventoryLevels"]["nodes"]
    }


def test_an_order_that_nobody_has_shipped_is_nowhere(client: Client) -> None:
    placed = client.control("orders", lines=[{"sku": sku_of(client), "quantity": 1}])
    found = where(client, placed["order_id"])
    assert (found["retailLocation"], found["fulfillments"]) == (None, [])
    assert (placed["order"]["location_id"], placed["order"]["fulfillments"]) == (None, [])


def test_a_shipped_order_names_the_location_that_sent_it(client: Client) -> None:
    warehouse, shop = places(client)[:2]
    sku = sku_of(client)
    before = stock(client, sku)
    order = client.control("orders", lines=[{"sku": sku, "quantity": 2}])["order_id"]
    assert stock(client, sku)[warehouse]["committed"] == before[warehouse]["committed"] + 2
    told = client.control("fulfill", order_id=order, location_id=shop)["order"]
    found = where(client, order)
    assert found["retailLocation"] is None
    (sent,) = found["fulfillments"]
    assert (sent["status"], sent["location"]) == ("SUCCESS", {"id": shop})
    assert sent["createdAt"].endswith("Z")
    assert told["location_id"] is None
    assert [(one["status"], one["location_id"]) for one in told["fulfillments"]] == [
        ("success", number(shop))
    ]
    after = stock(client, sku)
    assert after[warehouse] == before[warehouse], "the warehouse holds nothing for it any more"
    assert after[shop]["available"] == before[shop]["available"] - 2
    assert after[shop]["committed"] == before[shop]["committed"]


def test_an_order_of_the_counter_names_its_shop_before_and_after_it_is_shipped(client: Client) -> None:
    shop = places(client)[1]
    lines = [{"sku": sku_of(client), "quantity": 1}]
    placed = client.control("orders", lines=lines, source="pos", location_id=number(shop))
    assert placed["order"]["location_id"] == number(shop)
    found = where(client, placed["order_id"])
    assert (found["retailLocation"], found["fulfillments"]) == ({"id": shop}, [])
    told = client.control("fulfill", order_id=placed["order_id"])["order"]
    assert told["fulfillments"][0]["location_id"] == number(shop)
    assert where(client, placed["order_id"])["fulfillments"][0]["location"] == {"id": shop}


def test_a_shipment_of_a_cancelled_order_is_cancelled_in_both_tongues(client: Client) -> None:
    order = client.control("orders", lines=[{"sku": sku_of(client), "quantity": 1}], fulfill=True)["order_id"]
    told = client.control("cancel", order_id=order)["order"]
    assert [one["status"] for one in told["fulfillments"]] == ["cancelled"]
    assert [one["status"] for one in where(client, order)["fulfillments"]] == ["CANCELLED"]


def test_nothing_is_sent_from_a_location_that_is_closed_or_unknown(client: Client) -> None:
    order = client.control("orders", lines=[{"sku": sku_of(client), "quantity": 1}])["order_id"]
    url = f"{client.url}/control/shops/{client.shop}/fulfill"
    for place in (number(places(client)[2]), 1):  # the third one is not active
        answer = client.http.post(url, json={"order_id": order, "location_id": place}, timeout=60)
        assert answer.status_code == 422, answer.text
        assert "no active location" in answer.text


def test_bulk_lines_carry_the_list_in_the_order_itself(client: Client) -> None:
    shop = places(client)[1]
    order = client.control("orders", lines=[{"sku": sku_of(client), "quantity": 1}])["order_id"]
    client.control("fulfill", order_id=order, location_id=shop)
    query = f"{{ orders {{ edges {{ node {{ id {WHERE} lineItems {{ edges {{ node {{ id }} }} }} }} }} }} }}"
    done = client.bulk(query)
    lines = [json.loads(line) for line in requests.get(done["url"], timeout=120).text.splitlines()]
    orders = {line["id"]: line for line in lines if "/Order/" in line["id"]}
    found = orders[f"gid://shopify/Order/{order}"]
    assert [one["location"]["id"] for one in found["fulfillments"]] == [shop]
    assert {line["id"].split("/")[3] for line in lines} == {"Order", "LineItem"}


def test_locations_of_orders_need_the_scope_of_locations(client: Client) -> None:
    client.control("scopes", scopes=["read_orders", "read_all_orders"])
    client.token = client.exchange().json()["access_token"]
    answer = client.graphql("{ orders(first: 1) { nodes { id retailLocation { id } } } }")
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_a_generated_shop_sells_at_two_locations_and_fills_them_unevenly(client: Client) -> None:
    query = f"{{ orders {{ edges {{ node {{ id {WHERE} }} }} }} }}"
    lines = requests.get(client.bulk(query)["url"], timeout=120).text.splitlines()
    sold = [json.loads(line) for line in lines]
    counter = sum(one["retailLocation"] is not None for one in sold)
    sent = {x["location"]["id"] for one in sold if not one["retailLocation"] for x in one["fulfillments"]}
    assert 0.05 < counter / len(sold) < 0.2
    assert places(client)[0] in sent
    shares = set()
    for row in client.truth("stock"):
        if row[2] == "available" and int(row[3]) and number(places(client)[1]) == int(row[1]):
            shares.add(row[0])
    stocked = {row[0] for row in client.truth("stock") if row[2] == "available" and int(row[3])}
    assert 0.3 < len(shares) / len(stocked) < 0.9, "some products lie in the warehouse alone"
