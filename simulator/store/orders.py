"""What happens to orders: placed, fulfilled, edited, refunded, cancelled, deleted.

Each operation changes the rows that the Admin API shows **and**, apart from them, writes `unit_events`: the
simulator's own record of units, from which the truth is computed. Test orders and gift cards leave no record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.store import payloads, stock
from simulator.store.database import Row, Transaction, children, row
from simulator.store.stock import Refused


@dataclass(frozen=True)
class Wanted:
    """Units of one variant in an order."""

    variant: Row
    quantity: int


@dataclass(frozen=True)
class Back:
    """Units of a line that are refunded; `restock` is RETURN, CANCEL or NO_RESTOCK."""

    line_id: int
    quantity: int
    restock: str


def find_order(change: Transaction, order_id: int) -> Row:
    """The order's row; refuses an unknown id."""
    found = row(change.db, "SELECT * FROM orders WHERE id = ?", (order_id,))
    if found is None:
        raise Refused(f"there is no order {order_id}")
    return found


def place(
    change: Transaction,
    wanted: Sequence[Wanted],
    *,
    processed_at: int | None = None,
    test: bool = False,
    source: str = "web",
    fulfill: bool = False,
    location_id: int | None = None,
) -> int:
    """Place an order (stock becomes committed) and answer its id. `processed_at` may lie in the past."""
    if not wanted or any(w.quantity <= 0 for w in wanted):
        raise Refused("an order needs at least one line, each of at least 1 unit")
    place_id = location_id or _selling_location(change)
    order_id = change.next_id(2)  # the second is its fulfilment's
    number = int(change.meta("order_number", 1000)) + 1
    change.set_meta("order_number", number)
    sold_at = change.now if processed_at is None else int(processed_at)
    change.db.execute(
        "INSERT INTO orders (id, number, created_at, processed_at, updated_at, test, source, location_id)"
        " VALUES (?,?,?,?,?,?,?,?)",
        (order_id, number, change.now, sold_at, change.now, int(test), source, place_id),
    )
    order = find_order(change, order_id)
    for want in wanted:
        _add_line(change, order, want, ordered=want.quantity)
    if fulfill:
        _fulfill(change, order)
    change.emit("orders/create", payloads.order_payload(change.db, change.shop, order_id))
    return order_id


def _selling_location(change: Transaction) -> int:
    found = row(change.db, "SELECT id FROM locations WHERE active AND online ORDER BY id LIMIT 1")
    if found is None:
        raise Refused("the shop has no active location that fulfils online orders")
    return int(found["id"])


def _add_line(change: Transaction, order: Row, want: Wanted, *, ordered: int) -> int:
    variant, quantity = want.variant, want.quantity
    product = row(change.db, "SELECT * FROM products WHERE id = ?", (variant["product_id"],))
    assert product is not None
    line_id = change.next_id()
    title = None if variant["title"] == "Default Title" else variant["title"]
    change.db.execute(
        "INSERT INTO lines VALUES (?,?,?,?,?,?,?,?,?,?,?,0,?,?,?,?,?)",
        (
            line_id,
            order["id"],
            variant["id"],
            product["id"],
            variant["sku"],
            product["title"],
            title,
            product["vendor"],
            ordered,
            quantity,
            quantity,
            variant["price"],
            variant["price"],
            product["gift_card"],
            variant["requires_shipping"],
            variant["id"],
        ),
    )
    _record(change, order, variant["id"], "sale", quantity, product["gift_card"])
    if variant["tracked"]:
        stock.move(
            change, variant["item_id"], order["location_id"], "order", available=-quantity, committed=quantity
        )
    return line_id


def _record(
    change: Transaction, order: Row, variant_id: int | None, kind: str, delta: int, gift_card: int
) -> None:
    if variant_id is None or order["test"] or gift_card or not delta:
        return
    change.db.execute(
        "INSERT INTO unit_events (order_id, variant_id, sold_at, happened_at, kind, delta) "
        "VALUES (?,?,?,?,?,?)",
        (order["id"], variant_id, order["processed_at"], change.now, kind, delta),
    )


def fulfill(change: Transaction, order_id: int, location_id: int | None = None) -> None:
    """Ship all that is open, from another location than planned if `location_id` says so: units leave the shelf."""
    order = find_order(change, order_id)
    if order["fulfilled_at"] or order["cancelled_at"]:
        raise Refused(f"order {order_id} is already fulfilled or cancelled")
    if location_id is not None and location_id != order["location_id"]:
        order = _send_from(change, order, location_id)
    _fulfill(change, order)
    touch(change, order_id)


