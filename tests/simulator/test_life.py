"""Whatever happens to a shop, what the API shows and the independently kept truth agree."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.simulator.conftest import Client

ORDERS = """{ orders { edges { node { id processedAt cancelledAt test lineItems { edges { node {
  currentQuantity isGiftCard variant { id } } } } } } } }"""
LEVELS = """{ inventoryItems { edges { node { id variant { id } inventoryLevels { edges { node {
  location { id } quantities(names: ["available", "on_hand", "committed", "incoming", "reserved", "damaged"])
  { name quantity } } } } } } } }"""
KNOWN = ("available", "on_hand", "committed", "incoming", "reserved", "damaged")


def number(global_id: str) -> str:
    return global_id.split("?", maxsplit=1)[0].rsplit("/", 1)[1]


def lines_of(client: Client, query: str) -> list[dict[str, object]]:
    text = requests.get(client.bulk(query)["url"], timeout=120).text
    return [json.loads(line) for line in text.splitlines()]


def shown_units(client: Client) -> dict[tuple[str, str], int]:
    """Net units by local day and variant, as any app would count them."""
    zone = ZoneInfo(client.data("{ shop { ianaTimezone } }")["shop"]["ianaTimezone"])
    orders, totals = {}, Counter[tuple[str, str]]()
    for line in lines_of(client, ORDERS):
        parent = orders.get(str(line.get("__parentId")))
        if parent is None:
            orders[str(line["id"])] = line
        elif line["variant"] and not (parent["test"] or parent["cancelledAt"] or line["isGiftCard"]):
            moment = datetime.fromisoformat(str(parent["processedAt"]).replace("Z", "+00:00")).astimezone(
                zone
            )
            totals[(moment.date().isoformat(), number(line["variant"]["id"]))] += line["currentQuantity"]  # type: ignore[index,operator]
    return {key: units for key, units in totals.items() if units}


def shown_stock(client: Client) -> dict[tuple[str, str, str], int]:
    """Quantities by variant, location and state name."""
    variants, found = {}, {}
    for line in lines_of(client, LEVELS):
        if "__parentId" not in line:
            variants[line["id"]] = number(line["variant"]["id"])  # type: ignore[index]
            continue
        for quantity in line["quantities"]:  # type: ignore[attr-defined]
            key = (variants[line["__parentId"]], number(line["location"]["id"]), quantity["name"])  # type: ignore[index]
            found[key] = quantity["quantity"]
    return found


@pytest.mark.parametrize("seed", [11, 12])
def test_a_random_month_leaves_api_and_truth_equal(client: Client, seed: int) -> None:
    done = client.control("live", days=30, seed=seed, orders_per_day=15, zones=True)["happened"]
    assert {"order", "refund", "cancel", "edit", "transfer", "receive", "delete_variant"} <= set(done)
    client.install()
    stock = {(v, place, name): int(n) for v, place, name, n in client.truth("stock") if name in KNOWN}
    assert shown_stock(client) == stock
    alive = {key[0] for key in stock}
    truth = {(day, v): int(n) for day, v, n in client.truth("units") if v in alive}
    shown = {key: units for key, units in shown_units(client).items() if key[1] in alive}
    assert shown == truth


def test_orders_agreements_add_up_to_current_quantities(client: Client) -> None:
    query = """{ orders(first: 100, sortKey: UPDATED_AT, reverse: true) { nodes { id
      lineItems(first: 20) { nodes { id quantity currentQuantity } }
      agreements(first: 10) { nodes { happenedAt reason sales(first: 20) { nodes {
        quantity ... on ProductSale { lineItem { id } } } } } } } } }"""
    client.control("plan", plan="enterprise")
    client.control("live", days=3, seed=5, orders_per_day=30)
    client.install()
    for order in client.data(query)["orders"]["nodes"]:
        sums = Counter[str]()
        for agreement in order["agreements"]["nodes"]:
            for sale in agreement["sales"]["nodes"]:
                sums[sale["lineItem"]["id"]] += sale["quantity"]
        for line in order["lineItems"]["nodes"]:
            assert sums[line["id"]] == line["currentQuantity"] <= line["quantity"]
