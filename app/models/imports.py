"""Files that merchants bring: what was in them, how their columns were read, and what to put back on undo."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class Import(StoreScoped, Base):
    """One file. `content` holds columns and rows without personal data; it goes when the import is applied.

    `status` is what became of it; `work` is what is owed or was done last (check, apply, undo), with its own status.
    """

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    filename: Mapped[str]
    status: Mapped[str] = mapped_column(default="preview")
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # Field → column, and the answers to what the file leaves open (order of dates, decimal mark).
    mapping: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    answers: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    # What the import changed, each with the value before and after.
    undo: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    summary: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    actor: Mapped[str]
    work: Mapped[str] = mapped_column(default="")
    work_status: Mapped[str] = mapped_column(default="done")
    # Of the file, and of those how many the work has read.
    rows: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    asked_by: Mapped[str] = mapped_column(default="")
    # What the last check found; see services.imports.outcomes.
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    applied_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("status IN ('preview', 'applied', 'undone')", name="status_is_known"),
        CheckConstraint("work IN ('', 'check', 'apply', 'undo')", name="work_is_known"),
        CheckConstraint(
            "work_status IN ('queued', 'running', 'done', 'failed')", name="work_status_is_known"
        ),
        CheckConstraint(
            "kind IN ('products', 'suppliers', 'stocky_orders', 'stocky_adjustments')", name="kind_is_known"
        ),
    )


class ImportedRecord(StoreScoped, Base):
    """One order or adjustment of another system, by its number there: brought twice, it counts once."""

    __tablename__ = "imported_records"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    import_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    number: Mapped[str]
    happened_on: Mapped[date | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "import_id"], ["imports.store_id", "imports.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("store_id", "kind", "number"),
    )
