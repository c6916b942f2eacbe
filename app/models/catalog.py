"""Locations, products and variants as Shopify has them, what the merchant sets for a variant, and merges."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class Location(StoreScoped, Base):
    """A place that holds stock; `id` is Shopify's."""

    __tablename__ = "locations"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)
    # The merchant's word: its stock counts for nothing, and it gets nothing. The sync never touches it.
    is_left_out: Mapped[bool] = mapped_column(default=False, server_default="false")
    # What of that was asked for and a job is about to do; NULL: nothing.
    wanted_left_out: Mapped[bool | None]
    # Days that a transfer takes to it; NULL: the store's.
    transit_days: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (CheckConstraint("transit_days BETWEEN 0 AND 60", name="transit_days_in_range"),)


class Product(StoreScoped, Base):
    """A Shopify product: the family of variants; `id` is Shopify's."""

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    title: Mapped[str]
    handle: Mapped[str] = mapped_column(default="")
    vendor: Mapped[str] = mapped_column(default="")
    product_type: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="ACTIVE")
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    is_gift_card: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Folded once, when it is written: a search reads all of them.
    search_vendor: Mapped[str | None] = mapped_column(Computed("lower(vendor)", persisted=True))

    __table_args__ = (Index("ix_products_vendor", "store_id", "vendor"),)


class Variant(StoreScoped, Base):
    """The unit that is stocked, sold and forecast; `id` is Shopify's. Deleted ones keep their history."""

    __tablename__ = "variants"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    product_id: Mapped[int] = mapped_column(BigInteger)
    inventory_item_id: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str] = mapped_column(default="")
    display_name: Mapped[str] = mapped_column(default="")
    sku: Mapped[str] = mapped_column(default="")
    barcode: Mapped[str] = mapped_column(default="")
    price: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    unit_cost: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))
    is_tracked: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # What is searched, folded once, when it is written.
    search_text: Mapped[str | None] = mapped_column(
        Computed("lower(display_name || chr(10) || sku)", persisted=True)
    )

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "product_id"], ["products.store_id", "products.id"], ondelete="CASCADE"
        ),
        Index("ix_variants_product", "store_id", "product_id"),
        Index("ix_variants_item", "store_id", "inventory_item_id"),
        Index("ix_variants_sku", "store_id", "sku"),
        # The list by name is read far into by this index alone; counted, and counted by product, by the next.
        Index("ix_variants_listed", "store_id", "display_name", "id", postgresql_where="deleted_at IS NULL"),
        Index("ix_variants_live", "store_id", "product_id", postgresql_where="deleted_at IS NULL"),
        # What leaves out the few that Shopify no longer has reads those few alone.
        Index("ix_variants_deleted", "store_id", "id", postgresql_where="deleted_at IS NOT NULL"),
    )


class VariantSettings(StoreScoped, Base):
    """What the merchant decided for one variant; NULL inherits. The sync never touches this table."""

    __tablename__ = "variant_settings"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    low_stock_threshold: Mapped[int | None]
    lead_time_days: Mapped[int | None]
    review_days: Mapped[int | None]
    service_level: Mapped[float | None]
    moq: Mapped[int | None]
    case_size: Mapped[int | None]
    min_stock: Mapped[int | None]
    max_stock: Mapped[int | None]
    # What the merchant says it costs; it counts where Shopify has no cost.
    unit_cost: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))
    engine: Mapped[str | None]
    # NULL: the supplier that stands for the vendor named in Shopify.
    supplier_id: Mapped[int | None] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["store_id", "supplier_id"], ["suppliers.store_id", "suppliers.id"]),
        Index("ix_variant_settings_supplier", "store_id", "supplier_id"),
        CheckConstraint("low_stock_threshold >= 0", name="threshold_not_negative"),
        CheckConstraint("lead_time_days BETWEEN 0 AND 365", name="lead_time_in_range"),
        CheckConstraint("review_days BETWEEN 1 AND 180", name="review_in_range"),
        CheckConstraint("service_level > 0.5 AND service_level < 1", name="service_level_in_range"),
        CheckConstraint("moq >= 1 AND case_size >= 1", name="order_sizes_positive"),
        CheckConstraint("min_stock >= 0 AND max_stock >= min_stock", name="stock_limits_in_order"),
    )


class ProductView(StoreScoped, Base):
    """A saved view of the product list: its filters, order and columns under a name, one member's or shared."""

    __tablename__ = "product_views"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    # NULL: shared with everybody in the store.
    member_id: Mapped[int | None] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(60))
    # The query string of the list, as our own parser writes it.
    query: Mapped[str] = mapped_column(String(4000))
    made_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "member_id"], ["members.store_id", "members.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("store_id", "member_id", "name"),
        Index(
            "uq_product_views_shared", "store_id", "name", unique=True, postgresql_where="member_id IS NULL"
        ),
    )


class VariantMerge(StoreScoped, Base):
    """A deleted variant whose sales may go on as another's: proposed by SKU, decided by the merchant alone."""

    __tablename__ = "variant_merges"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    old_variant_id: Mapped[int] = mapped_column(BigInteger)
    new_variant_id: Mapped[int] = mapped_column(BigInteger)
    sku: Mapped[str]
    status: Mapped[str] = mapped_column(default="proposed")
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str] = mapped_column(default="")

    __table_args__ = (
        UniqueConstraint("store_id", "old_variant_id", "new_variant_id"),
        CheckConstraint("status IN ('proposed', 'accepted', 'declined')", name="status_is_known"),
        CheckConstraint("old_variant_id <> new_variant_id", name="two_variants"),
        Index(
            "uq_variant_merges_one_accepted",
            "store_id",
            "old_variant_id",
            unique=True,
            postgresql_where="status = 'accepted'",
        ),
    )
