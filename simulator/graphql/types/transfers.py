"""Inventory transfers and shipments, with the mutations that move stock between locations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.graphql.context import Arguments, Context, column, each, simulated
from simulator.graphql.loading import listed, nested, one
from simulator.graphql.roots import Root, root
from simulator.graphql.search import by_choice, by_id, by_text, by_time
from simulator.graphql.types.shop import NODES, by_number
from simulator.graphql.values import global_id, time_of
from simulator.store.database import Row, number_of, row

_STATUSES = ("DRAFT", "READY_TO_SHIP", "IN_PROGRESS", "TRANSFERRED", "CANCELED", "OTHER")
TRANSFERS = root(
    Root(
        "inventoryTransfers",
        "transfers",
        {"ID": "id", "CREATED_AT": "created_at", "NAME": "number", "STATUS": "status"},
        "ID",
        {
            "id": by_id(),
            "status": by_choice({s.lower(): f"status = '{s}'" for s in _STATUSES}),
            "created_at": by_time("created_at"),
            "reference_name": by_text("reference"),
            "name": by_text("('#T' || number)"),
            "origin_id": by_id("origin_id"),
            "destination_id": by_id("destination_id"),
        },
        by_text("('#T' || number)"),
    )
)


def _sum(table: str, key: str, expression: str) -> Any:
    def resolve(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[int]:
        return [
            context.db.execute(
                f"SELECT COALESCE(SUM({expression}), 0) FROM {table} WHERE {key} = ?", (o["id"],)
            ).fetchone()[0]
            for o in objects
        ]

    return resolve


_OF_TRANSFER = "shipment_id IN (SELECT id FROM shipments WHERE transfer_id = ?)"


def _received(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[int]:
    sql = f"SELECT COALESCE(SUM(accepted + rejected), 0) FROM shipment_lines WHERE {_OF_TRANSFER}"
    return [context.db.execute(sql, (o["id"],)).fetchone()[0] for o in objects]


def _shipped(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[int]:
    sql = f"SELECT COALESCE(SUM(quantity), 0) FROM shipment_lines WHERE item_id = ? AND {_OF_TRANSFER}"
    return [context.db.execute(sql, (o["item_id"], o["transfer_id"])).fetchone()[0] for o in objects]


def _snapshot(end: str) -> Any:
    def resolve(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[Row | None]:
        return [
            None
            if o[f"{end}_id"] is None and not o.get(f"{end}_name")
            else {"place": o[f"{end}_id"], "name": o.get(f"{end}_name"), "at": o["created_at"]}
            for o in objects
        ]

    return resolve


def _place_name(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[str]:
    places = one("locations", "place")(context, objects, arguments)
    return [s["name"] or (p["name"] if p else "") for s, p in zip(objects, places, strict=True)]


simulated(
    "QueryRoot",
    {
        "inventoryTransfers": TRANSFERS.resolve,
        "inventoryTransfer": lambda context, objects, arguments: [
            row(
                context.db,
                "SELECT * FROM transfers WHERE id = ?",
                (number_of(arguments["id"], "InventoryTransfer"),),
            )
        ],
        "inventoryShipment": lambda context, objects, arguments: [
            row(
                context.db,
                "SELECT * FROM shipments WHERE id = ?",
                (number_of(arguments["id"], "InventoryShipment"),),
            )
        ],
    },
)
simulated(
    "InventoryTransfer",
    {
        "id": global_id("InventoryTransfer"),
        "name": each(lambda t: f"#T{t['number']:04d}"),
        "status": column("status"),
        "dateCreated": time_of("created_at"),
        "referenceName": column("reference"),
        "note": column("note"),
        "tags": each(lambda t: []),
        "totalQuantity": _sum("transfer_lines", "transfer_id", "quantity"),
        "receivedQuantity": _received,
        "origin": _snapshot("origin"),
        "destination": _snapshot("destination"),
        "lineItems": nested("lineItems", listed("transfer_lines", "transfer_id")),
        "shipments": nested("shipments", listed("shipments", "transfer_id")),
    },
)
simulated(
    "LocationSnapshot",
    {"name": _place_name, "location": one("locations", "place"), "snapshottedAt": time_of("at")},
)
simulated(
    "InventoryTransferLineItem",
    {
        "id": global_id("InventoryTransferLineItem"),
        "inventoryItem": one("variants", "item_id", "item_id"),
        "totalQuantity": column("quantity"),
        "shippedQuantity": _shipped,
        "shippableQuantity": lambda context, objects, arguments: [
            o["quantity"] - s for o, s in zip(objects, _shipped(context, objects, arguments), strict=True)
        ],
    },
)
simulated(
    "InventoryShipment",
    {
        "id": global_id("InventoryShipment"),
        "name": each(lambda s: f"#S{s['id'] % 100000}"),
        "status": column("status"),
        "dateCreated": time_of("created_at"),
        "dateShipped": time_of("shipped_at"),
        "dateReceived": time_of("received_at"),
        "tracking": each(lambda s: s),
        "lineItems": nested("lineItems", listed("shipment_lines", "shipment_id")),
        "lineItemTotalQuantity": _sum("shipment_lines", "shipment_id", "quantity"),
        "totalReceivedQuantity": _sum("shipment_lines", "shipment_id", "accepted + rejected"),
        "totalAcceptedQuantity": _sum("shipment_lines", "shipment_id", "accepted"),
        "totalRejectedQuantity": _sum("shipment_lines", "shipment_id", "rejected"),
    },
)
simulated(
    "InventoryShipmentTracking",
    {
        "arrivesAt": time_of("arrives_at"),
        "company": column("company"),
        "trackingNumber": column("tracking_number"),
    },
)
simulated(
    "InventoryShipmentLineItem",
    {
        "id": global_id("InventoryShipmentLineItem"),
        "inventoryItem": one("variants", "item_id", "item_id"),
        "quantity": column("quantity"),
        "acceptedQuantity": column("accepted"),
        "rejectedQuantity": column("rejected"),
        "unreceivedQuantity": each(lambda x: x["quantity"] - x["accepted"] - x["rejected"]),
    },
)
NODES["InventoryTransfer"] = by_number("transfers")
NODES["InventoryShipment"] = by_number("shipments")
