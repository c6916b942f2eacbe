"""CSV reports: each run with its state and, once made, its file in pieces."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    func,
)
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class Report(StoreScoped, Base):
    """One report as asked for by one member; its file is in `report_parts`."""

    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default="queued")
    filename: Mapped[str] = mapped_column(default="")
    rows: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    requested_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Of the file, in bytes. The release before kept whole files in `content` instead; it goes one release later.
    size: Mapped[int | None]
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))

    __table_args__ = (
        CheckConstraint("status IN ('queued', 'running', 'done', 'failed')", name="status_is_known"),
        Index("ix_reports_latest", "store_id", "created_at"),
    )


class ReportPart(StoreScoped, Base):
    """A piece of a report's file. Here, for a dyno's disk is gone after a restart and no other process sees it;
    in pieces, so that neither writing nor sending it takes memory by its length."""

    __tablename__ = "report_parts"

    report_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "report_id"], ["reports.store_id", "reports.id"], ondelete="CASCADE"
        ),
    )


class ForecastRecord(StoreScoped, Base):
    """What was forecast on a day, noted once a week and never changed: what came of it is compared later."""

    __tablename__ = "forecast_records"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    # The last day known when the forecast was made; it speaks of the days after it.
    origin: Mapped[date] = mapped_column(primary_key=True)
    days: Mapped[int]
    units: Mapped[float]
    # 8 of 10 such sums should lie between; NULL in what was noted before ranges were.
    low: Mapped[float | None]
    high: Mapped[float | None]
    model: Mapped[str]

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
    )
