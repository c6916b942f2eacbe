"""Inventory and transfer mutations: exactly once under a key, checked before anything moves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import Client
from tests.simulator.receiver import Receiver

SET = """mutation($in: InventorySetQuantitiesInput!, $k: String!) {
  inventorySetQuantities(input: $in) @idempotent(key: $k) {
  inventoryAdjustmentGroup { id reason changes { name delta quantityAfterChange item { id } location { id } } }
  userErrors { code field message } } }"""
ADJUST = """mutation($in: InventoryAdjustQuantitiesInput!, $k: String!) {
  inventoryAdjustQuantities(input: $in) @idempotent(key: $k) {
    inventoryAdjustmentGroup { id changes { delta quantityAfterChange } } userErrors { code } } }"""


@pytest.fixture
def level(client: Client) -> dict[str, Any]:
    """A tracked item's first level with its quantities."""
    query = """{ inventoryItems(first: 1, query: "tracked:true") { nodes { id inventoryLevels(first: 1) { nodes {
      location { id } quantities(names: ["available"]) { quantity } } } } } }"""
    item = client.data(query)["inventoryItems"]["nodes"][0]
    found = item["inventoryLevels"]["nodes"][0]
    available = found["quantities"][0]["quantity"]
    return {"inventoryItemId": item["id"], "locationId": found["location"]["id"], "available": available}


def entry(level: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"inventoryItemId": level["inventoryItemId"], "locationId": level["locationId"], **more}


def available(client: Client, level: dict[str, Any]) -> int:
    query = """query($i: ID!, $l: ID!) { inventoryItem(id: $i) { inventoryLevel(locationId: $l) {
      quantities(names: ["available"]) { quantity } } } }"""
    found = client.data(query, i=level["inventoryItemId"], l=level["locationId"])
    return int(found["inventoryItem"]["inventoryLevel"]["quantities"][0]["quantity"])


def test_without_a_key_it_is_refused(client: Client, level: dict[str, Any]) -> None:
    given = {"name": "available", "reason": "correction", "quantities": [entry(level, quantity=7)]}
    answer = client.graphql(
        SET.replace(", $k: String!", "").replace(" @idempotent(key: $k)", ""), **{"in": given}
    )
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert "@idempotent" in answer["errors"][0]["message"]


def test_setting_is_done_once_under_a_key(client: Client, level: dict[str, Any], receiver: Receiver) -> None:
    quantities = [entry(level, quantity=level["available"] + 5, changeFromQuantity=level["available"])]
    given = {"name": "available", "reason": "correction", "quantities": quantities}
    first = client.data(SET, **{"in": given, "k": "once-1"})["inventorySetQuantities"]
    assert first["userErrors"] == []
    assert first["inventoryAdjustmentGroup"]["changes"][0]["delta"] == 5
    assert client.data(SET, **{"in": given, "k": "once-1"})["inventorySetQuantities"] == first
    assert available(client, level) == level["available"] + 5
    other = {**given, "quantities": [entry(level, quantity=1)]}
    mismatch = client.data(SET, **{"in": other, "k": "once-1"})["inventorySetQuantities"]
    assert mismatch["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    client.drain()
    assert [r.json["available"] for r in receiver.of("inventory_levels/update")] == [level["available"] + 5]


def test_a_stale_expectation_changes_nothing(client: Client, level: dict[str, Any]) -> None:
    quantities = [entry(level, quantity=1, changeFromQuantity=level["available"] + 100)]
    given = {"name": "available", "reason": "correction", "quantities": quantities}
    answer = client.data(SET, **{"in": given, "k": "stale"})["inventorySetQuantities"]
    assert answer["userErrors"][0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert available(client, level) == level["available"]


def test_adjusting_and_unknown_items(client: Client, level: dict[str, Any]) -> None:
    good = {
        "name": "available",
        "reason": "received",
        "changes": [entry(level, delta=-2, changeFromQuantity=None)],
    }
    done = client.data(ADJUST, **{"in": good, "k": "adjust"})["inventoryAdjustQuantities"]
    assert done["inventoryAdjustmentGroup"]["changes"] == [
        {"delta": -2, "quantityAfterChange": level["available"] - 2}
    ]
    strange = {**level, "inventoryItemId": "gid://shopify/InventoryItem/1"}
    bad = {**good, "changes": [entry(level, delta=5), entry(strange, delta=5)]}
    refused = client.data(ADJUST, **{"in": bad, "k": "bad"})["inventoryAdjustQuantities"]
    assert refused["userErrors"] == [{"code": "INVALID_INVENTORY_ITEM"}]
    assert available(client, level) == level["available"] - 2


TRANSFER = """query($i: ID!) { inventoryTransfer(id: $i) { status totalQuantity receivedQuantity origin { name }
  destination { location { id } } lineItems(first: 5) { nodes { totalQuantity shippedQuantity inventoryItem { id } } }
  shipments(first: 5) { nodes { id status tracking { arrivesAt } lineItems(first: 5) { nodes {
    id quantity unreceivedQuantity } } } } } }"""


def mutate(client: Client, name: str, arguments: str, below: str, key: str) -> Any:
    text = (
        f'mutation {{ {name}({arguments}) @idempotent(key: "{key}") {{ {below} userErrors {{ message }} }} }}'
    )
    answer = client.data(text)[name]
    assert answer["userErrors"] == []
    return answer


def test_a_transfer_from_draft_to_received(client: Client, level: dict[str, Any]) -> None:
    scopes = (
        "read_products write_inventory read_locations write_inventory_transfers write_inventory_shipments"
    )
    client.control("scopes", scopes=[*scopes.split(), "write_inventory_shipments_received_items"])
    client.token = client.exchange().json()["access_token"]
    item, place = level["inventoryItemId"], level["locationId"]
    lines = f'lineItems: [{{inventoryItemId: "{item}", quantity: 12}}]'
    made = mutate(
        client,
        "inventoryTransferCreate",
        f'input: {{destinationLocationId: "{place}", {lines}, referenceName: "PO 7"}}',
        "inventoryTransfer { id status }",
        "t1",
    )["inventoryTransfer"]
    assert made["status"] == "DRAFT"
    mutate(
        client,
        "inventoryTransferMarkAsReadyToShip",
        f'id: "{made["id"]}"',
        "inventoryTransfer { status }",
        "t2",
    )
    shipment = mutate(
        client,
        "inventoryShipmentCreateInTransit",
        f'input: {{movementId: "{made["id"]}", {lines}, trackingInput: {{arrivesAt: "2030-01-02T09:00:00Z"}}}}',
        "inventoryShipment { id status }",
        "t3",
    )["inventoryShipment"]
    assert shipment["status"] == "IN_TRANSIT"
    shown = client.data(TRANSFER, i=made["id"])["inventoryTransfer"]
    assert shown["status"] == "IN_PROGRESS"
    assert shown["lineItems"]["nodes"][0]["shippedQuantity"] == 12
    assert shown["shipments"]["nodes"][0]["tracking"]["arrivesAt"] == "2030-01-02T09:00:00Z"
    line = shown["shipments"]["nodes"][0]["lineItems"]["nodes"][0]
    part = f'{{shipmentLineItemId: "{line["id"]}", quantity: 12, reason: ACCEPTED}}'
    received = f'id: "{shipment["id"]}", lineItems: [{part}]'
    mutate(client, "inventoryShipmentReceive", received, "inventoryShipment { status }", "t4")
    assert client.data(TRANSFER, i=made["id"])["inventoryTransfer"]["status"] == "TRANSFERRED"
    assert available(client, level) == level["available"] + 12
