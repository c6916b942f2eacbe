"""The catalogue: what Shopify says about locations, products and variants, and the merchant's own settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.models.catalog import Location, Product, Variant, VariantSettings
from app.platform import db
from app.services import audit
from app.shopify.rows import LocationRow, ProductRow, VariantRow


class VariantNotFound(LookupError):
    """The current store has no such product."""


def store_locations(rows: Iterable[LocationRow]) -> int:
    """Insert or update locations."""
    values = [(row.id, row.name, row.is_active, row.updated_at) for row in rows]
    return len(
        db.upsert(Location, ("id", "name", "is_active", "updated_at"), values, key=["id"], newer="updated_at")
    )


_PRODUCT = [
    "id",
    "title",
    "handle",
    "vendor",
    "product_type",
    "status",
    "tags",
    "is_gift_card",
    "created_at",
    "updated_at",
    "deleted_at",
]


def store_products(rows: Iterable[ProductRow]) -> int:
    """Insert or update products; a product that comes back is no longer deleted."""
    values = (
        (
            row.id,
            row.title,
            row.handle,
            row.vendor,
            row.product_type,
            row.status,
            row.tags,
            row.is_gift_card,
            row.created_at,
            row.updated_at,
            None,
        )
        for row in rows
    )
    return len(db.upsert(Product, _PRODUCT, values, key=["id"], newer="updated_at"))


_VARIANT = [
    "id",
    "product_id",
    "inventory_item_id",
    "title",
    "display_name",
    "sku",
    "barcode",
    "price",
    "unit_cost",
    "is_tracked",
    "created_at",
    "updated_at",
    "deleted_at",
]


def store_variants(rows: Iterable[VariantRow]) -> int:
    """Insert or update variants; a product's only variant is named by the product alone."""
    values = (
        (
            row.id,
            row.product_id,
            row.inventory_item_id,
            row.title,
            row.display_name.removesuffix(" - Default Title"),
            row.sku,
            row.barcode,
            row.price,
            row.unit_cost,
            row.is_tracked,
            row.created_at,
            row.updated_at,
            None,
        )
        for row in rows
    )
    return len(db.upsert(Variant, _VARIANT, values, key=["id"], newer="updated_at"))


def forget_missing_variants(product_id: int, present: Iterable[int], *, now: datetime) -> None:
    """Mark variants that Shopify no longer lists under their product; their history stays."""
    kept = set(present)
    for variant in db.session().execute(select(Variant).where(Variant.product_id == product_id)).scalars():
        if variant.id not in kept and variant.deleted_at is None:
            variant.deleted_at = now


def delete_product(product_id: int, *, now: datetime) -> None:
    """Mark a product and its variants as deleted in Shopify; their history stays."""
    product = db.session().execute(select(Product).where(Product.id == product_id)).scalar_one_or_none()
    if product is not None:
        product.deleted_at = product.deleted_at or now
        forget_missing_variants(product_id, (), now=now)


def change_variant_settings(
    variant_id: int, values: Mapping[str, Any], *, actor: str, now: datetime
) -> dict[str, tuple[Any, Any]]:
    """Change what the merchant decides for one variant (None inherits). Raises VariantNotFound."""
    session = db.session()
    if session.execute(select(Variant.id).where(Variant.id == variant_id)).scalar_one_or_none() is None:
        raise VariantNotFound(f"There is no product {variant_id} in this store.")
    found = session.execute(
        select(VariantSettings).where(VariantSettings.variant_id == variant_id)
    ).scalar_one_or_none()
    if found is None:
        found = VariantSettings(variant_id=variant_id)
        session.add(found)
    changed = {
        name: (getattr(found, name), value) for name, value in values.items() if getattr(found, name) != value
    }
    for name, (_, value) in changed.items():
        setattr(found, name, value)
    if changed:
        found.updated_at = now
        audit.record(
            actor=actor,
            action="variant.settings_changed",
            variant_id=variant_id,
            changes={name: list(pair) for name, pair in changed.items()},
        )
    return changed


def product_of_item(inventory_item_id: int) -> int | None:
    """The product whose variant holds this inventory item."""
    query = select(Variant.product_id).where(Variant.inventory_item_id == inventory_item_id).limit(1)
    return db.session().execute(query).scalar_one_or_none()
