"""Suppliers: from whom a product comes, and how long that takes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class Supplier(StoreScoped, Base):
    """Where a product is bought; at first one for each vendor named in Shopify."""

    __tablename__ = "suppliers"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    vendor: Mapped[str]
    name: Mapped[str]
    lead_time_days: Mapped[int | None]
    lead_time_sd_days: Mapped[float | None]
    review_days: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        UniqueConstraint("store_id", "vendor"),
        CheckConstraint("lead_time_days BETWEEN 0 AND 365", name="lead_time_in_range"),
        CheckConstraint("review_days BETWEEN 1 AND 180", name="review_in_range"),
    )
