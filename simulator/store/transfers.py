"""Stock on its way: transfers, their shipments, and receiving them."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.store import stock
from simulator.store.database import Row, Transaction, children, gid, row
from simulator.store.stock import Refused


def create(
    change: Transaction,
    lines: Sequence[tuple[int, int]],
    destination_id: int,
    *,
    origin_id: int | None = None,
    origin_name: str | None = None,
    reference: str | None = None,
    note: str | None = None,
    created_at: int | None = None,
) -> int:
    """A draft transfer of (inventory item, units) to a location; answers its id."""
    if not lines or any(units <= 0 for _, units in lines):
        raise Refused("a transfer needs at least one item, each of at least 1 unit")
    if origin_id == destination_id:
        raise Refused("a transfer's origin and destination must differ")
    transfer_id = change.next_id()
    number = int(change.meta("transfer_number", 0)) + 1
    change.set_meta("transfer_number", number)
    change.db.execute(
        "INSERT INTO transfers VALUES (?,?,?,?,?,?,?,?,?)",
        (
            transfer_id,
            number,
            "DRAFT",
            origin_id,
            origin_name,
            destination_id,
            reference,
            note,
            created_at or change.now,
        ),
    )
    for item_id, units in lines:
        change.db.execute(
            "INSERT INTO transfer_lines VALUES (?,?,?,?)", (change.next_id(), transfer_id, item_id, units)
        )
    return transfer_id


def find(change: Transaction, transfer_id: int) -> Row:
    """The transfer's row; refuses an unknown id."""
    found = row(change.db, "SELECT * FROM transfers WHERE id = ?", (transfer_id,))
    if found is None:
        raise Refused(f"there is no transfer {transfer_id}")
    return found


def mark_ready(change: Transaction, transfer_id: int) -> None:
    """Draft → ready to ship: units become incoming at the destination, reserved at the origin."""
    transfer = find(change, transfer_id)
    if transfer["status"] != "DRAFT":
        raise Refused(f"transfer {transfer_id} is {transfer['status']}, not DRAFT")
    _set_status(change, transfer_id, "READY_TO_SHIP")
    for line in children(change.db, "transfer_lines", "transfer_id", [transfer_id]):
        stock.move(change, line["item_id"], transfer["destination_id"], "transfer", incoming=line["quantity"])
        if transfer["origin_id"]:
            stock.move(
                change,
                line["item_id"],
                transfer["origin_id"],
                "transfer",
                available=-line["quantity"],
                reserved=line["quantity"],
            )
    change.emit(
        "inventory_transfers/ready_to_ship",
        {"id": transfer_id, "admin_graphql_api_id": gid("InventoryTransfer", transfer_id)},
    )


def ship(
    change: Transaction,
    transfer_id: int,
    lines: Sequence[tuple[int, int]] | None = None,
    *,
    arrives_at: int | None = None,
    tracking: str | None = None,
    company: str | None = None,
    in_transit: bool = True,
) -> int:
    """A shipment of a ready transfer (all of it by default); answers its id."""
    transfer = find(change, transfer_id)
    if transfer["status"] not in ("READY_TO_SHIP", "IN_PROGRESS"):
        raise Refused(f"transfer {transfer_id} is {transfer['status']}; mark it as ready to ship before")
    if lines is None:
        lines = [
            (x["item_id"], x["quantity"])
            for x in children(change.db, "transfer_lines", "transfer_id", [transfer_id])
        ]
    shipment_id = change.next_id()
    change.db.execute(
        "INSERT INTO shipments VALUES (?,?,?,?,?,NULL,?,?,?)",
        (
            shipment_id,
            transfer_id,
            "IN_TRANSIT" if in_transit else "DRAFT",
            change.now,
            change.now if in_transit else None,
            arrives_at,
            tracking,
            company,
        ),
    )
    for item_id, units in lines:
        change.db.execute(
            "INSERT INTO shipment_lines (id, shipment_id, item_id, quantity) VALUES (?,?,?,?)",
            (change.next_id(), shipment_id, item_id, units),
        )
    if in_transit:
        _leave(change, transfer, lines)
    _set_status(change, transfer_id, "IN_PROGRESS")
    change.emit(
        "inventory_shipments/create",
        {"id": shipment_id, "admin_graphql_api_id": gid("InventoryShipment", shipment_id)},
    )
    return shipment_id


