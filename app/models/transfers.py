"""What each location is to hold of each product, and what to move between locations before buying."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKeyConstraint, Index, Numeric, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class LocationPlan(StoreScoped, Base):
    """The plan of one product at one location, made anew with each plan; only where several locations stock it.

    No keys to variants and locations: the rows are replaced as often as suggestions are, and checking each would
    take longer than writing it.
    """

    __tablename__ = "location_plans"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    # Units sold or sent from there in the last months; those of orders that nobody has sent yet are nowhere.
    sold: Mapped[int]
    # The part of that time in which there was something to sell, as far as is known.
    in_stock: Mapped[float] = mapped_column(default=1.0, server_default="1")
    share: Mapped[float]
    expected: Mapped[float]
    available: Mapped[int]
    incoming: Mapped[int]
    # Of that, demand that is lost until a transfer can arrive: no part of the target.
    missed: Mapped[int] = mapped_column(default=0, server_default="0")
    target: Mapped[int]
    # What of the target the store's stock pays for.
    goal: Mapped[int]
    days_of_cover: Mapped[float]


class TransferSuggestion(StoreScoped, Base):
    """Units of one product that are better moved than bought, with the ledger that proves them."""

    __tablename__ = "transfer_suggestions"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    source_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    destination_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    units: Mapped[int]
    # What they cost to buy.
    value: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))
    source_available: Mapped[int]
    source_incoming: Mapped[int]
    source_goal: Mapped[int]
    # Days until they are there.
    transit_days: Mapped[int] = mapped_column(default=0, server_default="0")
    # Days until the destination has sold what it has.
    days_of_cover: Mapped[float]
    ledger: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        CheckConstraint("units > 0", name="units_positive"),
        CheckConstraint("source_id <> destination_id", name="two_locations"),
        Index("ix_transfer_suggestions_cover", "store_id", "days_of_cover", "variant_id"),
    )


class LocationMinimum(StoreScoped, Base):
    """The least that the merchant wants of one product at one location; the sync never touches it."""

    __tablename__ = "location_minimums"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    units: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["store_id", "location_id"], ["locations.store_id", "locations.id"], ondelete="CASCADE"
        ),
        CheckConstraint("units > 0", name="units_positive"),
    )
