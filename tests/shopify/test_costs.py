"""What each document may cost, by Shopify's rules: more than 1,000 points and it is refused for good."""

from __future__ import annotations

import pytest
from graphql import OperationDefinitionNode, parse
from graphql.execution.values import get_variable_values

import simulator.graphql.types  # noqa: F401  (registers what is simulated)
from app.shopify.documents import document, names
from simulator.graphql.cost import MAX_QUERY_COST, requested_cost
from simulator.graphql.plan import Planner
from simulator.schema import load_schema

PAGED = [name for name in names() if not name.startswith("bulk_")]


SCOPES = frozenset({"read_products", "read_orders", "read_inventory", "read_locations"})
VALUES = {"id": "gid://shopify/Order/1", "query": "updated_at:>='2026-01-01T00:00:00Z'"}


def cost_of(text: str) -> float:
    """Requested points, by the measured rules."""
    admin, found = load_schema("2026-10"), parse(text)
    operation = next(one for one in found.definitions if isinstance(one, OperationDefinitionNode))
    asked = list(operation.variable_definitions or ())
    values = get_variable_values(admin.schema, asked, VALUES)
    assert not isinstance(values, list), values
    selection = Planner(admin, SCOPES, {}, values, True).operation(operation)
    return requested_cost(selection, mutation=operation.operation.value == "mutation")


@pytest.mark.parametrize("name", PAGED)
def test_every_document_keeps_below_half_of_what_one_query_may_cost(name: str) -> None:
    assert 0 <= cost_of(document(name)) <= MAX_QUERY_COST / 2


def test_a_planted_costly_document_is_found() -> None:
    text = document("orders").replace("first: 100", "first: 250")
    wider = text.replace("variant {", "product { id vendor variants(first: 50) { nodes { id } } } variant {")
    assert cost_of(wider) > MAX_QUERY_COST