def _send_from(change: Transaction, order: Row, location_id: int) -> Row:
    """Plan the order's shipment at another active location: what it holds moves there. POS orders stay."""
    if order["source"] == "pos":
        raise Refused(f"order {order['id']} was sold over the counter; it cannot be sent from elsewhere")
    if not row(change.db, "SELECT id FROM locations WHERE id = ? AND active", (location_id,)):
        raise Refused(f"there is no active location {location_id}")
    moved = {**order, "location_id": location_id}
    for line in children(change.db, "lines", "order_id", [order["id"]]):
        held = line["current_quantity"] - line["fulfilled"]
        _move_line(change, order, line, "order", available=held, committed=-held)
        _move_line(change, moved, line, "order", available=-held, committed=held)
    change.db.execute("UPDATE orders SET location_id = ? WHERE id = ?", (location_id, order["id"]))
    return moved


def _fulfill(change: Transaction, order: Row) -> None:
    for line in children(change.db, "lines", "order_id", [order["id"]]):
        open_units = line["current_quantity"] - line["fulfilled"]
        _move_line(change, order, line, "fulfilled", committed=-open_units)
        change.db.execute("UPDATE lines SET fulfilled = current_quantity WHERE id = ?", (line["id"],))
    change.db.execute(
        "UPDATE orders SET fulfilled_at = ?, closed_at = ? WHERE id = ?",
        (change.now, change.now, order["id"]),
    )


def _move_line(change: Transaction, order: Row, line: Row, reason: str, **deltas: int) -> None:
    """Stock movement of a line, if its variant still exists and is tracked."""
    variant = row(change.db, "SELECT * FROM variants WHERE id = ?", (line["variant_id"],))
    if variant and variant["tracked"] and any(deltas.values()):
        stock.move(change, variant["item_id"], order["location_id"], reason, **deltas)


def touch(change: Transaction, order_id: int, *topics: str) -> None:
    """Set `updated_at` and publish orders/updated (after `topics`)."""
    change.db.execute("UPDATE orders SET updated_at = ? WHERE id = ?", (change.now, order_id))
    payload = payloads.order_payload(change.db, change.shop, order_id)
    for topic in (*topics, "orders/updated"):
        change.emit(topic, payload)


def refund(change: Transaction, order_id: int, back: Sequence[Back], note: str | None = None) -> int:
    """Refund units of lines, restocking them or not; answers the refund's id."""
    order = find_order(change, order_id)
    if order["cancelled_at"]:
        raise Refused(f"order {order_id} is cancelled")
    refund_id = _refund(change, order, back, note, "refund")
    touch(change, order_id)
    return refund_id


def _refund(change: Transaction, order: Row, back: Sequence[Back], note: str | None, kind: str) -> int:
    lines = {line["id"]: line for line in children(change.db, "lines", "order_id", [order["id"]])}
    refund_id = change.next_id()
    agreement = change.next_id()
    restocked = any(b.restock in ("RETURN", "CANCEL") for b in back)
    change.db.execute(
        "INSERT INTO refunds VALUES (?,?,?,?,?)", (refund_id, order["id"], change.now, note, int(restocked))
    )
    change.db.execute(
        "INSERT INTO agreements VALUES (?,?,?,?,?)", (agreement, order["id"], change.now, "REFUND", refund_id)
    )
    for item in back:
        line = lines.get(item.line_id)
        if line is None or not 0 < item.quantity <= line["current_quantity"]:
            raise Refused(
                f"line {item.line_id} of order {order['id']} cannot give back {item.quantity} units"
            )
        _refund_line(change, order, line, item, refund_id, agreement, kind)
    left = change.db.execute(
        "SELECT SUM(current_quantity) FROM lines WHERE order_id = ?", (order["id"],)
    ).fetchone()[0]
    status = "PARTIALLY_REFUNDED" if left else "REFUNDED"
    change.db.execute("UPDATE orders SET financial = ? WHERE id = ?", (status, order["id"]))
    stored = row(change.db, "SELECT * FROM refunds WHERE id = ?", (refund_id,))
    assert stored is not None
    change.emit("refunds/create", payloads.refund_payload(change.db, change.shop, stored))
    return refund_id


def _refund_line(
    change: Transaction, order: Row, line: Row, item: Back, refund_id: int, agreement: int, kind: str
) -> None:
    if item.restock not in ("RETURN", "CANCEL", "NO_RESTOCK"):
        raise Refused(f"restock type {item.restock!r} is unknown; use RETURN, CANCEL or NO_RESTOCK")
    units = item.quantity
    amount = units * line["discounted"]
    back_at = order["location_id"] if item.restock != "NO_RESTOCK" else None
    change.db.execute(
        "INSERT INTO refund_lines VALUES (?,?,?,?,?,?,?)",
        (change.next_id(), refund_id, line["id"], units, item.restock, back_at, amount),
    )
    change.db.execute(
        "INSERT INTO sales VALUES (?,?,?,?,?,?)",
        (change.next_id(), agreement, "RETURN", -units, line["id"], -amount),
    )
    waiting = line["current_quantity"] - line["fulfilled"]  # units not yet shipped go first
    unshipped = min(units, max(waiting, 0))
    change.db.execute(
        "UPDATE lines SET current_quantity = current_quantity - ?, fulfilled = fulfilled - ? WHERE id = ?",
        (units, units - unshipped, line["id"]),
    )
    line["current_quantity"] -= units
    line["fulfilled"] -= units - unshipped
    _move_line(change, order, line, kind, committed=-unshipped, available=units if back_at else 0)
    _record(change, order, line["sold_variant_id"], kind, -units, line["gift_card"])


