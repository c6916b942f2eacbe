"""What the control API can do to orders; and how its fields name variants and orders."""

from __future__ import annotations

from typing import Any

from simulator.clock import parse_time
from simulator.store import catalog, orders, payloads
from simulator.store.database import Row, Shop, Transaction, children, number_of, row
from simulator.store.stock import Refused
from simulator.world import World


def number_in(value: Any, what: str) -> int:
    """A number given as such or as a gid."""
    found = number_of(value) if isinstance(value, (int, str)) else None
    if found is None:
        raise Refused(f"{what} is {value!r}; give a number or a gid")
    return found


def _order_id(change: Transaction, given: Row) -> int:
    if given.get("order_id"):
        return number_in(given["order_id"], "order_id")
    found = row(change.db, "SELECT id FROM orders WHERE cancelled_at IS NULL ORDER BY id DESC LIMIT 1")
    if found is None:
        raise Refused("the shop has no order; place one before")
    return int(found["id"])


def variant_in(change: Transaction, entry: Row) -> Row:
    """The variant that an entry names."""
    if entry.get("variant_id") is not None:
        return catalog.find_variant(change, variant_id=number_in(entry["variant_id"], "variant_id"))
    if entry.get("sku"):
        return catalog.find_variant(change, sku=entry["sku"])
    raise Refused("name the variant by variant_id or sku")


def wanted_in(change: Transaction, entries: list[Row]) -> list[orders.Wanted]:
    """Order lines from entries of variant and quantity."""
    return [orders.Wanted(variant_in(change, e), int(e.get("quantity", 1))) for e in entries]


def _shown(change: Transaction, order_id: int) -> Row:
    return {"order": payloads.order_payload(change.db, change.shop, order_id)}


def place_order(world: World, shop: Shop, given: Row) -> Row:
    """{lines:[{variant_id|sku, quantity}], at?, test?, source?, fulfill?, location_id?}"""
    with shop.write() as change:
        at = int(parse_time(given["at"])) if given.get("at") else None
        order_id = orders.place(
            change,
            wanted_in(change, given["lines"]),
            processed_at=at,
            test=bool(given.get("test")),
            source=given.get("source", "web"),
            fulfill=bool(given.get("fulfill")),
            location_id=given.get("location_id"),
        )
        return {"order_id": order_id, **_shown(change, order_id)}


def fulfill_order(world: World, shop: Shop, given: Row) -> Row:
    """{order_id?, location_id?}: ship all that is open (the last order by default), from there if it says where."""
    with shop.write() as change:
        order_id, place = _order_id(change, given), given.get("location_id")
        orders.fulfill(change, order_id, None if place is None else number_in(place, "location_id"))
        return {"order_id": order_id, **_shown(change, order_id)}


def cancel_order(world: World, shop: Shop, given: Row) -> Row:
    """{order_id?, reason?, restock?}"""
    with shop.write() as change:
        order_id = _order_id(change, given)
        orders.cancel(
            change, order_id, given.get("reason", "CUSTOMER").upper(), restock=given.get("restock", True)
        )
        return {"order_id": order_id, **_shown(change, order_id)}


def refund_order(world: World, shop: Shop, given: Row) -> Row:
    """{order_id?, lines?:[{line_id?|sku?, quantity}], restock?: true|false}: one unit of the first line by
    default.
    """
    with shop.write() as change:
        order_id = _order_id(change, given)
        lines = [x for x in children(change.db, "lines", "order_id", [order_id]) if x["current_quantity"]]
        if not lines:
            raise Refused(f"order {order_id} has nothing left to refund")
        kind = "RETURN" if given.get("restock", True) else "NO_RESTOCK"
        wanted = given.get("lines") or [{"line_id": lines[0]["id"], "quantity": 1}]
        back = [orders.Back(_line_id(lines, entry), int(entry.get("quantity", 1)), kind) for entry in wanted]
        refund_id = orders.refund(change, order_id, back, given.get("note"))
        return {"order_id": order_id, "refund_id": refund_id, **_shown(change, order_id)}


def _line_id(lines: list[Row], entry: Row) -> int:
    if entry.get("line_id"):
        return number_in(entry["line_id"], "line_id")
    for line in lines:
        if entry.get("sku") == line["sku"] or entry.get("variant_id") == line["sold_variant_id"]:
            return int(line["id"])
    raise Refused("name the line by line_id, sku or variant_id")


def edit_order(world: World, shop: Shop, given: Row) -> Row:
    """{order_id?, add?:[{variant_id|sku, quantity}], change?:[{line_id|sku, delta}]}"""
    with shop.write() as change:
        order_id = _order_id(change, given)
        lines = children(change.db, "lines", "order_id", [order_id])
        deltas = {_line_id(lines, e): int(e["delta"]) for e in given.get("change", ())}
        if not deltas and not given.get("add"):
            raise Refused("an edit needs add or change")
        orders.edit(change, order_id, add=wanted_in(change, given.get("add", [])), deltas=deltas)
        return {"order_id": order_id, **_shown(change, order_id)}


def delete_order(world: World, shop: Shop, given: Row) -> Row:
    """{order_id?}"""
    with shop.write() as change:
        order_id = (
            _order_id(change, given)
            if not given.get("order_id")
            else number_in(given["order_id"], "order_id")
        )
        orders.delete(change, order_id)
        return {"order_id": order_id}
