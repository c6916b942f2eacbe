"""Typed rows: what Shopify's GraphQL objects become before anything of ours sees them.

Orders and their lines come in hundreds of thousands: they are named tuples, which are made three times as fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from app.shopify.values import MalformedRow, gid, instant, money, numeric_id, text

__all__ = ["MalformedRow", "gid", "instant", "numeric_id"]

# States of a fulfilment in which nothing has left its location, nor will.
_NOT_SENT = frozenset({"CANCELLED", "ERROR", "FAILURE"})


@dataclass(frozen=True)
class ShopRow:
    """The shop itself."""

    name: str
    time_zone: str
    currency: str
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class LocationRow:
    """A location."""

    id: int
    name: str
    is_active: bool
    updated_at: datetime


@dataclass(frozen=True)
class ProductRow:
    """A product without its variants."""

    id: int
    title: str
    handle: str
    vendor: str
    product_type: str
    status: str
    tags: list[str]
    is_gift_card: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class VariantRow:
    """A variant with its inventory item."""

    id: int
    product_id: int
    inventory_item_id: int
    title: str
    display_name: str
    sku: str
    barcode: str
    price: Decimal | None
    unit_cost: Decimal | None
    is_tracked: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class LevelRow:
    """One item's quantities at one location."""

    inventory_item_id: int
    location_id: int
    available: int
    on_hand: int
    committed: int
    incoming: int
    is_active: bool
    updated_at: datetime


class OrderRow(NamedTuple):
    """An order without its lines."""

    id: int
    created_at: datetime
    processed_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None
    is_test: bool
    source: str
    # Where it was sold over a counter, else where it was sent from; None as long as nobody knows.
    location_id: int | None


class LineRow(NamedTuple):
    """An order's line; `units` is what is left after refunds and removals."""

    id: int
    order_id: int
    variant_id: int | None
    sku: str
    ordered: int
    units: int
    is_gift_card: bool
    unit_price: Decimal | None


def shop(data: dict[str, Any]) -> ShopRow:
    """From the `shop` document."""
    found = data["shop"]
    installation = data.get("currentAppInstallation") or {}
    return ShopRow(
        name=text(found["name"]),
        time_zone=str(found["ianaTimezone"]),
        currency=str(found["currencyCode"]),
        scopes=tuple(sorted({scope["handle"] for scope in installation.get("accessScopes", [])})),
    )


def location(node: dict[str, Any]) -> LocationRow:
    """From a Location."""
    return LocationRow(
        numeric_id(node["id"]), text(node["name"]), bool(node["isActive"]), instant(node["updatedAt"])
    )


def product(node: dict[str, Any]) -> ProductRow:
    """From a Product."""
    return ProductRow(
        id=numeric_id(node["id"]),
        title=text(node["title"]),
        handle=text(node["handle"]),
        vendor=text(node["vendor"]),
        product_type=text(node["productType"]),
        status=str(node["status"]),
        tags=[text(tag) for tag in node["tags"]],
        is_gift_card=bool(node["isGiftCard"]),
        created_at=instant(node["createdAt"]),
        updated_at=instant(node["updatedAt"]),
    )


def variant(node: dict[str, Any], product_id: int) -> VariantRow:
    """From a ProductVariant."""
    item = node["inventoryItem"]
    cost = item.get("unitCost")
    return VariantRow(
        id=numeric_id(node["id"]),
        product_id=product_id,
        inventory_item_id=numeric_id(item["id"]),
        title=text(node["title"]),
        display_name=text(node["displayName"]),
        sku=text(node.get("sku")),
        barcode=text(node.get("barcode")),
        price=money(node.get("price")),
        unit_cost=None if cost is None else money(cost["amount"]),
        is_tracked=bool(item["tracked"]),
        created_at=instant(node["createdAt"]),
        updated_at=instant(node["updatedAt"]),
    )


def level(node: dict[str, Any], inventory_item_id: int) -> LevelRow:
    """From an InventoryLevel."""
    quantities = {entry["name"]: int(entry["quantity"]) for entry in node["quantities"]}
    return LevelRow(
        inventory_item_id=inventory_item_id,
        location_id=numeric_id(node["location"]["id"]),
        available=quantities["available"],
        on_hand=quantities["on_hand"],
        committed=quantities["committed"],
        incoming=quantities["incoming"],
        is_active=bool(node["isActive"]),
        updated_at=instant(node["updatedAt"]),
    )


def order(node: dict[str, Any]) -> OrderRow:
    """From an Order."""
    cancelled = node.get("cancelledAt")
    return OrderRow(
        id=numeric_id(node["id"]),
        created_at=instant(node["createdAt"]),
        processed_at=instant(node["processedAt"]),
        updated_at=instant(node["updatedAt"]),
        cancelled_at=None if cancelled is None else instant(cancelled),
        is_test=bool(node["test"]),
        source=text(node.get("sourceName")),
        location_id=_sold_at(node),
    )


def _sold_at(order: dict[str, Any]) -> int | None:
    """The location whose stock an order took: the shop that sold it, else that of its first shipment that stands."""
    # A bulk result that an earlier release asked for has neither field.
    retail = order.get("retailLocation")
    if retail is not None:
        return numeric_id(retail["id"])
    fulfilments = order.get("fulfillments") or []
    sent = [one for one in fulfilments if one["status"] not in _NOT_SENT and one["location"]]
    if not sent:
        return None
    return numeric_id(min(sent, key=lambda one: instant(one["createdAt"]))["location"]["id"])


def line(node: dict[str, Any], order_id: int) -> LineRow:
    """From a LineItem."""
    sold = node.get("variant")
    price = node.get("originalUnitPriceSet")
    return LineRow(
        id=numeric_id(node["id"]),
        order_id=order_id,
        variant_id=None if sold is None else numeric_id(sold["id"]),
        sku=text(node.get("sku")),
        ordered=int(node["quantity"]),
        units=int(node["currentQuantity"]),
        is_gift_card=bool(node["isGiftCard"]),
        unit_price=None if price is None else money(price["shopMoney"]["amount"]),
    )
