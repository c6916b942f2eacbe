"""`POST /shops/{shop}/admin/api/{version}/graphql.json`: token, document, cost, throttle, answer."""

from __future__ import annotations

import json
import logging
import re
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Response, request
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    graphql_sync,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.values import get_variable_values

from simulator.graphql import types as _types
from simulator.graphql.context import Context, GraphQLRefusal
from simulator.graphql.cost import MAX_QUERY_COST, Meter, requested_cost
from simulator.graphql.execute import run_mutation, run_query
from simulator.graphql.mutations import needs_key
from simulator.graphql.plan import Planner, Selection
from simulator.identity.tokens import Access, find_access
from simulator.schema import VERSIONS, AdminSchema, load_schema
from simulator.store.database import Shop

if TYPE_CHECKING:
    from simulator.world import World

log = logging.getLogger(__name__)
_types.__all__  # noqa: B018 - imported for its effect: it registers the simulated types
COST_DOCS = "https://shopify.dev/api/usage/rate-limits"
Answer = dict[str, Any]


def served_version(asked: str) -> str:
    """The version that answers: the one asked for if supported, else it falls forward to the oldest here."""
    if asked in VERSIONS:
        return asked
    return VERSIONS[0] if asked < VERSIONS[0] else VERSIONS[-1]


