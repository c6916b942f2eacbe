"""Stores (the one global table), their settings and their members."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    Integer,
    String,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class Store(Base):
    """A Shopify shop that installed us. Global on purpose: periodic jobs read ids and enqueue one job a store."""

    __tablename__ = "stores"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    shop: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="installed")
    status_reason: Mapped[str] = mapped_column(default="")
    time_zone: Mapped[str] = mapped_column(default="UTC")
    currency: Mapped[str] = mapped_column(String(3), default="USD")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    access_token_sealed: Mapped[str | None]
    access_expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    refresh_token_sealed: Mapped[str | None]
    refresh_expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    installed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    uninstalled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # The first store-local day that we know whole; NULL when Shopify shows us every order there ever was.
    history_from: Mapped[date | None]

    __table_args__ = (
        CheckConstraint(
            "status IN ('installed', 'uninstalled', 'frozen', 'reauthorize')", name="status_is_known"
        ),
    )

    @property
    def is_active(self) -> bool:
        """Whether jobs may work for this store."""
        return self.status == "installed" and self.access_token_sealed is not None


class Erasure(Base):
    """A shop whose data were deleted on Shopify's request. Global, since it outlives the store's own rows."""

    __tablename__ = "erasures"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    shop: Mapped[str] = mapped_column(String(255))
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    erased_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    webhook_id: Mapped[str] = mapped_column(default="")


class StoreSettings(StoreScoped, Base):
    """What the merchant decides for the whole store; suppliers, products and locations may differ."""

    __tablename__ = "store_settings"

    # 0: none, alerts come from the forecast alone (docs/decisions/004).
    low_stock_threshold: Mapped[int] = mapped_column(default=0)
    alert_emails: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    # The hour of the store's day from which the daily digest goes out, and the weekdays (1 is Monday) without one.
    digest_hour: Mapped[int] = mapped_column(default=8)
    quiet_days: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list)
    weekly_summary: Mapped[bool] = mapped_column(default=True)
    time_zone: Mapped[str | None]
    lead_time_days: Mapped[int] = mapped_column(default=14)
    lead_time_sd_days: Mapped[float] = mapped_column(default=3.0)
    review_days: Mapped[int] = mapped_column(default=7)
    # From one location's shelf to another's.
    transfer_days: Mapped[int] = mapped_column(default=2, server_default="2")
    service_level: Mapped[float] = mapped_column(default=0.95)
    # Of the products of one class; NULL: the store's.
    service_level_a: Mapped[float | None]
    service_level_b: Mapped[float | None]
    service_level_c: Mapped[float | None]
    # "level": by the levels alone; "value": as much in all, but where stock saves most sales for its money.
    service_by: Mapped[str] = mapped_column(default="level", server_default="level")
    engine: Mapped[str] = mapped_column(default="auto")
    setup_dismissed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # What mails and files speak, and pages where neither member nor browser asks for a language of ours.
    language: Mapped[str] = mapped_column(default="en")
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        CheckConstraint("low_stock_threshold >= 0", name="threshold_not_negative"),
        CheckConstraint("digest_hour BETWEEN 0 AND 23", name="digest_hour_in_range"),
        CheckConstraint("quiet_days <@ ARRAY[1, 2, 3, 4, 5, 6, 7]", name="quiet_days_are_weekdays"),
        CheckConstraint("lead_time_days BETWEEN 0 AND 365", name="lead_time_in_range"),
        CheckConstraint("lead_time_sd_days BETWEEN 0 AND 180", name="lead_time_sd_in_range"),
        CheckConstraint("review_days BETWEEN 1 AND 180", name="review_in_range"),
        CheckConstraint("transfer_days BETWEEN 0 AND 60", name="transfer_days_in_range"),
        CheckConstraint("service_by IN ('level', 'value')", name="service_by_is_known"),
        *(
            CheckConstraint(f"{name} > 0.5 AND {name} < 1", name=f"{name}_in_range")
            for name in ("service_level", "service_level_a", "service_level_b", "service_level_c")
        ),
    )


class Member(StoreScoped, Base):
    """One person of one store: staff known from Shopify's ID token."""

    __tablename__ = "members"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    shopify_user_id: Mapped[str | None]
    email: Mapped[str | None]
    name: Mapped[str] = mapped_column(default="")
    role: Mapped[str] = mapped_column(default="viewer")
    language: Mapped[str | None]  # NULL: as the admin or the browser asks
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        UniqueConstraint("store_id", "shopify_user_id"),
        CheckConstraint("role IN ('owner', 'manager', 'viewer')", name="role_is_known"),
        # The first member is the owner; two first visits at once must not make two owners.
        Index("uq_members_one_founder", "store_id", unique=True, postgresql_where="role = 'owner'"),
    )
