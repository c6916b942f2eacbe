"""Low-stock alerts: raised on the edge, mailed at most once in 24 hours a product, kept for audit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKeyConstraint, Identity, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class Alert(StoreScoped, Base):
    """One alert about one variant, from when it was raised to when it was resolved."""

    __tablename__ = "alerts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    variant_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    gravity: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    raised_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    mail_id: Mapped[int | None] = mapped_column(BigInteger)
    snoozed_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    dismissed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    resolved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
        CheckConstraint(
            "kind IN ('out_of_stock', 'below_threshold', 'runs_out_before_delivery')", name="kind_is_known"
        ),
        # Edge-triggered: a product has one open alert at most, whoever runs at once.
        Index(
            "uq_alerts_one_open",
            "store_id",
            "variant_id",
            unique=True,
            postgresql_where="resolved_at IS NULL",
        ),
        Index("ix_alerts_latest", "store_id", "raised_at"),
    )


class AlertMail(StoreScoped, Base):
    """One message of the store to one address or channel: a row before it is sent, so that it is sent once."""

    __tablename__ = "alert_mails"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    channel: Mapped[str] = mapped_column(default="email", server_default="email")
    channel_id: Mapped[int | None] = mapped_column(BigInteger)
    recipients: Mapped[list[str]] = mapped_column(JSONB)
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    headers: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict, server_default="{}")
    status: Mapped[str] = mapped_column(default="queued")
    provider_id: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    claimed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("channel IN ('email', 'webhook', 'slack')", name="channel_is_known"),
        CheckConstraint("status IN ('queued', 'sending', 'sent', 'failed')", name="status_is_known"),
        Index("ix_alert_mails_latest", "store_id", "created_at"),
    )


class AlertChannel(StoreScoped, Base):
    """Where alerts go beside e-mail. Address and secret are sealed: whoever knows a Slack address may post there."""

    __tablename__ = "alert_channels"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    url_sealed: Mapped[str]
    secret_sealed: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    # It stays on record, without address and secret.
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("kind IN ('webhook', 'slack')", name="kind_is_known"),)


class MailRound(StoreScoped, Base):
    """That a store's digest or summary of one day was made, so that no day has two."""

    __tablename__ = "mail_rounds"

    kind: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (CheckConstraint("kind IN ('digest', 'summary')", name="kind_is_known"),)
