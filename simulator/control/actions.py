"""What the control API can do to a shop, each from the fields of a JSON object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulator.clock import parse_time
from simulator.control.life import live
from simulator.graphql.cost import PLANS
from simulator.identity import install
from simulator.store import catalog, orders, payloads, stock, transfers
from simulator.store.database import Row, Shop, Transaction, children, number_of, row, rows
from simulator.store.stock import Refused
from simulator.world import World

Action = Callable[[World, Shop, Row], Row]


def _number(value: Any, what: str) -> int:
    found = number_of(value) if isinstance(value, (int, str)) else None
    if found is None:
        raise Refused(f"{what} is {value!r}; give a number or a gid")
    return found


def _order_id(change: Transaction, given: Row) -> int:
    if given.get("order_id"):
        return _number(given["order_id"], "order_id")
    found = row(change.db, "SELECT id FROM orders WHERE cancelled_at IS NULL ORDER BY id DESC LIMIT 1")
    if found is None:
        raise Refused("the shop has no order; place one before")
    return int(found["id"])


def _variant(change: Transaction, entry: Row) -> Row:
    if entry.get("variant_id") is not None:
        return catalog.find_variant(change, variant_id=_number(entry["variant_id"], "variant_id"))
    if entry.get("sku"):
        return catalog.find_variant(change, sku=entry["sku"])
    raise Refused("name the variant by variant_id or sku")


def _wanted(change: Transaction, entries: list[Row]) -> list[orders.Wanted]:
    return [orders.Wanted(_variant(change, e), int(e.get("quantity", 1))) for e in entries]


def _shown(change: Transaction, order_id: int) -> Row:
    return {"order": payloads.order_payload(change.db, change.shop, order_id)}


def place_order(world: World, shop: Shop, given: Row) -> Row:
    """{lines:[{variant_id|sku, quantity}], at?, test?, source?, fulfill?, location_id?}"""
    with shop.write() as change:
        at = int(parse_time(given["at"])) if given.get("at") else None
        order_id = orders.place(
            change,
            _wanted(change, given["lines"]),
            processed_at=at,
            test=bool(given.get("test")),
            source=given.get("source", "web"),
            fulfill=bool(given.get("fulfill")),
            location_id=given.get("location_id"),
        )
        return {"order_id": order_id, **_shown(change, order_id)}


def fulfill_order(world: World, shop: Shop, given: Row) -> Row:
    """{order_id?}: ship all that is open (the last order by default)."""
    with shop.write() as change:
        order_id = _order_id(change, given)
        orders.fulfill(change, order_id)
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
        return _number(entry["line_id"], "line_id")
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
        orders.edit(change, order_id, add=_wanted(change, given.get("add", [])), deltas=deltas)
        return {"order_id": order_id, **_shown(change, order_id)}


def delete_order(world: World, shop: Shop, given: Row) -> Row:
    """{order_id?}"""
    with shop.write() as change:
        order_id = (
            _order_id(change, given) if not given.get("order_id") else _number(given["order_id"], "order_id")
        )
        orders.delete(change, order_id)
        return {"order_id": order_id}


def set_stock(world: World, shop: Shop, given: Row) -> Row:
    """{variant_id|sku, available|on_hand|delta, name?, location_id?}"""
    with shop.write() as change:
        variant = _variant(change, given)
        places = rows(change.db, "SELECT id FROM locations WHERE active ORDER BY id")
        place = _number(given["location_id"], "location_id") if given.get("location_id") else places[0]["id"]
        if given.get("delta") is not None:
            stock.move(
                change,
                variant["item_id"],
                place,
                "control",
                **{given.get("name", "available"): int(given["delta"])},
            )
        else:
            name = next((n for n in ("available", "on_hand") if given.get(n) is not None), None)
            if name is None:
                raise Refused("give available, on_hand or delta")
            stock.set_quantity(change, variant["item_id"], place, name, int(given[name]), "control")
        level = stock.level_of(change, variant["item_id"], place)
        return {"level": {**level, "on_hand": stock.on_hand(level)}}


def transfer(world: World, shop: Shop, given: Row) -> Row:
    """{lines:[{variant_id|sku, quantity}], arrives_at?, destination_id?, origin_id?, reference?} makes one
    on its way;
    {receive: transfer id | true, rejected?} receives it (true: the oldest)."""
    with shop.write() as change:
        if given.get("receive"):
            return _receive(change, given)
        lines = [(w.variant["item_id"], w.quantity) for w in _wanted(change, given["lines"])]
        place = (
            given.get("destination_id")
            or rows(change.db, "SELECT id FROM locations WHERE active ORDER BY id")[0]["id"]
        )
        number = transfers.create(
            change,
            lines,
            _number(place, "destination_id"),
            origin_id=given.get("origin_id"),
            origin_name=given.get("origin_name", "Supplier"),
            reference=given.get("reference"),
        )
        if not given.get("draft"):
            transfers.mark_ready(change, number)
            arrives = int(parse_time(given["arrives_at"])) if given.get("arrives_at") else None
            transfers.ship(change, number, arrives_at=arrives)
        return {"transfer_id": number}


def _receive(change: Transaction, given: Row) -> Row:
    where = "" if given["receive"] is True else f" AND transfer_id = {_number(given['receive'], 'receive')}"
    found = row(
        change.db,
        f"SELECT * FROM shipments WHERE status IN ('IN_TRANSIT', 'PARTIALLY_RECEIVED'){where} "
        "ORDER BY id LIMIT 1",
    )
    if found is None:
        raise Refused("there is no shipment on its way")
    transfers.receive(change, found["id"])
    return {"transfer_id": found["transfer_id"], "shipment_id": found["id"]}


def product(world: World, shop: Shop, given: Row) -> Row:
    """{title, skus, vendor?, price?, unit_cost?, stock?} creates; {delete: id} deletes; {update: id,
    title?…} changes;
    {delete_variant: id}; {variant_id|sku, set: {sku?, price?, unit_cost?, tracked?}} changes a variant."""
    with shop.write() as change:
        if given.get("delete"):
            catalog.delete_product(change, _number(given["delete"], "delete"))
            return {"deleted": given["delete"]}
        if given.get("delete_variant"):
            variant = catalog.find_variant(
                change, variant_id=_number(given["delete_variant"], "delete_variant")
            )
            catalog.delete_variant(change, variant)
            catalog.touch_product(change, variant["product_id"])
            return {"deleted": given["delete_variant"]}
        if given.get("update"):
            fields = {k: given[k] for k in ("title", "vendor", "status", "product_type") if k in given}
            catalog.update_product(change, _number(given["update"], "update"), **fields)
            return {"product_id": given["update"]}
        if given.get("set"):
            variant = _variant(change, given)
            catalog.update_variant(change, variant, **given["set"])
            return {"variant_id": variant["id"]}
        number = catalog.create_product(
            change,
            given["title"],
            skus=given.get("skus") or [given["title"].upper()[:12]],
            vendor=given.get("vendor", "Hand made"),
            price=int(given.get("price", 1000)),
            unit_cost=given.get("unit_cost", 400),
            stock_units=int(given.get("stock", 0)),
        )
        variants = rows(
            change.db,
            "SELECT id, sku, item_id FROM variants WHERE product_id = ? ORDER BY position",
            (number,),
        )
        return {"product_id": number, "variants": variants}


def location(world: World, shop: Shop, given: Row) -> Row:
    """{location_id, active}"""
    with shop.write() as change:
        catalog.set_location_active(
            change, _number(given["location_id"], "location_id"), bool(given["active"])
        )
        return {"location_id": given["location_id"]}


def timezone(world: World, shop: Shop, given: Row) -> Row:
    """{timezone}: the shop moves to another zone (shop/update)."""
    try:
        ZoneInfo(given["timezone"])
    except (ZoneInfoNotFoundError, ValueError):
        raise Refused(f"{given['timezone']!r} is not an IANA time zone, e.g. America/New_York") from None
    with shop.write() as change:
        change.set_meta("timezone", given["timezone"])
    with shop.write() as change:
        change.emit("shop/update", payloads.shop_payload(shop))
    return {"timezone": given["timezone"]}


def plan(world: World, shop: Shop, given: Row) -> Row:
    """{plan: standard|advanced|plus|enterprise}: another bucket (shop/update)."""
    if given["plan"] not in PLANS:
        raise Refused(f"there is no plan {given['plan']!r}; use one of {', '.join(PLANS)}")
    with shop.write() as change:
        change.set_meta("plan", given["plan"])
    with shop.write() as change:
        change.emit("shop/update", payloads.shop_payload(shop))
    world.bucket(shop).set_plan(given["plan"])
    return {"plan": given["plan"]}


def scopes(world: World, shop: Shop, given: Row) -> Row:
    """{scopes:[…]}: what the installation is granted from now on (app/scopes_update)."""
    install.set_scopes(shop, world.manifest, list(given["scopes"]))
    return {"scopes": given["scopes"]}


def do_install(world: World, shop: Shop, given: Row) -> Row:
    """{}: what the Install button does."""
    install.install(shop, world.manifest, optional=world.config.grant_optional)
    return {"scopes": sorted(install.granted_scopes(shop, world.manifest))}


def do_uninstall(world: World, shop: Shop, given: Row) -> Row:
    """{}: what the Uninstall button does."""
    install.uninstall(shop, world.manifest)
    return {"uninstalled": shop.domain}


def redact(world: World, shop: Shop, given: Row) -> Row:
    """{}: shop/redact now; {customer: {id, email}, orders: […]}: customers/redact; {data_request: …}:
    customers/data_request.
    """
    if not given.get("customer"):
        install.redact(shop)
        return {"topic": "shop/redact"}
    topic = "customers/data_request" if given.get("data_request") else "customers/redact"
    with shop.write() as change:
        ids = {"shop_id": change.meta("shop_id"), "shop_domain": shop.domain, "customer": given["customer"]}
        key = "orders_requested" if topic.endswith("request") else "orders_to_redact"
        more = {"data_request": {"id": change.next_id()}} if topic.endswith("request") else {}
        change.emit(topic, {**ids, key: given.get("orders", []), **more})
    return {"topic": topic}


def revoke(world: World, shop: Shop, given: Row) -> Row:
    """{}: all access and refresh tokens stop working, the installation stays."""
    from simulator.identity.tokens import revoke_all

    with shop.write() as change:
        revoke_all(change)
    return {"revoked": True}


ACTIONS: dict[str, Action] = {
    "orders": place_order,
    "fulfill": fulfill_order,
    "cancel": cancel_order,
    "refund": refund_order,
    "edit": edit_order,
    "delete_order": delete_order,
    "stock": set_stock,
    "transfer": transfer,
    "product": product,
    "location": location,
    "timezone": timezone,
    "plan": plan,
    "scopes": scopes,
    "install": do_install,
    "uninstall": do_uninstall,
    "redact": redact,
    "revoke": revoke,
    "live": live,
}
