"""Read one order, product or item whole from Shopify, and store it as it is now."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.services import catalog, inventory, sales, stock_outs, stores
from app.shopify import rows
from app.shopify.admin import AdminClient

# Without read_all_orders Shopify hides orders older than 60 days: that one is hidden does not mean it is gone.
_SURELY_VISIBLE = timedelta(days=59)


def order(client: AdminClient, order_id: int, *, now: datetime, asof: datetime | None = None) -> None:
    """Store one order with all its lines, however many, and count its days anew."""
    zone, asof = stores.time_zone(), asof or now
    before, present, seen = sales.cells_of(order_id, time_zone=zone), [], False
    for found, page in client.pages("order", "order", "lineItems", id=rows.gid("Order", order_id)):
        if not seen and sales.store_orders([rows.order(found)], asof=asof):
            return  # ours is newer than what this late answer shows
        seen = True
        lines = [rows.line(node, order_id) for node in page["nodes"]]
        sales.store_lines(lines)
        present += [line.id for line in lines]
    if seen:
        sales.keep_only_lines(order_id, present)
        sales.recount(before | sales.cells_of(order_id, time_zone=zone), time_zone=zone)
    elif stores.sees_all_orders() or sales.created_after(order_id, now - _SURELY_VISIBLE):
        sales.delete_order(order_id, time_zone=zone)


def product(client: AdminClient, product_id: int, *, now: datetime, asof: datetime | None = None) -> None:
    """Store one product with all its variants; those that it no longer has are marked deleted."""
    present: list[int] = []
    seen = False
    for found, page in client.pages("product", "product", "variants", id=rows.gid("Product", product_id)):
        if not seen:
            catalog.store_products([rows.product(found)], asof=asof or now)
        seen = True
        variants = [rows.variant(node, product_id) for node in page["nodes"]]
        catalog.store_variants(variants, asof=asof or now)
        present += [variant.id for variant in variants]
    if seen:
        catalog.forget_missing_variants(product_id, present, now=now)
    else:
        catalog.delete_product(product_id, now=now)


def levels(client: AdminClient, inventory_item_id: int, *, now: datetime, time_zone: str) -> None:
    """Store one item's stock at all locations."""
    present: list[int] = []
    gid = rows.gid("InventoryItem", inventory_item_id)
    for _, page in client.pages("item_levels", "inventoryItem", "inventoryLevels", id=gid):
        found = [rows.level(node, inventory_item_id) for node in page["nodes"]]
        inventory.store_levels(found, asof=now)
        present += [level.location_id for level in found]
    inventory.drop_missing_levels(inventory_item_id, present)
    today = now.astimezone(ZoneInfo(time_zone)).date()
    inventory.remember_day(today, inventory_item_id=inventory_item_id)
    stock_outs.note_item(inventory_item_id, today, time_zone=time_zone)


def locations(client: AdminClient) -> None:
    """Store all locations."""
    for _, page in client.pages("locations", "locations"):
        catalog.store_locations([rows.location(node) for node in page["nodes"]])