def mark_in_transit(change: Transaction, shipment_id: int) -> None:
    """Draft shipment → in transit."""
    shipment = row(change.db, "SELECT * FROM shipments WHERE id = ?", (shipment_id,))
    if shipment is None or shipment["status"] != "DRAFT":
        raise Refused(f"there is no draft shipment {shipment_id}")
    change.db.execute(
        "UPDATE shipments SET status='IN_TRANSIT', shipped_at=? WHERE id=?", (change.now, shipment_id)
    )
    lines = children(change.db, "shipment_lines", "shipment_id", [shipment_id])
    _leave(change, find(change, shipment["transfer_id"]), [(x["item_id"], x["quantity"]) for x in lines])


def _leave(change: Transaction, transfer: Row, lines: Sequence[tuple[int, int]]) -> None:
    for item_id, units in lines:
        if transfer["origin_id"]:
            stock.move(change, item_id, transfer["origin_id"], "shipped", reserved=-units)


def receive(
    change: Transaction, shipment_id: int, parts: Sequence[tuple[int, int, bool]] | None = None
) -> None:
    """Receive (shipment line, units, accepted?) or, by default, accept all that is still on its way."""
    shipment = row(change.db, "SELECT * FROM shipments WHERE id = ?", (shipment_id,))
    if shipment is None or shipment["status"] not in ("IN_TRANSIT", "PARTIALLY_RECEIVED"):
        raise Refused(f"there is no shipment {shipment_id} on its way")
    transfer = find(change, shipment["transfer_id"])
    lines = {x["id"]: x for x in children(change.db, "shipment_lines", "shipment_id", [shipment_id])}
    if parts is None:
        parts = [(x["id"], x["quantity"] - x["accepted"] - x["rejected"], True) for x in lines.values()]
    for line_id, units, accepted in parts:
        line = lines.get(line_id)
        if line is None or units < 0 or units > line["quantity"] - line["accepted"] - line["rejected"]:
            raise Refused(f"shipment line {line_id} does not have {units} units left to receive")
        column = "accepted" if accepted else "rejected"
        change.db.execute(f"UPDATE shipment_lines SET {column} = {column} + ? WHERE id = ?", (units, line_id))
        line[column] += units
        stock.move(
            change,
            line["item_id"],
            transfer["destination_id"],
            "received",
            incoming=-units,
            available=units if accepted else 0,
        )
    done = all(x["quantity"] == x["accepted"] + x["rejected"] for x in lines.values())
    change.db.execute(
        "UPDATE shipments SET status = ?, received_at = ? WHERE id = ?",
        ("RECEIVED" if done else "PARTIALLY_RECEIVED", change.now if done else None, shipment_id),
    )
    if done:
        _finish(change, transfer["id"])
    change.emit(
        "inventory_shipments/receive_items",
        {"id": shipment_id, "admin_graphql_api_id": gid("InventoryShipment", shipment_id)},
    )


def _finish(change: Transaction, transfer_id: int) -> None:
    wanted = sum(x["quantity"] for x in children(change.db, "transfer_lines", "transfer_id", [transfer_id]))
    got = change.db.execute(
        "SELECT COALESCE(SUM(accepted + rejected), 0) FROM shipment_lines WHERE shipment_id IN"
        " (SELECT id FROM shipments WHERE transfer_id = ?)",
        (transfer_id,),
    ).fetchone()[0]
    if got >= wanted:
        _set_status(change, transfer_id, "TRANSFERRED")


def cancel(change: Transaction, transfer_id: int) -> None:
    """Cancel a transfer that has not been shipped."""
    transfer = find(change, transfer_id)
    if transfer["status"] not in ("DRAFT", "READY_TO_SHIP"):
        raise Refused(f"transfer {transfer_id} is {transfer['status']} and cannot be cancelled")
    if transfer["status"] == "READY_TO_SHIP":
        for line in children(change.db, "transfer_lines", "transfer_id", [transfer_id]):
            stock.move(
                change, line["item_id"], transfer["destination_id"], "transfer", incoming=-line["quantity"]
            )
            if transfer["origin_id"]:
                stock.move(
                    change,
                    line["item_id"],
                    transfer["origin_id"],
                    "transfer",
                    available=line["quantity"],
                    reserved=-line["quantity"],
                )
    _set_status(change, transfer_id, "CANCELED")


def _set_status(change: Transaction, transfer_id: int, status: str) -> None:
    change.db.execute("UPDATE transfers SET status = ? WHERE id = ?", (status, transfer_id))
