"""Kept jobs: work that is owed, from the transaction that asks for it to the one that does it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base


class OutboxEntry(Base):
    """One kept job. Global: it holds ids alone, and one sweep finds what is owed whosever it is."""

    __tablename__ = "outbox"

    name: Mapped[str] = mapped_column(primary_key=True)
    store_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("stores.id", ondelete="CASCADE"), index=True
    )
    job: Mapped[str]
    arguments: Mapped[list[Any]] = mapped_column(JSONB)
    queue: Mapped[str]
    # Grows with each wish of the same name, so that one which comes while the job runs is not forgotten.
    number: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(BigInteger)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    parked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str]
