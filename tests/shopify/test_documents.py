"""Every GraphQL document against Shopify's own schemas, and the rules that a schema cannot state."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLSchema,
    NoDeprecatedCustomRule,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    validate,
    visit,
)

from app.config import API_VERSION
from app.shopify.documents import bulk_document, document, names
from simulator.schema import AccessRule, load_schema

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ("2026-07", "2026-10")


BULK = [name for name in names() if name.startswith("bulk_") and name not in ("bulk_run", "bulk_status")]


def _text(name: str) -> str:
    return bulk_document(name) if name in BULK else document(name)


@pytest.fixture(scope="module", params=VERSIONS)
def schema(request: pytest.FixtureRequest) -> GraphQLSchema:
    return load_schema(request.param).schema


def faults(schema: GraphQLSchema, text: str) -> list[str]:
    parsed = parse(text)
    found = [*validate(schema, parsed), *validate(schema, parsed, [NoDeprecatedCustomRule])]
    return [error.message for error in found]


@pytest.mark.parametrize("name", names())
def test_document_is_valid_and_uses_nothing_deprecated(schema: GraphQLSchema, name: str) -> None:
    assert faults(schema, _text(name)) == []


def test_a_planted_unknown_field_is_found(schema: GraphQLSchema) -> None:
    assert faults(schema, "query { shop { id nonsense } }")


def test_a_planted_deprecated_field_is_found(schema: GraphQLSchema) -> None:
    assert faults(schema, 'query { inventoryItem(id: "gid://shopify/InventoryItem/1") { variant { id } } }')


def test_the_request_version_is_the_newest_schema() -> None:
    assert VERSIONS[-1] == API_VERSION


def protected_fields(version: str, text: str) -> set[str]:
    """Fields of a document that the schema marks as protected customer data."""
    marked = _protected(version)
    info, found = TypeInfo(load_schema(version).schema), set()

    class Collector(Visitor):
        def enter_field(self, node: Any, *_: Any) -> None:
            parent = info.get_parent_type()
            name = f"{parent.name if parent else '?'}.{node.name.value}"
            if name in marked:
                found.add(name)

    visit(parse(text), TypeInfoVisitor(info, Collector()))
    return found


def _protected(version: str) -> set[str]:
    return {f"{kind}.{field}" for kind, field in load_schema(version).protected_fields}


@pytest.mark.parametrize("version", VERSIONS)
def test_no_protected_field_is_selected(version: str) -> None:
    assert len(_protected(version)) > 50
    for name in names():
        assert protected_fields(version, _text(name)) == set(), name


def test_a_planted_protected_field_is_found() -> None:
    text = "query { orders(first: 1) { nodes { id email } } }"
    assert protected_fields("2026-10", text) == {"Order.email"}


def _fields_with_connections(text: str) -> list[str]:
    return re.findall(r"first:\s*(\d+)", text)


@pytest.mark.parametrize("name", names())
def test_pages_are_at_most_250_and_say_whether_there_are_more(name: str) -> None:
    text = _text(name)
    assert all(int(size) <= 250 for size in _fields_with_connections(text))
    if "nodes" in text:
        assert text.count("hasNextPage") == text.count("nodes {"), "a nested connection truncates silently"


@pytest.mark.parametrize("name", BULK)
def test_bulk_documents_keep_the_bulk_rules(name: str) -> None:
    text = bulk_document(name)
    assert "nodes" not in text, "bulk operations know edges only"
    assert text.count("edges {") <= 5
    assert len(text.encode()) <= 65_535
    parents = re.findall(r"node \{\s*(\w+)", text)
    assert set(parents) == {"id"}, "the parent of a nested connection selects its id"


def test_bulk_dates_are_quoted() -> None:
    from datetime import UTC, datetime

    text = bulk_document("bulk_orders", since=datetime(2026, 8, 1, tzinfo=UTC))
    assert "updated_at:>='2026-08-01T00:00:00Z'" in text


def test_mutations_that_move_stock_carry_idempotent() -> None:
    for name in names():
        for field in re.findall(
            r"\b(inventory\w+|\w*Transfer\w*|\w*Shipment\w*)\([^)]*\)\s*(@\w+)?", document(name)
        ):
            if document(name).lstrip().startswith("mutation"):
                assert field[1] == "@idempotent"


def access_rules(version: str) -> dict[str, AccessRule]:
    """The access rules of everything that our documents select."""
    schema = load_schema(version)
    info, found = TypeInfo(schema.schema), {}

    class Collector(Visitor):
        def enter_field(self, node: Any, *_: Any) -> None:
            parent, kind = info.get_parent_type(), get_named_type(info.get_type())
            for key in ((parent.name if parent else "", node.name.value), (kind.name if kind else "", None)):
                if key in schema.scopes:
                    found[f"{key[0]}.{key[1]}"] = schema.scopes[key]

    for name in names():
        visit(parse(_text(name)), TypeInfoVisitor(info, Collector()))
    return found


def test_the_toml_asks_for_the_scopes_that_are_needed_and_no_others() -> None:
    toml = tomllib.loads((ROOT / "shopify.app.toml").read_text())
    asked = {scope.strip() for scope in toml["access_scopes"]["scopes"].split(",")}
    assert asked == {"read_inventory", "read_locations", "read_orders", "read_products"}
    rules = access_rules("2026-10")
    assert len(rules) > 5
    assert [name for name, rule in rules.items() if not rule.met_by(asked)] == []
    for scope in asked:
        assert any(not rule.met_by(asked - {scope}) for rule in rules.values()), f"{scope} is not needed"


def test_every_subscribed_topic_exists_and_has_a_handler() -> None:
    from app.jobs.webhook_topics import HANDLERS

    toml = tomllib.loads((ROOT / "shopify.app.toml").read_text())
    known = set(load_schema("2026-10").schema.type_map["WebhookSubscriptionTopic"].values)  # type: ignore[attr-defined]
    subscribed, compliance = set(), set()
    for entry in toml["webhooks"]["subscriptions"]:
        subscribed.update(entry.get("topics", []))
        compliance.update(entry.get("compliance_topics", []))
    assert {topic.upper().replace("/", "_") for topic in subscribed} <= known
    assert compliance == {"customers/data_request", "customers/redact", "shop/redact"}
    assert subscribed | compliance == set(HANDLERS)


def test_fields_of_orders_are_chosen_and_hold_updated_at() -> None:
    toml = tomllib.loads((ROOT / "shopify.app.toml").read_text())
    for entry in toml["webhooks"]["subscriptions"]:
        if any(topic in ("orders/create", "orders/updated") for topic in entry.get("topics", [])):
            assert "updated_at" in entry["include_fields"]
            assert not {"customer", "email", "billing_address"} & set(entry["include_fields"])