def handle(world: World, shop: Shop, version: str) -> Response:
    """Answer one GraphQL request."""
    if not re.fullmatch(r"\d{4}-(01|04|07|10)|unstable", version):
        return _json({"errors": "Not Found"}, 404)
    access = find_access(shop, request.headers.get("X-Shopify-Access-Token"))
    if access is None:
        return _json(
            {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401
        )
    version = served_version(version)
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        return _json({"errors": {"query": "Required parameter missing or invalid"}}, 400, version)
    fault = world.faults.admin(shop.domain, _operation_hint(body))
    if fault is not None and fault.response is not None:
        return fault.response
    throttled = fault is not None and fault.kind == "throttled"
    return _json(answer(world, shop, version, access, body, throttled=throttled), 200, version)


def _operation_hint(body: Answer) -> str:
    name = body.get("operationName")
    return f"{name or ''} {body['query'][:2000]}"


def _json(content: Answer, status: int, version: str | None = None) -> Response:
    response = Response(
        json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        status,
        content_type="application/json; charset=utf-8",
    )
    response.headers["X-Request-Id"] = str(uuid.uuid4())
    if version:
        response.headers["X-Shopify-API-Version"] = version
    return response


@lru_cache(maxsize=512)
def _document(version: str, text: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    try:
        document = parse(text)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(validate(load_schema(version).schema, document, specified_rules))


def _refusals(errors: tuple[GraphQLError, ...]) -> Answer:
    listed = []
    for error in errors:
        entry: Answer = {
            "message": error.message,
            "locations": [{"line": x.line, "column": x.column} for x in error.locations or ()],
        }
        entry["extensions"] = {
            "code": "undefinedField"
            if "Cannot query field" in error.message
            else "argumentLiteralsIncompatible"
        }
        listed.append(entry)
    return {"errors": listed}


def answer(
    world: World, shop: Shop, version: str, access: Access, body: Answer, *, throttled: bool = False
) -> Answer:
    """The JSON that a request gets with HTTP 200."""
    document, errors = _document(version, body["query"])
    if document is None or errors:
        return _refusals(errors)
    admin = load_schema(version)
    try:
        operation = _operation(document, body.get("operationName"))
        chosen = [n for n in operation.selection_set.selections if isinstance(n, FieldNode)]
        if any(node.name.value in ("__schema", "__type") for node in chosen):
            return _introspect(admin, body)
        variables = get_variable_values(
            admin.schema, list(operation.variable_definitions or ()), body.get("variables") or {}
        )
        if isinstance(variables, list):
            return _refusals(tuple(variables))
        planner = Planner(admin, access.scopes, _fragments(document), variables, world.config.protected_data)
        selection = planner.operation(operation)
        return _Run(world, shop, admin, access).answer(
            planner, selection, operation.operation.value == "mutation", throttled
        )
    except GraphQLRefusal as refusal:
        return {"errors": [refusal.error]}
    except GraphQLError as error:
        return _refusals((error,))


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    found = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if name:
        found = [d for d in found if d.name and d.name.value == name]
    if len(found) != 1:
        raise GraphQLRefusal(
            "An operation name is required" if not name else f"No operation named {name!r}", "BAD_REQUEST"
        )
    return found[0]


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}


def _introspect(admin: AdminSchema, body: Answer) -> Answer:
    result = graphql_sync(
        admin.schema,
        body["query"],
        variable_values=body.get("variables"),
        operation_name=body.get("operationName"),
    )
    return dict(result.formatted)


class _Run:
    """Costs, admits and executes one planned operation."""

    def __init__(self, world: World, shop: Shop, admin: AdminSchema, access: Access) -> None:
        self.world, self.shop, self.admin, self.access = world, shop, admin, access
        self.bucket = world.bucket(shop)

    def answer(self, planner: Planner, selection: Selection, is_mutation: bool, throttled: bool) -> Answer:
        cost = requested_cost(selection, mutation=is_mutation)
        if cost > MAX_QUERY_COST:
            return _too_costly(cost)
        if throttled or not self.bucket.admit(cost):
            return self._throttled(cost)
        meter, context = Meter(), self._context()
        done: Answer = {"data": None}
        try:
            if is_mutation:
                self._check_keys(selection)
                done["data"] = run_mutation(context, selection, meter)
            else:
                with self.shop.read() as db:
                    context.db = db
                    done["data"] = run_query(context, selection, meter)
        except GraphQLRefusal as refusal:
            planner.errors.append(refusal.error)
        except Exception:
            log.exception("the simulator failed on a request")
            request_id = str(uuid.uuid4())
            planner.errors.append(
                {
                    "message": f"Internal error. Looks like something went wrong on our end.\n"
                    f"Request ID: {request_id}",
                    "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
                }
            )
        actual = meter.actual_cost(selection, mutation=is_mutation)
        self.bucket.settle(cost, actual)
        if planner.errors:
            done["errors"] = planner.errors
        done["extensions"] = self._extensions(context, cost, actual)
        return done

    def _context(self) -> Context:
        approved = self.world.config.all_orders and "read_all_orders" in self.access.scopes
        return Context(
            self.world,
            self.shop,
            None,
            self.admin,
            self.access.scopes,
            self.access.app,
            int(self.shop.clock.now()),
            all_orders=approved,
            user_id=self.access.user_id,
        )

    def _check_keys(self, selection: Selection) -> None:
        for planned in selection.fields:
            if needs_key(planned.name) and not planned.idempotency_key:
                raise GraphQLRefusal(
                    "The @idempotent directive is required for this mutation but was not provided.",
                    "BAD_REQUEST",
                    [planned.key],
                )

    def _extensions(self, context: Context, requested: int, actual: int | None) -> Answer:
        extensions: Answer = {
            "cost": {
                "requestedQueryCost": requested,
                "actualQueryCost": actual,
                "throttleStatus": self.bucket.status(),
            }
        }
        asked_to_see = request.headers.get("Shopify-Search-Query-Debug") == "1"
        shown = [entry for entry in context.search if asked_to_see or entry.get("warnings")]
        if shown:
            extensions["search"] = shown
        return extensions

    def _throttled(self, cost: int) -> Answer:
        return {
            "errors": [
                {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": COST_DOCS}}
            ],
            "extensions": {
                "cost": {
                    "requestedQueryCost": cost,
                    "actualQueryCost": None,
                    "throttleStatus": self.bucket.status(),
                }
            },
        }


def _too_costly(cost: int) -> Answer:
    message = (
        f"Query cost is {cost}, which exceeds the single query max cost limit ({MAX_QUERY_COST}).\n\n"
        "See https://shopify.dev/concepts/about-apis/rate-limits for more information on how "
        "the\ncost of a query is calculated.\n\n"
        "To query larger amounts of data with fewer limits, bulk operations should be used instead.\n"
        "See https://shopify.dev/tutorials/perform-bulk-operations-with-admin-api for usage details.\n"
    )
    extensions = {
        "code": "MAX_COST_EXCEEDED",
        "cost": cost,
        "maxCost": MAX_QUERY_COST,
        "documentation": COST_DOCS,
    }
    return {"errors": [{"message": message, "extensions": extensions}]}
