"""Runs of the sync with their progress, what reconciliation found, troubles, and webhook receipts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class SyncRun(StoreScoped, Base):
    """One pass over Shopify's data: the first (all of it), incremental, or a reconciliation (a comparison)."""

    __tablename__ = "sync_runs"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default="queued")
    stage: Mapped[str] = mapped_column(default="queued")
    done: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    # Bulk operations under way: name → Shopify's id.
    operations: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    # Where each part stands (a page's cursor, a result's byte), and what was known when the run began.
    cursors: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    # How often the present step has failed in a row.
    attempts: Mapped[int] = mapped_column(default=0)
    # Counts the steps, so that a repeated or late step job sees that it is stale.
    step: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    touched_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("kind IN ('first', 'incremental', 'reconciliation')", name="kind_is_known"),
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
    # What it is about (order, product, item) and which one: deliveries about one object are handled together.
    subject: Mapped[str] = mapped_column(default="")
    object_id: Mapped[int | None] = mapped_column(BigInteger)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    triggered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    handled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    # Set when its handling failed too often: it waits for a person, and no job takes it up again.
    parked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("store_id", "webhook_id"),
        Index(
            "ix_webhook_receipts_waiting",
            "store_id",
            "received_at",
            postgresql_where="handled_at IS NULL AND parked_at IS NULL",
        ),
        Index(
            "ix_webhook_receipts_subject",
            "store_id",
            "subject",
            "object_id",
            postgresql_where="handled_at IS NULL AND parked_at IS NULL",
        ),
    )


class ReconciliationDifference(StoreScoped, Base):
    """One number of ours that was not Shopify's, as found (and repaired) by one reconciliation."""

    __tablename__ = "reconciliation_differences"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(BigInteger)
    what: Mapped[str]
    variant_id: Mapped[int | None] = mapped_column(BigInteger)
    inventory_item_id: Mapped[int | None] = mapped_column(BigInteger)
    location_id: Mapped[int | None] = mapped_column(BigInteger)
    day: Mapped[date | None]
    ours: Mapped[int]
    theirs: Mapped[int]

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "run_id"], ["sync_runs.store_id", "sync_runs.id"], ondelete="CASCADE"
        ),
        CheckConstraint("what IN ('units', 'stock')", name="what_is_known"),
        Index("ix_reconciliation_differences_run", "store_id", "run_id"),
    )


class SyncTrouble(StoreScoped, Base):
    """A failure of the sync from its first sign to its mending; the owner is told of each at most once."""

    __tablename__ = "sync_troubles"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    reason: Mapped[str]
    failures: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    mailed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    mended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("uq_sync_troubles_one_open", "store_id", unique=True, postgresql_where="mended_at IS NULL"),
    )
