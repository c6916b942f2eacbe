"""Suppliers, the purchase orders sent to them, what was received of each, and the mails that carried them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    Numeric,
    String,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class Supplier(StoreScoped, Base):
    """Where a product is bought; at first one for each vendor named in Shopify. NULL inherits the store's."""

    __tablename__ = "suppliers"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    vendor: Mapped[str]
    name: Mapped[str]
    email: Mapped[str] = mapped_column(default="", server_default="")
    note: Mapped[str] = mapped_column(default="", server_default="")
    currency: Mapped[str | None] = mapped_column(String(3))
    minimum_order_value: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    lead_time_days: Mapped[int | None]
    lead_time_sd_days: Mapped[float | None]
    review_days: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        UniqueConstraint("store_id", "vendor"),
        CheckConstraint("lead_time_days BETWEEN 0 AND 365", name="lead_time_in_range"),
        CheckConstraint("review_days BETWEEN 1 AND 180", name="review_in_range"),
        CheckConstraint("lead_time_sd_days BETWEEN 0 AND 180", name="lead_time_sd_in_range"),
        CheckConstraint("minimum_order_value >= 0", name="minimum_order_value_not_negative"),
    )


class PurchaseOrderCounter(StoreScoped, Base):
    """The last number given out. Its row is locked until the order is stored, so no number is lost or doubled."""

    __tablename__ = "purchase_order_counters"

    last_number: Mapped[int]


class PurchaseOrder(StoreScoped, Base):
    """One order to one supplier. `version` rises with each change, so that two tabs cannot overwrite each other."""

    __tablename__ = "purchase_orders"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[int]
    supplier_id: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    currency: Mapped[str] = mapped_column(String(3))
    expected_on: Mapped[date | None]
    # Where it is to be delivered; NULL: it does not say, and its units count for the store as a whole.
    location_id: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(default="")
    # The merchant entered the same order in Shopify: its units are part of Shopify's own `incoming`.
    also_in_shopify: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(["store_id", "supplier_id"], ["suppliers.store_id", "suppliers.id"]),
        ForeignKeyConstraint(["store_id", "location_id"], ["locations.store_id", "locations.id"]),
        UniqueConstraint("store_id", "number"),
        CheckConstraint(
            "status IN ('draft', 'sent', 'partly_received', 'received', 'closed', 'cancelled')",
            name="status_is_known",
        ),
        # Suggestions accepted one by one, or by two members at once, meet on one draft.
        Index(
            "uq_purchase_orders_one_draft",
            "store_id",
            "supplier_id",
            unique=True,
            postgresql_where="status = 'draft'",
        ),
        Index("ix_purchase_orders_supplier", "store_id", "supplier_id"),
    )


class PurchaseOrderLine(StoreScoped, Base):
    """One variant of an order; `ordered` = received + rejected + cancelled + open. Name and SKU as ordered."""

    __tablename__ = "purchase_order_lines"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(BigInteger)
    variant_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    sku: Mapped[str] = mapped_column(default="")
    suggested: Mapped[int | None]
    ordered: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[int] = mapped_column(default=0)
    unit_cost: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "order_id"], ["purchase_orders.store_id", "purchase_orders.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("store_id", "order_id", "variant_id"),
        CheckConstraint("ordered >= 1", name="ordered_positive"),
        CheckConstraint("received >= 0 AND rejected >= 0 AND cancelled >= 0", name="units_not_negative"),
        CheckConstraint("received + rejected + cancelled <= ordered", name="units_conserved"),
        CheckConstraint("unit_cost >= 0", name="unit_cost_not_negative"),
        Index("ix_purchase_order_lines_variant", "store_id", "variant_id"),
    )


class PurchaseReceipt(StoreScoped, Base):
    """What one delivery brought of one line; rows of one delivery share `at`."""

    __tablename__ = "purchase_receipts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(BigInteger)
    line_id: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int]
    rejected: Mapped[int]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str]

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "order_id"], ["purchase_orders.store_id", "purchase_orders.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["store_id", "line_id"],
            ["purchase_order_lines.store_id", "purchase_order_lines.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint(
            "received >= 0 AND rejected >= 0 AND received + rejected > 0", name="brought_something"
        ),
        Index("ix_purchase_receipts_order", "store_id", "order_id"),
    )


class PurchaseMail(StoreScoped, Base):
    """The mail that carries an order to its supplier: a row with its PDF first, so that it is sent once."""

    __tablename__ = "purchase_mails"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(BigInteger)
    recipients: Mapped[list[str]] = mapped_column(JSONB)
    reply_to: Mapped[str] = mapped_column(default="", server_default="")
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    attachment_name: Mapped[str]
    attachment: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(default="queued")
    provider_id: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    claimed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "order_id"], ["purchase_orders.store_id", "purchase_orders.id"], ondelete="CASCADE"
        ),
        CheckConstraint("status IN ('queued', 'sending', 'sent', 'failed')", name="status_is_known"),
        Index("ix_purchase_mails_order", "store_id", "order_id"),
    )
