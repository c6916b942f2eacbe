"""REST-shaped webhook payloads (their times are shop-local with offset, money is text)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

from simulator.store.database import Row, Shop, children, gid, row, rows

_FINANCIAL_REST = {
    "PAID": "paid",
    "REFUNDED": "refunded",
    "PARTIALLY_REFUNDED": "partially_refunded",
    "VOIDED": "voided",
}


def money(cents: int | None) -> str | None:
    """`12.30`."""
    return None if cents is None else f"{cents / 100:.2f}"


def order_payload(db: sqlite3.Connection, shop: Shop, order_id: int) -> Row:
    """orders/create, orders/updated, orders/cancelled."""
    order = row(db, "SELECT * FROM orders WHERE id = ?", (order_id,))
    assert order is not None
    lines = children(db, "lines", "order_id", [order_id])
    local, currency = shop.local_time, shop.setting("currency", "EUR")
    number = order["number"]
    subtotal = sum(line["discounted"] * line["quantity"] for line in lines)
    current = sum(line["discounted"] * line["current_quantity"] for line in lines)
    return {
        "id": order_id,
        "admin_graphql_api_id": gid("Order", order_id),
        "app_id": 580111,
        "browser_ip": "192.0.2.1",
        "cancel_reason": order["cancel_reason"].lower() if order["cancel_reason"] else None,
        "cancelled_at": local(order["cancelled_at"]),
        "closed_at": local(order["closed_at"]),
        "confirmed": True,
        "contact_email": "customer@example.test",
        "created_at": local(order["created_at"]),
        "currency": currency,
        "current_subtotal_price": money(current),
        "current_total_price": money(current),
        "email": "customer@example.test",
        "financial_status": _FINANCIAL_REST[order["financial"]],
        "fulfillment_status": "fulfilled" if order["fulfilled_at"] else None,
        "gateway": "bogus",
        "line_items": [line_payload(line) for line in lines],
        "location_id": order["location_id"] if order["source"] == "pos" else None,
        "name": f"#{number}",
        "note": None,
        "number": number - 1000,
        "order_number": number,
        "processed_at": local(order["processed_at"]),
        "source_name": order["source"],
        "subtotal_price": money(subtotal),
        "tags": "",
        "taxes_included": True,
        "test": bool(order["test"]),
        "total_price": money(subtotal),
        "updated_at": local(order["updated_at"]),
        "customer": {"id": 1, "email": "customer@example.test", "first_name": "Sam", "last_name": "Example"},
        "refunds": [refund_payload(db, shop, r) for r in children(db, "refunds", "order_id", [order_id])],
        "fulfillments": _fulfillments(order, lines, local),
        "returns": [],
    }


def _fulfillments(order: Row, lines: list[Row], local: Callable[[float | None], str | None]) -> list[Row]:
    if order["fulfilled_at"] is None:
        return []
    return [
        {
            "id": order["id"] + 1,
            "order_id": order["id"],
            "created_at": local(order["fulfilled_at"]),
            "updated_at": local(order["fulfilled_at"]),
            "status": "cancelled" if order["cancelled_at"] else "success",
            "location_id": order["location_id"],
            "line_items": [line_payload(line) for line in lines],
        }
    ]


def line_payload(line: Row) -> Row:
    """A line item as orders and refunds carry it."""
    return {
        "id": line["id"],
        "admin_graphql_api_id": gid("LineItem", line["id"]),
        "current_quantity": line["current_quantity"],
        "fulfillable_quantity": line["current_quantity"] - line["fulfilled"] if not line["fulfilled"] else 0,
        "fulfillment_status": "fulfilled" if line["fulfilled"] else None,
        "gift_card": bool(line["gift_card"]),
        "grams": 0,
        "name": line["title"] + (f" - {line['variant_title']}" if line["variant_title"] else ""),
        "price": money(line["price"]),
        "product_exists": line["product_id"] is not None,
        "product_id": line["product_id"],
        "quantity": line["quantity"],
        "requires_shipping": bool(line["requires_shipping"]),
        "sku": line["sku"],
        "taxable": True,
        "title": line["title"],
        "total_discount": money((line["price"] - line["discounted"]) * line["quantity"]),
        "variant_id": line["variant_id"],
        "variant_title": line["variant_title"],
        "vendor": line["vendor"],
    }


def refund_payload(db: sqlite3.Connection, shop: Shop, refund: Row) -> Row:
    """refunds/create, and each of an order's `refunds`."""
    found = rows(
        db,
        "SELECT l.*, r.id AS refund_line_id, r.quantity AS refunded, r.restock_type, "
        "r.location_id AS back_at, r.amount"
        " FROM refund_lines r JOIN lines l ON l.id = r.line_id WHERE r.refund_id = ? ORDER BY r.id",
        (refund["id"],),
    )
    return {
        "id": refund["id"],
        "admin_graphql_api_id": gid("Refund", refund["id"]),
        "created_at": shop.local_time(refund["created_at"]),
        "processed_at": shop.local_time(refund["created_at"]),
        "note": refund["note"],
        "order_id": refund["order_id"],
        "restock": bool(refund["restock"]),
        "user_id": None,
        "refund_line_items": [
            {
                "id": line["refund_line_id"],
                "line_item_id": line["id"],
                "location_id": line["back_at"],
                "quantity": line["refunded"],
                "restock_type": line["restock_type"].lower(),
                "subtotal": line["amount"] / 100,
                "line_item": line_payload(line),
            }
            for line in found
        ],
        "order_adjustments": [],
        "transactions": [],
    }


