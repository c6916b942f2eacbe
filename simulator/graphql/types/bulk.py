"""Bulk operations: run, watch, list, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.bulk import operations
from simulator.graphql.context import MUTATIONS, Arguments, Context, column, each, simulated
from simulator.graphql.loading import one
from simulator.graphql.roots import Root, root
from simulator.graphql.search import by_choice, by_id, by_time
from simulator.graphql.types.shop import NODES, by_number
from simulator.graphql.values import global_id, time_of
from simulator.store.database import Row, number_of, row

_STATUSES = ("CREATED", "RUNNING", "COMPLETED", "CANCELING", "CANCELED", "FAILED", "EXPIRED")
OPERATIONS = root(
    Root(
        "bulkOperations",
        "bulk_operations",
        {"CREATED_AT": "created_at", "COMPLETED_AT": "COALESCE(completed_at, 0)"},
        "CREATED_AT",
        {
            "id": by_id(),
            "status": by_choice({s.lower(): f"status = '{s}'" for s in _STATUSES}),
            "operation_type": by_choice({"query": "1", "mutation": "0"}),
            "created_at": by_time("created_at"),
        },
    )
)


def _current(context: Context, objects: Sequence[Any], arguments: Arguments) -> list[Row | None]:
    if arguments.get("type") == "MUTATION":
        return [None]
    return [row(context.db, "SELECT * FROM bulk_operations ORDER BY id DESC LIMIT 1")]


def _count(name: str) -> Any:
    return each(lambda o: str(o[name]))


def _address(partial: bool) -> Any:
    def resolve(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[str | None]:
        return [
            operations.result_url(context.world, context.shop, o) if bool(o["partial"]) == partial else None
            for o in objects
        ]

    return resolve


simulated(
    "QueryRoot",
    {
        "bulkOperations": OPERATIONS.resolve,
        "currentBulkOperation": _current,
        "bulkOperation": lambda context, objects, arguments: [
            row(
                context.db,
                "SELECT * FROM bulk_operations WHERE id = ?",
                (number_of(arguments["id"], "BulkOperation"),),
            )
        ],
    },
)
simulated(
    "BulkOperation",
    {
        "id": global_id("BulkOperation"),
        "type": each(lambda o: "QUERY"),
        "status": column("status"),
        "errorCode": column("error_code"),
        "query": column("query"),
        "createdAt": time_of("created_at"),
        "completedAt": time_of("completed_at"),
        "objectCount": _count("object_count"),
        "rootObjectCount": _count("root_object_count"),
        "fileSize": each(lambda o: None if o["file_size"] is None else str(o["file_size"])),
        "url": _address(False),
        "partialDataUrl": _address(True),
    },
)
NODES["BulkOperation"] = by_number("bulk_operations")


def _run(context: Context, arguments: Arguments, key: str | None) -> Row:
    return operations.start(context, arguments["query"], bool(arguments.get("groupObjects")))


def _cancel(context: Context, arguments: Arguments, key: str | None) -> Row:
    return operations.cancel(context, number_of(arguments["id"], "BulkOperation"))


MUTATIONS["bulkOperationRunQuery"] = _run
MUTATIONS["bulkOperationCancel"] = _cancel
for _kind in ("RunQuery", "Cancel"):
    simulated(
        f"BulkOperation{_kind}Payload",
        {"bulkOperation": one("bulk_operations", "operation"), "userErrors": column("userErrors")},
    )
simulated("BulkOperationUserError", {name: column(name) for name in ("code", "field", "message")})
