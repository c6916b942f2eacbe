"""Webhooks: signature, headers, payloads, retries, faults."""

from __future__ import annotations

import base64
import hashlib
import hmac

from tests.simulator.conftest import CLIENT_SECRET, SHOP, Client
from tests.simulator.receiver import Receiver, answering


def sku_of(client: Client) -> str:
    """SKU of some tracked variant with stock."""
    query = """{ productVariants(first: 50, query: "inventory_quantity:>3") {
      nodes { sku inventoryItem { tracked } } } }"""
    nodes = client.data(query)["productVariants"]["nodes"]
    return str(next(n["sku"] for n in nodes if n["sku"] and n["inventoryItem"]["tracked"]))


def test_an_order_is_told_signed_and_with_headers(client: Client, receiver: Receiver) -> None:
    placed = client.control("orders", lines=[{"sku": sku_of(client), "quantity": 2}])
    client.drain()
    got = receiver.of("orders/create")[0]
    digest = base64.b64encode(hmac.new(CLIENT_SECRET.encode(), got.body, hashlib.sha256).digest()).decode()
    assert got.headers["x-shopify-hmac-sha256"] == digest
    assert got.headers["x-shopify-shop-domain"] == SHOP
    assert got.headers["x-shopify-api-version"] == "2026-07"
    assert {"x-shopify-webhook-id", "x-shopify-event-id", "x-shopify-triggered-at"} <= set(got.headers)
    assert got.path == "/webhooks"
    assert set(got.json) == {"id", "updated_at", "line_items"}
    assert set(got.json["line_items"][0]) == {"id", "variant_id", "current_quantity"}
    assert got.json["id"] == placed["order_id"]
    level = receiver.of("inventory_levels/update")[0]
    assert {"inventory_item_id", "location_id", "available", "updated_at"} <= set(level.json)
    assert level.headers["x-shopify-event-id"] == got.headers["x-shopify-event-id"]


def test_each_change_has_its_topics(client: Client, receiver: Receiver) -> None:
    sku = sku_of(client)
    order = client.control("orders", lines=[{"sku": sku, "quantity": 3}])["order_id"]
    client.control("edit", order_id=order, change=[{"sku": sku, "delta": -1}])
    client.control("fulfill", order_id=order)
    client.control("refund", order_id=order, lines=[{"sku": sku, "quantity": 1}], restock=True)
    client.control("cancel", order_id=order)
    client.control("delete_order", order_id=order)
    product = client.control("product", title="Test Lantern", skus=["LAN-1"], stock=5)["product_id"]
    client.control("product", delete=product)
    client.control("timezone", timezone="Europe/Berlin")
    client.drain()
    wanted = {
        "orders/create",
        "orders/updated",
        "orders/edited",
        "refunds/create",
        "orders/cancelled",
        "orders/delete",
        "products/create",
        "products/delete",
        "inventory_levels/update",
        "shop/update",
    }
    assert wanted <= {r.topic for r in receiver.requests}
    edited = receiver.of("orders/edited")[0].json["order_edit"]
    assert edited["line_items"]["removals"][0]["delta"] == 1
    refund = receiver.of("refunds/create")[0].json
    assert refund["refund_line_items"][0]["restock_type"] == "return"


def test_a_failing_receiver_is_retried_eight_times_over_four_hours(
    client: Client, receiver: Receiver
) -> None:
    with answering(receiver, 500):
        client.control("orders", lines=[{"sku": sku_of(client), "quantity": 1}])
        client.drain()
        assert len(receiver.of("orders/create")) == 1
        for _ in range(9):
            client.move_clock(8000)
            client.drain()
    sent = receiver.of("orders/create")
    assert len(sent) == 9
    assert len({r.headers["x-shopify-webhook-id"] for r in sent}) == 1
    assert len({r.body for r in sent}) == 1
    log = client.http.get(f"{client.url}/control/deliveries?topic=orders/create&limit=1", timeout=120).json()[
        "deliveries"
    ]
    assert (log[0]["status"], log[0]["answer"]) == ("failed", "500")


def test_uninstall_tells_and_redact_follows_after_48_hours(client: Client, receiver: Receiver) -> None:
    client.control("uninstall")
    client.drain()
    assert receiver.of("app/uninstalled")[0].json["myshopify_domain"] == SHOP
    assert not receiver.of("shop/redact")
    client.control("redact")
    client.drain()
    assert receiver.of("shop/redact")[0].json["shop_domain"] == SHOP


def test_faults_drop_duplicate_and_delay(client: Client, receiver: Receiver) -> None:
    sku = sku_of(client)
    client.fault("webhook_drop", topic="orders/create", count=1)
    client.control("orders", lines=[{"sku": sku, "quantity": 1}])
    client.drain()
    assert not receiver.of("orders/create")
    client.fault("webhook_duplicate", topic="orders/create", count=1)
    client.control("orders", lines=[{"sku": sku, "quantity": 1}])
    client.drain()
    twice = receiver.of("orders/create")
    assert len(twice) == 2
    assert twice[0].headers["x-shopify-webhook-id"] == twice[1].headers["x-shopify-webhook-id"]
    receiver.reset()
    client.fault("webhook_delay", topic="orders/create", count=1, seconds=600)
    client.control("orders", lines=[{"sku": sku, "quantity": 1}])
    client.drain()
    assert not receiver.of("orders/create")
    client.move_clock(601)
    client.drain()
    assert len(receiver.of("orders/create")) == 1


def test_a_subscription_through_the_api_is_served_and_dies_of_failures(
    client: Client, receiver: Receiver
) -> None:
    create = """mutation($u: String!) { webhookSubscriptionCreate(topic: PRODUCTS_UPDATE,
    webhookSubscription: {uri: $u,
      includeFields: ["id", "updated_at"]}) { webhookSubscription { id topic uri includeFields } userErrors
      { field message } } }"""
    address = f"{receiver.url}/made"
    made = client.data(create, u=address)["webhookSubscriptionCreate"]
    assert made["webhookSubscription"]["includeFields"] == ["id", "updated_at"]
    taken = client.data(create, u=address)["webhookSubscriptionCreate"]
    assert "already been taken" in taken["userErrors"][0]["message"]
    product = client.data("{ products(first: 1) { nodes { id } } }")["products"]["nodes"][0]["id"]
    with answering(receiver, 500):
        client.control("product", update=product, title="Renamed")
        client.drain()
        assert [set(r.json) for r in receiver.requests if r.path == "/made"] == [{"id", "updated_at"}]
        for _ in range(9):
            client.move_clock(8000)
            client.drain()
    client.install()
    left = client.data("{ webhookSubscriptions(first: 10) { nodes { id } } }")["webhookSubscriptions"][
        "nodes"
    ]
    assert made["webhookSubscription"]["id"] not in [n["id"] for n in left]
