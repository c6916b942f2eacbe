"""The mutations of inventory transfers and shipments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.clock import parse_time
from simulator.graphql.context import Arguments, column, simulated
from simulator.graphql.loading import one
from simulator.graphql.mutations import idempotent
from simulator.store import transfers
from simulator.store.database import Row, Transaction, number_of
from simulator.store.stock import Refused


def _number(text: str | None, kind: str) -> int:
    found = number_of(text or "", kind)
    if found is None:
        raise Refused(f"{text!r} is not the id of a {kind}")
    return found


def _lines(entries: Sequence[Row]) -> list[tuple[int, int]]:
    return [(_number(e["inventoryItemId"], "InventoryItem"), e["quantity"]) for e in entries]


def _create(change: Transaction, arguments: Arguments) -> int:
    given = arguments["input"]
    origin = _number(given["originLocationId"], "Location") if given.get("originLocationId") else None
    created = given.get("dateCreated")
    return transfers.create(
        change,
        _lines(given["lineItems"]),
        _number(given.get("destinationLocationId"), "Location"),
        origin_id=origin,
        reference=given.get("referenceName"),
        note=given.get("note"),
        created_at=int(parse_time(str(created))) if created else None,
    )


@idempotent("inventoryTransferCreate")
def _transfer_create(change: Transaction, arguments: Arguments) -> Row:
    return {"transfer": _create(change, arguments), "userErrors": []}


@idempotent("inventoryTransferCreateAsReadyToShip")
def _transfer_create_ready(change: Transaction, arguments: Arguments) -> Row:
    number = _create(change, arguments)
    transfers.mark_ready(change, number)
    return {"transfer": number, "userErrors": []}


@idempotent("inventoryTransferMarkAsReadyToShip")
def _transfer_ready(change: Transaction, arguments: Arguments) -> Row:
    number = _number(arguments["id"], "InventoryTransfer")
    transfers.mark_ready(change, number)
    return {"transfer": number, "userErrors": []}


@idempotent("inventoryTransferCancel")
def _transfer_cancel(change: Transaction, arguments: Arguments) -> Row:
    number = _number(arguments["id"], "InventoryTransfer")
    transfers.cancel(change, number)
    return {"transfer": number, "userErrors": []}


def _ship(change: Transaction, given: Row, in_transit: bool) -> Row:
    tracking = given.get("trackingInput") or {}
    arrives = tracking.get("arrivesAt")
    number = transfers.ship(
        change,
        _number(given["movementId"], "InventoryTransfer"),
        _lines(given["lineItems"]) or None,
        arrives_at=int(parse_time(str(arrives))) if arrives else None,
        tracking=tracking.get("trackingNumber"),
        company=tracking.get("company"),
        in_transit=in_transit,
    )
    return {"shipment": number, "userErrors": []}


@idempotent("inventoryShipmentCreate")
def _shipment_create(change: Transaction, arguments: Arguments) -> Row:
    return _ship(change, arguments["input"], in_transit=False)


@idempotent("inventoryShipmentCreateInTransit")
def _shipment_create_in_transit(change: Transaction, arguments: Arguments) -> Row:
    return _ship(change, arguments["input"], in_transit=True)


@idempotent("inventoryShipmentMarkInTransit")
def _shipment_in_transit(change: Transaction, arguments: Arguments) -> Row:
    number = _number(arguments["id"], "InventoryShipment")
    transfers.mark_in_transit(change, number)
    return {"shipment": number, "userErrors": []}


@idempotent("inventoryShipmentReceive")
def _shipment_receive(change: Transaction, arguments: Arguments) -> Row:
    number = _number(arguments["id"], "InventoryShipment")
    given = arguments.get("lineItems")
    parts = None
    if given:
        parts = [
            (
                _number(x["shipmentLineItemId"], "InventoryShipmentLineItem"),
                x["quantity"],
                x["reason"] == "ACCEPTED",
            )
            for x in given
        ]
    transfers.receive(change, number, parts)
    return {"shipment": number, "userErrors": []}


def _optional(table: str, key: str) -> Any:
    load = one(table, key)
    return lambda context, objects, arguments: load(context, [{key: o.get(key)} for o in objects], arguments)


for _kind in ("Create", "CreateAsReadyToShip", "MarkAsReadyToShip", "Cancel"):
    simulated(
        f"InventoryTransfer{_kind}Payload",
        {"inventoryTransfer": _optional("transfers", "transfer"), "userErrors": column("userErrors")},
    )
    simulated(f"InventoryTransfer{_kind}UserError", {n: column(n) for n in ("code", "field", "message")})
for _kind in ("Create", "CreateInTransit", "MarkInTransit", "Receive"):
    simulated(
        f"InventoryShipment{_kind}Payload",
        {"inventoryShipment": _optional("shipments", "shipment"), "userErrors": column("userErrors")},
    )
    simulated(f"InventoryShipment{_kind}UserError", {n: column(n) for n in ("code", "field", "message")})
