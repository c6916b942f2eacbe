"""The current reorder suggestion of each variant, with the ledger that proves its quantity."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Numeric,
    String,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class Suggestion(StoreScoped, Base):
    """What to order of one variant now, and why."""

    __tablename__ = "suggestions"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    quantity: Mapped[int]
    on_hand: Mapped[int]
    committed: Mapped[int]
    incoming: Mapped[int]
    expected_demand: Mapped[float | None]
    protection_days: Mapped[int]
    safety_stock: Mapped[int | None]
    reorder_point: Mapped[int | None]
    target_stock: Mapped[int | None]
    days_of_cover: Mapped[float | None]
    stock_out_early: Mapped[date | None]
    stock_out: Mapped[date | None]
    stock_out_late: Mapped[date | None]
    order_by: Mapped[date | None]
    stock_gap: Mapped[bool] = mapped_column(default=False)
    overstock_units: Mapped[int] = mapped_column(default=0)
    overstock_value: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    urgency: Mapped[str]
    # Rank of the urgency, so that the list sorts by an index and not by a CASE.
    urgency_rank: Mapped[int]
    # A, B or C by what the product sold for in the last year.
    abc_class: Mapped[str] = mapped_column(String(1), default="C", server_default="C")
    cost: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    cost_of_waiting: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    ledger: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    # Units by cause (`domain.replenishment.change`) since an earlier plan, with its day and quantity.
    change: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        Index("ix_suggestions_urgency", "store_id", "urgency_rank", "order_by"),
        # What is to be ordered is a small part of all suggestions, and is asked for most.
        Index("ix_suggestions_due", "store_id", "urgency_rank", "order_by", postgresql_where="quantity > 0"),
        # What pages sum or sort all suggestions by: the ledgers, most of each row, need not be read for that.
        Index(
            "ix_suggestions_figures",
            "store_id",
            "variant_id",
            postgresql_include=[
                "quantity",
                "on_hand",
                "committed",
                "urgency",
                "cost",
                "expected_demand",
                "overstock_units",
                "overstock_value",
            ],
        ),
    )


class PlanBasis(StoreScoped, Base):
    """What a past week's plan of a variant was made from beside the forecast; `max_stock` NaN: no limit."""

    __tablename__ = "plan_bases"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    planned_on: Mapped[date] = mapped_column(primary_key=True)
    quantity: Mapped[float]
    on_hand: Mapped[float]
    committed: Mapped[float]
    incoming: Mapped[float]
    lead_time_days: Mapped[float]
    lead_time_sd_days: Mapped[float]
    review_days: Mapped[float]
    service_level: Mapped[float]
    moq: Mapped[float]
    case_size: Mapped[float]
    min_stock: Mapped[float]
    max_stock: Mapped[float]
    # Units by which its target still had to come down.
    settling: Mapped[float] = mapped_column(server_default="0")

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
    )


class ReviewedTarget(StoreScoped, Base):
    """What a variant's target stock had come to at its latest review, and the settings that it was made for."""

    __tablename__ = "reviewed_targets"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    reviewed_on: Mapped[date]
    target: Mapped[float]
    # What the next review's was to be of it.
    foreseen: Mapped[float]
    # The service level that it was shared out at, and those settings: `service_level` is what was asked for.
    level: Mapped[float]
    lead_time_days: Mapped[float]
    lead_time_sd_days: Mapped[float]
    review_days: Mapped[float]
    service_level: Mapped[float]

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
    )


class SuggestionTotal(StoreScoped, Base):
    """Figures of all suggestions in one state of stock: their sums, which a trigger keeps so, snoozed ones included.

    `costed` and `idle_valued` count the products whose order, or overstock, has a known price.
    """

    __tablename__ = "suggestion_totals"

    state: Mapped[str] = mapped_column(primary_key=True)
    products: Mapped[int]
    units: Mapped[int]
    to_order: Mapped[int]
    costed: Mapped[int]
    order_cost: Mapped[Decimal] = mapped_column(Numeric(20, 2))
    urgent: Mapped[int]
    idle_products: Mapped[int]
    idle_valued: Mapped[int]
    idle_value: Mapped[Decimal] = mapped_column(Numeric(20, 2))


class SuggestionSnooze(StoreScoped, Base):
    """The merchant's "not now" for one variant, with a reason; outlives re-planning, which replaces suggestions."""

    __tablename__ = "suggestion_snoozes"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    until: Mapped[date]
    reason: Mapped[str] = mapped_column(default="")
    actor: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
    )


class ServiceCost(StoreScoped, Base):
    """What a service level would cost the products of one class: stock, and sales lost in a year."""

    __tablename__ = "service_costs"

    abc_class: Mapped[str] = mapped_column(String(1), primary_key=True)
    level: Mapped[float] = mapped_column(primary_key=True)
    products: Mapped[int]
    # Their stock is left out of the value: nobody knows what they cost.
    without_cost: Mapped[int]
    stock_value: Mapped[Decimal] = mapped_column(Numeric(16, 2))
    lost_units: Mapped[float]
    lost_value: Mapped[Decimal] = mapped_column(Numeric(16, 2))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
