"""What a stored webhook delivery sets in motion. Payloads only say what to look at: Shopify is asked anew,
so that duplicates, late arrivals and a changed order of deliveries change nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from app.jobs import clients, forecasts
from app.platform import clock
from app.platform.queue import enqueue, store_job
from app.services import audit, catalog, inventory, sales, stores
from app.services import sync as runs
from app.services.sync import Receipt
from app.shopify import rows

log = logging.getLogger(__name__)
Handler = Callable[[int, dict[str, Any]], None]


@store_job
def handle(store_id: int, receipt_id: int) -> None:
    """Do what a delivery asks for, once."""
    receipt = runs.receipt(receipt_id)
    if receipt is None or receipt.is_handled:
        return
    _dispatch(store_id, receipt)
    runs.mark_handled(receipt_id, now=clock.now())


def _dispatch(store_id: int, receipt: Receipt) -> None:
    handler = HANDLERS.get(receipt.topic)
    if handler is None:
        log.warning("webhook without a handler", extra={"topic": receipt.topic})
        return
    if not stores.get(store_id).is_active and receipt.topic not in _WITHOUT_TOKEN:
        log.info("webhook of a store that is not active", extra={"topic": receipt.topic})
        return
    handler(store_id, receipt.payload)


def _order(store_id: int, payload: dict[str, Any]) -> None:
    refresh_order(store_id, _id_of(payload, "id"))


def _refund(store_id: int, payload: dict[str, Any]) -> None:
    refresh_order(store_id, _id_of(payload, "order_id"))


def _edited(store_id: int, payload: dict[str, Any]) -> None:
    refresh_order(store_id, _id_of(payload.get("order_edit") or {}, "order_id"))


def refresh_order(store_id: int, order_id: int | None) -> None:
    """Store one order as Shopify has it now, with all its lines, and count its day anew."""
    if order_id is None:
        return
    client, zone = clients.admin(store_id, priority="webhook"), stores.time_zone()
    before, seen = sales.day_of(order_id, time_zone=zone), False
    for order, page in client.pages("order", "order", "lineItems", id=rows.gid("Order", order_id)):
        if not seen:
            sales.store_orders([rows.order(order)])
        seen = True
        sales.store_lines([rows.line(node, order_id) for node in page["nodes"]])
    if not seen:  # deleted in the meantime
        sales.delete_order(order_id, time_zone=zone)
        return
    days = (before, sales.day_of(order_id, time_zone=zone))
    sales.rebuild_days(time_zone=zone, days=[day for day in days if day is not None])


def _order_deleted(_store_id: int, payload: dict[str, Any]) -> None:
    order_id = _id_of(payload, "id")
    if order_id is not None:
        sales.delete_order(order_id, time_zone=stores.time_zone())


def _product(store_id: int, payload: dict[str, Any]) -> None:
    refresh_product(store_id, _id_of(payload, "id"))


def refresh_product(store_id: int, product_id: int | None) -> None:
    """Store one product as Shopify has it now, with all its variants."""
    if product_id is None:
        return
    client = clients.admin(store_id, priority="webhook")
    present: list[int] = []
    for product, page in client.pages("product", "product", "variants", id=rows.gid("Product", product_id)):
        if not present:
            catalog.store_products([rows.product(product)])
        variants = [rows.variant(node, product_id) for node in page["nodes"]]
        catalog.store_variants(variants)
        present += [variant.id for variant in variants]
    if present:
        catalog.forget_missing_variants(product_id, present, now=clock.now())
    else:
        catalog.delete_product(product_id, now=clock.now())


def _product_deleted(_store_id: int, payload: dict[str, Any]) -> None:
    product_id = _id_of(payload, "id")
    if product_id is not None:
        catalog.delete_product(product_id, now=clock.now())


def _item(store_id: int, payload: dict[str, Any]) -> None:
    """An item's cost or tracking changed: its product is read again."""
    item_id = _id_of(payload, "id")
    if item_id is not None:
        refresh_product(store_id, catalog.product_of_item(item_id))


def _level(store_id: int, payload: dict[str, Any]) -> None:
    """Read all levels of the item: the payload tells `available` alone, and only at one location."""
    item_id = _id_of(payload, "inventory_item_id")
    if item_id is None:
        return
    client = clients.admin(store_id, priority="webhook")
    present: list[int] = []
    gid = rows.gid("InventoryItem", item_id)
    for _, page in client.pages("item_levels", "inventoryItem", "inventoryLevels", id=gid):
        levels = [rows.level(node, item_id) for node in page["nodes"]]
        inventory.store_levels(levels)
        present += [level.location_id for level in levels]
    inventory.drop_missing_levels(item_id, present)
    inventory.remember_day(clock.today(stores.time_zone()))
    forecasts.replan_soon(store_id)


def _location(store_id: int, _payload: dict[str, Any]) -> None:
    client = clients.admin(store_id, priority="webhook")
    for _, page in client.pages("locations", "locations"):
        catalog.store_locations([rows.location(node) for node in page["nodes"]])


def _shop(store_id: int, _payload: dict[str, Any]) -> None:
    """Take over the shop's name, zone and currency; another zone moves every day's border."""
    before = stores.time_zone()
    stores.describe(rows.shop(clients.admin(store_id, priority="webhook").call("shop")))
    zone = stores.time_zone()
    if zone != before:
        sales.rebuild_all(time_zone=zone)
        enqueue(forecasts.run, store_id)


def _uninstalled(store_id: int, _payload: dict[str, Any]) -> None:
    stores.uninstall(shop=stores.get(store_id).shop, now=clock.now())


def _shop_redact(store_id: int, _payload: dict[str, Any]) -> None:
    """Delete all that we hold of a shop that has left; one that came back in time keeps its data."""
    store = stores.get(store_id)
    if not store.is_active:
        stores.erase(shop=store.shop)


def _no_personal_data(_store_id: int, payload: dict[str, Any]) -> None:
    """We hold nothing about customers: neither names nor addresses nor ids. The request is kept on record."""
    audit.record(
        actor="shopify",
        action="privacy.request",
        request_id=(payload.get("data_request") or {}).get("id"),
        orders=payload.get("orders_requested") or payload.get("orders_to_redact") or [],
    )


def _id_of(payload: dict[str, Any], key: str) -> int | None:
    value = payload.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


HANDLERS: dict[str, Handler] = {
    "orders/create": _order,
    "orders/updated": _order,
    "orders/cancelled": _order,
    "orders/edited": _edited,
    "orders/delete": _order_deleted,
    "refunds/create": _refund,
    "products/create": _product,
    "products/update": _product,
    "products/delete": _product_deleted,
    "inventory_items/update": _item,
    "inventory_levels/update": _level,
    "inventory_levels/connect": _level,
    "inventory_levels/disconnect": _level,
    "locations/create": _location,
    "locations/update": _location,
    "locations/delete": _location,
    "shop/update": _shop,
    "app/scopes_update": _shop,
    "app/uninstalled": _uninstalled,
    "shop/redact": _shop_redact,
    "customers/data_request": _no_personal_data,
    "customers/redact": _no_personal_data,
}
_WITHOUT_TOKEN = frozenset(
    {
        "app/uninstalled",
        "shop/redact",
        "customers/data_request",
        "customers/redact",
        "orders/delete",
        "products/delete",
    }
)
