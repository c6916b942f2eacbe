"""What the control API can do to a shop, each from the fields of a JSON object."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulator.clock import parse_time
from simulator.control import order_actions
from simulator.control.life import live
from simulator.control.order_actions import number_in, variant_in, wanted_in
from simulator.graphql.cost import PLANS
from simulator.identity import install
from simulator.store import catalog, payloads, stock, transfers
from simulator.store.database import Row, Shop, Transaction, row, rows
from simulator.store.stock import Refused
from simulator.world import World

Action = Callable[[World, Shop, Row], Row]


def set_stock(world: World, shop: Shop, given: Row) -> Row:
    """{variant_id|sku, available|on_hand|delta, name?, location_id?}"""
    with shop.write() as change:
        variant = variant_in(change, given)
        places = rows(change.db, "SELECT id FROM locations WHERE active ORDER BY id")
        place = (
            number_in(given["location_id"], "location_id") if given.get("location_id") else places[0]["id"]
        )
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
        lines = [(w.variant["item_id"], w.quantity) for w in wanted_in(change, given["lines"])]
        place = (
            given.get("destination_id")
            or rows(change.db, "SELECT id FROM locations WHERE active ORDER BY id")[0]["id"]
        )
        number = transfers.create(
            change,
            lines,
            number_in(place, "destination_id"),
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
    where = "" if given["receive"] is True else f" AND transfer_id = {number_in(given['receive'], 'receive')}"
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
            catalog.delete_product(change, number_in(given["delete"], "delete"))
            return {"deleted": given["delete"]}
        if given.get("delete_variant"):
            variant = catalog.find_variant(
                change, variant_id=number_in(given["delete_variant"], "delete_variant")
            )
            catalog.delete_variant(change, variant)
            catalog.touch_product(change, variant["product_id"])
            return {"deleted": given["delete_variant"]}
        if given.get("update"):
            fields = {k: given[k] for k in ("title", "vendor", "status", "product_type") if k in given}
            catalog.update_product(change, number_in(given["update"], "update"), **fields)
            return {"product_id": given["update"]}
        if given.get("set"):
            variant = variant_in(change, given)
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
            change, number_in(given["location_id"], "location_id"), bool(given["active"])
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
    "orders": order_actions.place_order,
    "fulfill": order_actions.fulfill_order,
    "cancel": order_actions.cancel_order,
    "refund": order_actions.refund_order,
    "edit": order_actions.edit_order,
    "delete_order": order_actions.delete_order,
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
