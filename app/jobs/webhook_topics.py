"""What each webhook topic sets in motion. Payloads only say what to look at: Shopify is asked anew,
so that duplicates, late arrivals and a changed order of deliveries change nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from app.jobs import clients, forecasts, reading, sync
from app.platform import clock
from app.platform.queue import enqueue
from app.services import audit, catalog, sales, stores
from app.services import sync as runs
from app.services.sync import Receipt
from app.shopify import rows

log = logging.getLogger(__name__)
Handler = Callable[[int, Receipt], None]


def dispatch(store_id: int, receipt: Receipt) -> None:
    """Do what the delivery asks for, in the current transaction."""
    handler = HANDLERS.get(receipt.topic)
    if handler is None:
        log.warning("webhook without a handler", extra={"topic": receipt.topic})
        return
    if receipt.topic not in _WITHOUT_TOKEN and not stores.get(store_id).is_active:
        log.info("webhook of a store that is not active", extra={"topic": receipt.topic})
        return
    handler(store_id, receipt)


def _order(store_id: int, receipt: Receipt) -> None:
    if receipt.object_id is not None:
        reading.order(clients.admin(store_id, priority="webhook"), receipt.object_id, now=clock.now())


def _order_deleted(_store_id: int, receipt: Receipt) -> None:
    order_id = _id_of(receipt)
    if order_id is not None:
        sales.delete_order(order_id, time_zone=stores.time_zone())


def _product(store_id: int, receipt: Receipt) -> None:
    if receipt.object_id is not None:
        reading.product(clients.admin(store_id, priority="webhook"), receipt.object_id, now=clock.now())


def _product_deleted(_store_id: int, receipt: Receipt) -> None:
    product_id = _id_of(receipt)
    if product_id is not None:
        catalog.delete_product(product_id, now=clock.now())


def _item(store_id: int, receipt: Receipt) -> None:
    """An item's cost or tracking changed: its product is read again."""
    product_id = None if receipt.object_id is None else catalog.product_of_item(receipt.object_id)
    if product_id is not None:
        reading.product(clients.admin(store_id, priority="webhook"), product_id, now=clock.now())


def _level(store_id: int, receipt: Receipt) -> None:
    """Read all levels of the item: the payload tells `available` alone, and only at one location."""
    if receipt.object_id is None:
        return
    client, zone = clients.admin(store_id, priority="webhook"), stores.time_zone()
    reading.levels(client, receipt.object_id, now=clock.now(), time_zone=zone)
    forecasts.replan_soon(store_id)


def _location(store_id: int, _receipt: Receipt) -> None:
    reading.locations(clients.admin(store_id, priority="webhook"))


def _shop(store_id: int, _receipt: Receipt) -> None:
    """Take over the shop's name, zone, currency and scopes.

    Another zone moves every day's border; a scope that shows us older orders is worth a run of its own.
    """
    before = stores.time_zone()
    stores.describe(rows.shop(clients.admin(store_id, priority="webhook").call("shop")))
    zone = stores.time_zone()
    if zone != before:
        sales.rebuild_all(time_zone=zone)
        enqueue(forecasts.run, store_id, once=f"forecast-{store_id}")
    if stores.sees_all_orders() and stores.history_from() is not None:
        sync.start(store_id, "first")


def _uninstalled(store_id: int, _receipt: Receipt) -> None:
    """The web door has forgotten the tokens already, unless the news came too late to count."""
    if not stores.is_installed(store_id):
        runs.close_open(reason="The app was uninstalled.", now=clock.now())


def _shop_redact(store_id: int, receipt: Receipt) -> None:
    """Delete all that we hold of a shop that has left; one that came back in time keeps its data."""
    store = stores.get(store_id)
    if stores.is_installed(store_id):
        audit.record(actor="shopify", action="privacy.erasure_skipped", reason="installed again")
        return
    log.warning("store erased on Shopify's request", extra={"store_id": store_id})
    stores.erase(
        shop=store.shop,
        requested_at=receipt.received_at,
        webhook_id=receipt.webhook_id,
        now=clock.now(),
    )


def _no_personal_data(_store_id: int, receipt: Receipt) -> None:
    """We hold nothing about customers: neither names nor addresses nor ids. The request is kept on record."""
    audit.record(
        actor="shopify",
        action=f"privacy.{receipt.topic.partition('/')[2]}",
        request_id=(receipt.payload.get("data_request") or {}).get("id"),
        orders=receipt.payload.get("orders_requested") or receipt.payload.get("orders_to_redact") or [],
        held="nothing",
    )


def _bulk_finished(store_id: int, receipt: Receipt) -> None:
    operation = receipt.payload.get("admin_graphql_api_id")
    if isinstance(operation, str):
        enqueue(sync.nudge, store_id, operation, once=f"nudge-{store_id}-{operation}")


def _id_of(receipt: Receipt) -> int | None:
    value = receipt.payload.get("id")
    return value if isinstance(value, int) and not isinstance(value, bool) else None


HANDLERS: dict[str, Handler] = {
    "orders/create": _order,
    "orders/updated": _order,
    "orders/cancelled": _order,
    "orders/edited": _order,
    "orders/delete": _order_deleted,
    "refunds/create": _order,
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
    "bulk_operations/finish": _bulk_finished,
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
