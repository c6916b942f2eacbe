"""Runs of the sync with their progress, and webhook receipts (a row before a job, so none is lost)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class SyncRun(StoreScoped, Base):
    """One pass over Shopify's data: first (bulk), incremental, or a part of them."""

    __tablename__ = "sync_runs"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default="queued")
    stage: Mapped[str] = mapped_column(default="queued")
    done: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    # Bulk operations under way: name → Shopify's id.
    operations: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    # Counts the steps, so that a repeated or late step job sees that it is stale.
    step: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    touched_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("kind IN ('first', 'incremental')", name="kind_is_known"),
        CheckConstraint("status IN ('queued', 'running', 'done', 'failed')", name="status_is_known"),
        # One run of a store at a time, whoever asks: a second one finds this row.
        Index(
            "uq_sync_runs_one_open",
            "store_id",
            unique=True,
            postgresql_where="status IN ('queued', 'running')",
        ),
        Index("ix_sync_runs_latest", "store_id", "started_at"),
    )


class WebhookReceipt(StoreScoped, Base):
    """One delivery of one webhook, as it came; unique by Shopify's delivery id."""

    __tablename__ = "webhook_receipts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    webhook_id: Mapped[str]
    event_id: Mapped[str] = mapped_column(default="")
    topic: Mapped[str]
    api_version: Mapped[str] = mapped_column(default="")
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    triggered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    handled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")

    __table_args__ = (
        UniqueConstraint("store_id", "webhook_id"),
        Index(
            "ix_webhook_receipts_waiting", "store_id", "received_at", postgresql_where="handled_at IS NULL"
        ),
    )
