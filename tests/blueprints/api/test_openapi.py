"""The document lists every JSON route, is valid OpenAPI 3.1, and the answers are what it says."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.models.sales import WholesaleLine
from app.platform import clock, db, openapi, tenancy
from tests.blueprints.api.conftest import Api

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    return dict(app.test_client().get("/api/openapi.json").json)


def test_every_api_route_is_listed_and_nothing_else(app: Flask, document: dict[str, Any]) -> None:
    own = {"/api/openapi.json", "/api/docs"}
    served = {
        (openapi.path_of(rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/api/", "/forecast")) and rule.rule not in own
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    listed = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert listed == served
    assert len(listed) >= 55


def test_the_issues_list_is_there(document: dict[str, Any]) -> None:
    wanted = """
        post auth/signup, post auth/login, post auth/logout, get auth/me, get shopify/authorize,
        get shopify/callback, get shopify/stores, get inventory, post inventory/sync, get forecast,
        post forecast/run, get alerts, post alerts/send, get reports, post reports, get reports/download,
        post forecast, get suggestions, get purchase-orders, post purchase-orders, get suppliers, post suppliers,
        get settings, patch settings
    """
    for entry in wanted.split(","):
        method, path = entry.split()
        assert method in document["paths"][f"/api/{path}"]
    assert (
        document["paths"]["/forecast"]["post"]["requestBody"]
        == (document["paths"]["/api/forecast"]["post"]["requestBody"])
    )


def test_the_document_is_complete(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    names = set()
    for methods in document["paths"].values():
        for method, one in methods.items():
            assert method in METHODS
            assert one["summary"] and one["tags"] and one["responses"]
            names.add(one["operationId"])
    assert len(names) == sum(len(methods) for methods in document["paths"].values())
    schemas = document["components"]["schemas"]
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas, reference
    fields = schemas["InventoryItem"]["properties"]
    assert {"product_id", "product_name", "current_stock", "last_updated"} <= set(fields)
    assert {"forecast_date", "predicted_demand"} <= set(schemas["ForecastDay"]["properties"])
    assert {"message", "timestamp"} <= set(schemas["Alert"]["properties"])
    assert "success" in schemas["Done"]["properties"]


def references(node: Any) -> list[str]:
    """Every $ref below a node."""
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in references(value)]
    return [found for value in node for found in references(value)] if isinstance(node, list) else []


def test_the_reference_page_shows_every_operation(app: Flask, document: dict[str, Any]) -> None:
    page = app.test_client().get("/api/docs")
    assert page.status_code == 200
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}</code>" in page.text
    assert "https://cdn" not in page.text


def test_no_answer_is_a_fault_or_outside_the_document(
    api: Api, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bounded fuzzing of every operation as the owner, with values that fit the document and that do not.

    What an address names is there, else every body would end at the same 404; so nothing is generated where
    nothing but the address can differ.
    """
    roomy = replace(api.app.extensions["settings"], api_per_minute=100_000)
    monkeypatch.setitem(api.app.extensions, "settings", roomy)
    schema = schemathesis.openapi.from_dict(with_things(document, things(api)))
    schema.app = api.app
    tried = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path != "/api/auth/logout":  # it would end the session that fuzzes
            tried[operation.label] = fuzz(api, operation)
    assert min(tried.values()) >= 1
    assert len(tried) == sum(map(len, document["paths"].values())) - 1
    assert sum(tried.values()) > 500


def things(api: Api) -> dict[str, int]:
    """Of each thing that addresses name one that is there."""
    supplier = api.get("/api/suppliers").json["items"][0]["id"]
    items = [{"product_id": api.product_ids[0], "quantity": 3}]
    order = api.post("/api/purchase-orders", json={"supplier_id": supplier, "items": items})
    file = {"filename": "a.csv", "content": f"SKU,Lead time\nSKU-{api.product_ids[0]},9\n"}
    day = clock.today("Europe/Berlin").isoformat()
    event = api.post("/api/events", json={"name": "Fair", "first_day": day, "last_day": day})
    guest = api.post("/api/invitations", json={"email": "guest@example.com", "role": "viewer"})
    return {
        "invitation_id": guest.json["id"],
        "member_id": api.get("/api/members").json["items"][0]["id"],  # the owner, who stays
        "product_id": api.product_ids[0],
        "location_id": api.get("/api/locations").json["items"][0]["id"],
        "line_id": large_order(api),
        "event_id": event.json["id"],
        "supplier_id": supplier,
        "order_id": order.json["id"],
        "import_id": api.post("/api/imports", json=file).json["id"],
        "alert_id": api.get("/api/alerts?show=all").json["items"][0]["id"],
        "store_id": api.store_id,
    }


def large_order(api: Api) -> int:
    """An order line that is held to be wholesale."""
    with api.app.app_context(), tenancy.store_scope(db.session(), api.store_id), db.transaction():
        found = db.rows("SELECT MIN(id) AS id FROM order_lines WHERE variant_id = :id", id=api.product_ids[0])
        line_id = int(found[0].id)
        db.session().add(
            WholesaleLine(
                line_id=line_id,
                variant_id=api.product_ids[0],
                day=clock.today("Europe/Berlin"),
                units=90,
                usual_units=5,
            )
        )
    return line_id


def with_things(document: dict[str, Any], there: dict[str, int]) -> dict[str, Any]:
    """The document with these ids in its addresses; a name that is not among them is a KeyError."""
    paths = {}
    for path, methods in document["paths"].items():
        paths[re.sub(r"{(\w+)}", lambda found: str(there[found[1]]), path)] = {
            method: one | {"parameters": [each for each in one["parameters"] if each["in"] != "path"]}
            for method, one in methods.items()
        }
    return document | {"paths": paths}


@pytest.mark.parametrize("number", [0, 2**40, 2**63 - 1, 2**63])
def test_what_is_not_there_is_told_as_the_document_says(
    api: Api, document: dict[str, Any], number: int
) -> None:
    tried = 0
    for path, methods in document["paths"].items():
        for method in methods:
            if "{" in path and method == "get":
                answer = api.get(re.sub(r"{\w+}", str(number), path), "owner")
                assert answer.status_code == 404, path
                assert answer.mimetype == "application/problem+json"
                tried += 1
    assert tried >= 8


def fuzz(api: Api, operation: Any) -> int:
    """Try one operation; returns the number of requests."""
    if not operation.query and not operation.body:
        operation.Case().call_and_validate(headers=api.people["owner"], checks=CHECKS)
        return 1
    tried = 0
    for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):

        @settings(
            max_examples=7,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: Any) -> None:
            nonlocal tried
            tried += 1
            case.call_and_validate(headers=api.people["owner"], checks=CHECKS)

        one()
    return tried
