"""Orders and their lines without any personal field, and the daily units made from them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class Order(StoreScoped, Base):
    """A Shopify order, for what was sold and when; `id` is Shopify's."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    processed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    cancelled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    is_test: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(default="")
    # Where it was sold or sent from; NULL until Shopify says. No key: it may come before its location.
    location_id: Mapped[int | None] = mapped_column(BigInteger)
    # What Shopify shows and hides goes by it: without read_all_orders the last 60 days.
    created_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # When the reading began that last showed it: a whole reading that did not show it says it is gone.
    seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_orders_created", "store_id", "created_at"),
        Index("ix_orders_processed", "store_id", "processed_at"),
        Index("ix_orders_updated", "store_id", "updated_at"),
    )


class OrderLine(StoreScoped, Base):
    """One line of an order. `units` is net of refunds and removals (Shopify's currentQuantity)."""

    __tablename__ = "order_lines"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    order_id: Mapped[int] = mapped_column(BigInteger)
    variant_id: Mapped[int | None] = mapped_column(BigInteger)
    sku: Mapped[str] = mapped_column(default="")
    ordered: Mapped[int]
    units: Mapped[int]
    is_gift_card: Mapped[bool] = mapped_column(default=False)
    unit_price: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))

    __table_args__ = (
        ForeignKeyConstraint(["store_id", "order_id"], ["orders.store_id", "orders.id"], ondelete="CASCADE"),
        Index("ix_order_lines_order", "store_id", "order_id"),
        Index("ix_order_lines_variant", "store_id", "variant_id"),
        # Only products with such a line can have a one-off large order.
        Index("ix_order_lines_large", "store_id", "variant_id", postgresql_where="units >= 10"),
    )


class WholesaleLine(StoreScoped, Base):
    """An order line held to be one-off wholesale; `is_counted`: the merchant says that it is demand as any other."""

    __tablename__ = "wholesale_lines"

    line_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    variant_id: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]
    units: Mapped[int]
    # The median line of the product.
    usual_units: Mapped[float]
    is_counted: Mapped[bool] = mapped_column(default=False, server_default="false")
    decided_by: Mapped[str] = mapped_column(default="", server_default="")

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "line_id"], ["order_lines.store_id", "order_lines.id"], ondelete="CASCADE"
        ),
        Index("ix_wholesale_lines_variant", "store_id", "variant_id"),
    )


class DailySales(StoreScoped, Base):
    """Net units and revenue of one variant on one store-local day; days without sales have no row."""

    __tablename__ = "daily_sales"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    units: Mapped[int]
    revenue: Mapped[Decimal] = mapped_column(Numeric(16, 2))

    # The weekly summary sums days of all variants: what it needs lies in the index.
    __table_args__ = (
        Index("ix_daily_sales_day", "store_id", "day", postgresql_include=["units", "revenue"]),
    )


class DailyTotal(StoreScoped, Base):
    """What a store sold on one day, over all variants: the sum of its `daily_sales`, which a trigger keeps so."""

    __tablename__ = "daily_totals"

    day: Mapped[date] = mapped_column(primary_key=True)
    units: Mapped[int]
    revenue: Mapped[Decimal] = mapped_column(Numeric(18, 2))
