"""The catalogue: what Shopify says about locations, products and variants, and the merchant's own settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.models.catalog import Location, Product, Variant, VariantMerge, VariantSettings
from app.platform import copying, db
from app.platform.i18n import gettext
from app.services import audit, settling
from app.shopify.rows import LocationRow, ProductRow, VariantRow


class VariantNotFound(LookupError):
    """The current store has no such product."""


class MergeNotFound(LookupError):
    """The current store has no such undecided proposal."""


def store_locations(rows: Iterable[LocationRow]) -> int:
    """Insert or update locations."""
    values = [(row.id, row.name, row.is_active, row.updated_at) for row in rows]
    return len(
        copying.upsert(
            Location, ("id", "name", "is_active", "updated_at"), values, key=["id"], newer="updated_at"
        )
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
    "seen_at",
]


def store_products(rows: Sequence[ProductRow], *, asof: datetime) -> int:
    """Insert or update products as read since `asof`; one that comes back is no longer deleted."""
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
            asof,
        )
        for row in rows
    )
    written = len(copying.upsert(Product, _PRODUCT, values, key=["id"], newer="updated_at"))
    _revive("products", [row.id for row in rows], asof=asof)
    return written


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
    "seen_at",
]


def store_variants(rows: Sequence[VariantRow], *, asof: datetime) -> int:
    """Insert or update variants as read since `asof`; a product's only variant is named by the product alone."""
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
            asof,
        )
        for row in rows
    )
    written = len(copying.upsert(Variant, _VARIANT, values, key=["id"], newer="updated_at"))
    _revive("variants", [row.id for row in rows], asof=asof)
    return written


def _revive(table: str, ids: list[int], *, asof: datetime) -> None:
    """What a reading shows was not deleted when the reading began; a deletion told of since then stands."""
    db.execute(
        f"UPDATE {table} SET deleted_at = NULL WHERE id = ANY(:ids) AND deleted_at < :asof",  # noqa: S608
        ids=ids,
        asof=asof,
    )


def known_products(ids: Iterable[int]) -> set[int]:
    """Those of the products that we hold."""
    return {row.id for row in db.rows("SELECT id FROM products WHERE id = ANY(:ids)", ids=list(ids))}


def mark_missing(*, asof: datetime, now: datetime) -> int:
    """Mark what the whole reading begun at `asof` did not show as deleted; returns how many variants."""
    gone = "UPDATE {} SET deleted_at = :now WHERE deleted_at IS NULL AND (seen_at IS NULL OR seen_at < :asof)"
    db.execute(gone.format("products"), now=now, asof=asof)
    return db.execute(gone.format("variants"), now=now, asof=asof)


def propose_merges(*, now: datetime) -> int:
    """Propose that a deleted variant's sales go on as those of the one live variant with the same SKU.

    Only ever a proposal: the merchant decides, for a SKU may be used again for another thing.
    """
    return db.execute(
        """
        INSERT INTO variant_merges
            (store_id, old_variant_id, new_variant_id, sku, status, proposed_at, decided_by)
        SELECT old.store_id, old.id, young.id, old.sku, 'proposed', :now, ''
        FROM variants old
        JOIN (SELECT store_id, sku, MIN(id) AS id FROM variants
              WHERE deleted_at IS NULL AND sku <> '' GROUP BY store_id, sku HAVING COUNT(*) = 1) AS young
          ON young.store_id = old.store_id AND young.sku = old.sku
        WHERE old.deleted_at IS NOT NULL
          AND EXISTS (SELECT 1 FROM daily_sales s
                      WHERE s.store_id = old.store_id AND s.variant_id = old.id)
        ON CONFLICT (store_id, old_variant_id, new_variant_id) DO NOTHING
        """,
        now=now,
    )


def decide_merge(merge_id: int, *, accept: bool, actor: str, now: datetime) -> None:
    """Accept or decline a proposal; the days must be counted anew afterwards. The same again changes nothing.

    Raises MergeNotFound, also when it was decided otherwise.
    """
    query = select(VariantMerge).where(VariantMerge.id == merge_id)
    merge = db.session().execute(query.with_for_update()).scalar_one_or_none()
    wanted = "accepted" if accept else "declined"
    if merge is not None and merge.status == wanted:
        return
    if merge is None or merge.status != "proposed":
        raise MergeNotFound(gettext("This proposal does not exist any more, or was decided already."))
    merge.status, merge.decided_at, merge.decided_by = wanted, now, actor
    if accept:
        settling.forget([merge.old_variant_id, merge.new_variant_id])
        # What was merged into the deleted variant before goes on to the new one as well.
        db.execute(
            "DELETE FROM variant_merges WHERE new_variant_id = :new AND status <> 'accepted' AND old_variant_id IN"
            " (SELECT old_variant_id FROM variant_merges WHERE new_variant_id = :old AND status = 'accepted')",
            new=merge.new_variant_id,
            old=merge.old_variant_id,
        )
        db.execute(
            "UPDATE variant_merges SET new_variant_id = :new WHERE new_variant_id = :old AND status = 'accepted'",
            new=merge.new_variant_id,
            old=merge.old_variant_id,
        )
    audit.record(
        actor=actor,
        action="variant.merge_accepted" if accept else "variant.merge_declined",
        old_variant_id=merge.old_variant_id,
        new_variant_id=merge.new_variant_id,
    )


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
    if "engine" in changed:
        settling.forget([variant_id])
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