def cancel(change: Transaction, order_id: int, reason: str = "CUSTOMER", *, restock: bool = True) -> None:
    """Cancel an order: all that is left of it is refunded, restocked unless told otherwise."""
    order = find_order(change, order_id)
    if order["cancelled_at"]:
        raise Refused(f"order {order_id} is cancelled already")
    lines = children(change.db, "lines", "order_id", [order_id])
    kind = "NO_RESTOCK" if not restock else "RETURN" if order["fulfilled_at"] else "CANCEL"
    back = [Back(line["id"], line["current_quantity"], kind) for line in lines if line["current_quantity"]]
    if back:
        _refund(change, order, back, "Cancelled", "cancel")
    change.db.execute(
        "UPDATE orders SET cancelled_at = ?, closed_at = ?, cancel_reason = ? WHERE id = ?",
        (change.now, change.now, reason, order_id),
    )
    touch(change, order_id, "orders/cancelled")


def edit(
    change: Transaction, order_id: int, *, add: Sequence[Wanted] = (), deltas: dict[int, int] | None = None
) -> None:
    """Edit an order: new lines (`add`), more or fewer units of its lines (`deltas` by line id)."""
    order = find_order(change, order_id)
    if order["cancelled_at"]:
        raise Refused(f"order {order_id} is cancelled")
    agreement = change.next_id()
    change.db.execute(
        "INSERT INTO agreements VALUES (?,?,?,?,NULL)", (agreement, order_id, change.now, "ORDER_EDIT")
    )
    changes = [(_add_line(change, order, want, ordered=0), want.quantity) for want in add]
    lines = {line["id"]: line for line in children(change.db, "lines", "order_id", [order_id])}
    for line_id, delta in (deltas or {}).items():
        _edit_line(change, order, lines.get(line_id), delta)
        changes.append((line_id, delta))
    for line_id, delta in changes:
        price = change.db.execute("SELECT discounted FROM lines WHERE id = ?", (line_id,)).fetchone()[0]
        change.db.execute(
            "INSERT INTO sales VALUES (?,?,?,?,?,?)",
            (change.next_id(), agreement, "UPDATE", delta, line_id, delta * price),
        )
    change.db.execute("UPDATE orders SET edited = 1 WHERE id = ?", (order_id,))
    change.emit("orders/edited", _edit_payload(change, order_id, agreement, changes))
    touch(change, order_id)


def _edit_line(change: Transaction, order: Row, line: Row | None, delta: int) -> None:
    if line is None or not delta or line["current_quantity"] - line["fulfilled"] + delta < 0:
        raise Refused(
            f"that line of order {order['id']} cannot be changed by {delta} units (shipped units stay)"
        )
    change.db.execute(
        "UPDATE lines SET quantity = quantity + ?, current_quantity = current_quantity + ? WHERE id = ?",
        (max(delta, 0), delta, line["id"]),
    )
    _move_line(change, order, line, "edit", available=-delta, committed=delta)
    _record(change, order, line["sold_variant_id"], "edit", delta, line["gift_card"])


def _edit_payload(change: Transaction, order_id: int, number: int, changes: list[tuple[int, int]]) -> Row:
    at = change.shop.local_time(change.now)
    return {
        "order_edit": {
            "id": number,
            "app_id": None,
            "order_id": order_id,
            "created_at": at,
            "committed_at": at,
            "notify_customer": False,
            "staff_note": "",
            "user_id": None,
            "line_items": {
                "additions": [{"id": line, "delta": delta} for line, delta in changes if delta > 0],
                "removals": [{"id": line, "delta": -delta} for line, delta in changes if delta < 0],
            },
        }
    }


def delete(change: Transaction, order_id: int) -> None:
    """Delete an order for good; its units no longer count. Only closed or cancelled orders may go."""
    order = find_order(change, order_id)
    if not order["closed_at"]:
        raise Refused(f"order {order_id} is open; cancel or fulfil it before deleting")
    for line in children(change.db, "lines", "order_id", [order_id]):
        _record(
            change, order, line["sold_variant_id"], "delete", -line["current_quantity"], line["gift_card"]
        )
    for table, key in (
        ("refund_lines", "refund_id IN (SELECT id FROM refunds WHERE order_id = ?)"),
        ("sales", "agreement_id IN (SELECT id FROM agreements WHERE order_id = ?)"),
        ("refunds", "order_id = ?"),
        ("agreements", "order_id = ?"),
        ("lines", "order_id = ?"),
        ("orders", "id = ?"),
    ):
        change.db.execute(f"DELETE FROM {table} WHERE {key}", (order_id,))
    change.emit("orders/delete", {"id": order_id})
