"""The control API: several shops, the clock, stock, deletions, refusals; and the timer of shop/redact."""

from __future__ import annotations

import time

from tests.simulator.conftest import Client
from tests.simulator.receiver import Receiver


def test_shops_are_apart(client: Client) -> None:
    made = client.http.post(
        f"{client.url}/control/shops",
        json={
            "shop": "other-shop.myshopify.com",
            "variants": 8,
            "years": 0.1,
            "orders_per_year": 300,
            "install": True,
        },
        timeout=120,
    ).json()
    assert (made["variants"], made["installed"]) == (8, True)
    other = Client(client.running, "other-shop.myshopify.com")
    other.token = other.exchange().json()["access_token"]
    assert other.data("{ productVariantsCount { count } }")["productVariantsCount"]["count"] == 8
    assert client.post("{ shop { id } }", token=other.token).status_code == 401
    assert other.exchange(subject_token=client.id_token()).json()["error"] == "invalid_subject_token"
    other.control("uninstall")
    assert client.post("{ shop { id } }").status_code == 200
    listed = client.http.get(f"{client.url}/control/shops", timeout=120).json()["shops"]
    assert {"other-shop.myshopify.com", client.shop} <= {s["shop"] for s in listed}


def test_refusals_say_what_to_do(client: Client) -> None:
    def refused(path: str, **fields: object) -> str:
        response = client.http.post(f"{client.url}/control/{path}", json=fields, timeout=120)
        assert response.status_code in (404, 422), response.text
        return str(response.json()["errors"])

    here = f"shops/{client.shop}"
    assert "there is no variant 'nope'" in refused(f"{here}/orders", lines=[{"sku": "nope"}])
    assert "lacks 'lines'" in refused(f"{here}/orders")
    assert "use one of" in refused(f"{here}/dance")
    assert "GET /control/shops" in refused("shops/nowhere.myshopify.com/orders")
    assert "IANA" in refused(f"{here}/timezone", timezone="Mars/Base")
    assert "some-shop.myshopify.com" in refused("shops", shop="evil.example.com")
    assert "advance_seconds" in refused("clock")


def test_a_deleted_variant_leaves_orders_without_it(client: Client) -> None:
    made = client.control("product", title="Short Lived", skus=["SHORT-1", "SHORT-2"], stock=9)
    variant = made["variants"][0]["id"]
    order = client.control("orders", lines=[{"variant_id": variant, "quantity": 2}])["order_id"]
    client.control("product", delete_variant=variant)
    query = """query($i: ID!) { order(id: $i) { lineItems(first: 1) {
      nodes { sku currentQuantity variant { id } } } } }"""
    shown = client.data(query, i=f"gid://shopify/Order/{order}")["order"]["lineItems"]["nodes"][0]
    assert shown == {"sku": "SHORT-1", "currentQuantity": 2, "variant": None}
    assert [units for _, v, units in client.truth("units") if v == str(variant)] == ["2"]


def test_many_lines_and_many_variants(client: Client) -> None:
    skus = [f"MANY-{n:03d}" for n in range(260)]
    made = client.control("product", title="Many Sizes", skus=skus, stock=3)
    order = client.control(
        "orders", lines=[{"variant_id": v["id"], "quantity": 1} for v in made["variants"]]
    )["order_id"]
    query = """query($i: ID!) { order(id: $i) { lineItems(first: 250) {
      nodes { id } pageInfo { hasNextPage endCursor } } } }"""
    page = client.data(query, i=f"gid://shopify/Order/{order}")["order"]["lineItems"]
    assert (len(page["nodes"]), page["pageInfo"]["hasNextPage"]) == (250, True)
    rest = query.replace("first: 250", f'first: 250, after: "{page["pageInfo"]["endCursor"]}"')
    tail = client.data(rest, i=f"gid://shopify/Order/{order}")["order"]["lineItems"]
    assert (len(tail["nodes"]), tail["pageInfo"]["hasNextPage"]) == (10, False)


def test_redact_comes_48_simulated_hours_after_uninstall(client: Client, receiver: Receiver) -> None:
    client.control("uninstall")
    client.move_clock(47 * 3600)
    client.drain()
    assert client.shop not in [r.json["shop_domain"] for r in receiver.of("shop/redact")]
    client.move_clock(2 * 3600)
    deadline = time.monotonic() + 10
    told: list[str] = []
    while client.shop not in told and time.monotonic() < deadline:
        time.sleep(0.05)
        told = [r.json["shop_domain"] for r in receiver.of("shop/redact")]
    assert told.count(client.shop) == 1


def test_customers_topics(client: Client, receiver: Receiver) -> None:
    client.control("redact", customer={"id": 5, "email": "a@b.test"}, orders=[1, 2])
    client.control("redact", customer={"id": 5, "email": "a@b.test"}, data_request=True)
    client.drain()
    assert receiver.of("customers/redact")[0].json["orders_to_redact"] == [1, 2]
    assert receiver.of("customers/data_request")[0].json["data_request"]["id"]


def test_webhooks_can_be_signed_with_the_old_secret(client: Client) -> None:
    answer = client.http.post(f"{client.url}/control/secret", json={"old": True}, timeout=120)
    assert answer.json() == {"old": True}
    assert (
        client.running.world.webhook_secret == client.running.world.config.client_secret
    )  # there is no old one
    client.http.post(f"{client.url}/control/secret", json={"old": False}, timeout=120)