def product_payload(db: sqlite3.Connection, shop: Shop, product_id: int) -> Row:
    """products/create and products/update; full variants for the first 100 alone."""
    product = row(db, "SELECT * FROM products WHERE id = ?", (product_id,))
    assert product is not None
    variants = rows(
        db,
        "SELECT v.*, (SELECT COALESCE(SUM(available), 0) FROM levels l WHERE l.item_id = v.item_id) AS stock"
        " FROM variants v WHERE product_id = ? ORDER BY position",
        (product_id,),
    )
    return {
        "id": product_id,
        "admin_graphql_api_id": gid("Product", product_id),
        "title": product["title"],
        "handle": product["handle"],
        "vendor": product["vendor"],
        "product_type": product["product_type"],
        "status": product["status"].lower(),
        "tags": ", ".join(json.loads(product["tags"])),
        "created_at": shop.local_time(product["created_at"]),
        "updated_at": shop.local_time(product["updated_at"]),
        "published_at": shop.local_time(product["published_at"]),
        "variant_gids": [
            {
                "admin_graphql_api_id": gid("ProductVariant", v["id"]),
                "updated_at": shop.local_time(v["updated_at"]),
            }
            for v in variants
        ],
        "variants": [_variant(shop, variant) for variant in variants[:100]],
    }


def _variant(shop: Shop, variant: Row) -> Row:
    return {
        "id": variant["id"],
        "admin_graphql_api_id": gid("ProductVariant", variant["id"]),
        "product_id": variant["product_id"],
        "title": variant["title"],
        "sku": variant["sku"],
        "barcode": variant["barcode"],
        "price": money(variant["price"]),
        "position": variant["position"],
        "inventory_policy": variant["policy"].lower(),
        "inventory_item_id": variant["item_id"],
        "inventory_quantity": variant["stock"],
        "old_inventory_quantity": variant["stock"],
        "created_at": shop.local_time(variant["created_at"]),
        "updated_at": shop.local_time(variant["updated_at"]),
    }


def item_payload(shop: Shop, variant: Row) -> Row:
    """inventory_items/create and /update."""
    return {
        "id": variant["item_id"],
        "admin_graphql_api_id": gid("InventoryItem", variant["item_id"]),
        "sku": variant["sku"],
        "created_at": shop.local_time(variant["created_at"]),
        "updated_at": shop.local_time(variant["item_updated_at"]),
        "requires_shipping": bool(variant["requires_shipping"]),
        "cost": money(variant["unit_cost"]),
        "country_code_of_origin": None,
        "province_code_of_origin": None,
        "harmonized_system_code": None,
        "tracked": bool(variant["tracked"]),
        "weight_value": 0.0,
        "weight_unit": "kg",
    }


def location_payload(shop: Shop, place: Row) -> Row:
    """locations/create, /update, /activate, /deactivate."""
    return {
        "id": place["id"],
        "admin_graphql_api_id": gid("Location", place["id"]),
        "name": place["name"],
        "active": bool(place["active"]),
        "created_at": shop.local_time(place["created_at"]),
        "updated_at": shop.local_time(place["updated_at"]),
    }


def shop_payload(shop: Shop) -> Row:
    """app/uninstalled and shop/update."""
    return {
        "id": shop.setting("shop_id"),
        "name": shop.setting("name"),
        "domain": shop.domain,
        "myshopify_domain": shop.domain,
        "iana_timezone": shop.setting("timezone"),
        "timezone": shop.setting("timezone"),
        "currency": shop.setting("currency"),
        "plan_name": shop.setting("plan"),
        "email": "owner@example.test",
        "created_at": shop.local_time(shop.setting("created_at")),
        "updated_at": shop.local_time(shop.clock.now()),
    }
