"""The Admin API: schema, paging, cost, throttling, search, scopes."""

from __future__ import annotations

import pytest

from tests.simulator.conftest import Client


def test_unknown_field_is_a_validation_error(client: Client) -> None:
    answer = client.graphql("{ shop { nonsense } }")
    assert "Cannot query field 'nonsense'" in answer["errors"][0]["message"]
    assert "data" not in answer


def test_a_field_that_is_not_simulated_is_named(client: Client) -> None:
    error = client.graphql("{ orders(first: 1) { nodes { id risk { recommendation } } } }")["errors"][0]
    assert error["extensions"]["code"] == "NOT_SIMULATED"
    assert "Order.risk" in error["message"]


@pytest.mark.parametrize(
    ("asked", "served"), [("2026-10", "2026-10"), ("2026-07", "2026-07"), ("2025-10", "2026-07")]
)
def test_the_served_version_is_told(client: Client, asked: str, served: str) -> None:
    assert client.post("{ shop { id } }", version=asked).headers["X-Shopify-API-Version"] == served


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("{ orders(first: 250) { nodes { id name createdAt } } }", 13),
        ("{ orders(first: 250) { nodes { id lineItems(first: 250) { nodes { id } } } } }", 156),
        ("{ shop { id name } }", 1),
        ("{ __typename }", 0),
    ],
)
def test_requested_cost_is_as_measured(client: Client, query: str, cost: int) -> None:
    found = client.graphql(query)["extensions"]["cost"]
    assert found["requestedQueryCost"] == cost
    assert found["actualQueryCost"] <= cost


def test_a_page_walks_over_all_orders_once(client: Client) -> None:
    query = """query($a: String) { orders(first: 250, after: $a) {
        pageInfo { hasNextPage endCursor } nodes { id processedAt } } }"""
    seen, times, cursor = [], [], None
    while True:
        page = client.data(query, a=cursor)["orders"]
        seen += [node["id"] for node in page["nodes"]]
        times += [node["processedAt"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        cursor = page["pageInfo"]["endCursor"]
    total = client.data("{ ordersCount(limit: null) { count precision } }")["ordersCount"]
    assert total == {"count": len(seen), "precision": "EXACT"}
    assert len(set(seen)) == len(seen) > 250
    assert times == sorted(times)


def test_backwards_and_reversed_pages(client: Client) -> None:
    forward = [n["id"] for n in client.data("{ orders(first: 5) { nodes { id } } }")["orders"]["nodes"]]
    backward = client.data(
        "{ orders(last: 5, reverse: true) { nodes { id } pageInfo { hasPreviousPage } } }"
    )["orders"]
    assert [n["id"] for n in backward["nodes"]] == forward[::-1]
    assert backward["pageInfo"]["hasPreviousPage"] is True


def test_page_limits_are_bad_requests(client: Client) -> None:
    for arguments in ("first: 251", "", "first: 1, last: 1"):
        query = "{ orders%s { nodes { id } } }" % (f"({arguments})" if arguments else "")
        assert client.graphql(query)["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_too_costly_a_query_has_no_extensions(client: Client) -> None:
    deep = """{ products(first: 250) { nodes { id variants(first: 250) { nodes { id
        inventoryItem { inventoryLevels(first: 250) { nodes { id location { id } } } } } } } } }"""
    answer = client.graphql(deep)
    assert answer["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert answer["errors"][0]["extensions"]["maxCost"] == 1000
    assert "extensions" not in answer


def test_an_empty_bucket_throttles(client: Client) -> None:
    query = """{ a: orders(first: 250) { nodes { id lineItems(first: 250) {
        nodes { id variant { id } product { id } } } } } }"""
    for _ in range(200):
        answer = client.graphql(query)
        if "errors" in answer:
            break
    assert answer["errors"] == [
        {
            "message": "Throttled",
            "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
        }
    ]
    cost = answer["extensions"]["cost"]
    assert cost["actualQueryCost"] is None
    assert cost["throttleStatus"]["maximumAvailable"] == 2000.0
    assert cost["throttleStatus"]["currentlyAvailable"] < cost["requestedQueryCost"]
    client.control("plan", plan="enterprise")


def test_a_quoted_date_filters_and_an_unquoted_one_only_warns(client: Client) -> None:
    client.control("plan", plan="enterprise")
    newest = client.data("{ orders(first: 3, sortKey: UPDATED_AT, reverse: true) { nodes { updatedAt } } }")
    bound = newest["orders"]["nodes"][2]["updatedAt"]
    query = "query($q: String) { ordersCount(query: $q, limit: null) { count } }"
    everything = client.data(query, q="")["ordersCount"]["count"]
    quoted = client.graphql(query, q=f"updated_at:>='{bound}'")
    assert 3 <= quoted["data"]["ordersCount"]["count"] < everything
    assert "search" not in quoted["extensions"]
    unquoted = client.graphql(query, q=f"updated_at:>={bound}")
    assert unquoted["data"]["ordersCount"]["count"] == everything
    assert unquoted["extensions"]["search"][0]["warnings"][0]["code"] == "invalid_field"


def test_variants_count_is_deaf_to_updated_at(client: Client) -> None:
    query = "query($q: String) { productVariantsCount(query: $q) { count precision } }"
    assert client.data(query, q="updated_at:>'2999-01-01T00:00:00Z'") == client.data(query, q="")


def test_levels_have_quantities_by_name(client: Client) -> None:
    query = """{ inventoryItems(first: 20, query: "tracked:true") { nodes { id tracked
    inventoryLevels(first: 5) { nodes {
        id location { id } quantities(names: ["available", "on_hand", "committed", "damaged"]) { name
        quantity } } } } } }"""
    for item in client.data(query)["inventoryItems"]["nodes"]:
        assert item["tracked"] is True
        for level in item["inventoryLevels"]["nodes"]:
            found = {q["name"]: q["quantity"] for q in level["quantities"]}
            assert found["on_hand"] == found["available"] + found["committed"] + found["damaged"]


def test_missing_scope_is_access_denied(client: Client) -> None:
    client.control("scopes", scopes=["read_products"])
    answer = client.graphql("{ shop { id } orders(first: 1) { nodes { id } } }")
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert "read_orders" in answer["errors"][0]["message"]


def test_a_protected_field_is_denied_and_null(client: Client) -> None:
    answer = client.graphql("{ orders(first: 1) { nodes { id email } } }")
    assert answer["data"]["orders"]["nodes"][0]["email"] is None
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_only_60_days_without_read_all_orders(client: Client) -> None:
    query = "{ ordersCount(limit: null) { count } }"
    everything = client.data(query)["ordersCount"]["count"]
    client.control("scopes", scopes=["read_orders"])
    assert 0 < client.data(query)["ordersCount"]["count"] < everything


def test_node_finds_by_global_id(client: Client) -> None:
    order = client.data("{ orders(first: 1) { nodes { id name } } }")["orders"]["nodes"][0]
    found = client.data(
        "query($i: ID!) { node(id: $i) { __typename id ... on Order { name } } }", i=order["id"]
    )["node"]
    assert found == {"__typename": "Order", **order}
    assert client.data('{ node(id: "gid://shopify/Order/1") { id } }')["node"] is None


def test_introspection_answers(client: Client) -> None:
    assert client.data('{ __type(name: "InventoryLevel") { name } }')["__type"] == {"name": "InventoryLevel"}
