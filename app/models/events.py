"""Days that are not like others: events that the merchant names, and days on which the shop was shut."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class Event(StoreScoped, Base):
    """An event or a closure, past or coming; what its days sold, and what they are expected to sell.

    `is_found`: read from the sales, not named by anybody; `is_ordinary`: the merchant says that its days count
    like all others. The units are of the last forecast: NULL where none of the event's days are over, or ahead.
    """

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(default="event")
    first_day: Mapped[date]
    last_day: Mapped[date]
    scope: Mapped[str] = mapped_column(default="all")
    # A vendor, a tag, or SKUs separated by commas; empty for all products.
    target: Mapped[str] = mapped_column(String(500), default="")
    # What the merchant expects; NULL: as measured at events of the same name.
    lift_percent: Mapped[float | None]
    is_found: Mapped[bool] = mapped_column(default=False)
    is_ordinary: Mapped[bool] = mapped_column(default=False)
    products: Mapped[int | None]
    sold_units: Mapped[float | None]
    usual_units: Mapped[float | None]
    measured_percent: Mapped[float | None]
    # The lift that the forecast was given for the days ahead.
    used_percent: Mapped[float | None]
    coming_usual_units: Mapped[float | None]
    coming_units: Mapped[float | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("kind IN ('event', 'closed')", name="kind_is_known"),
        CheckConstraint("scope IN ('all', 'vendor', 'tag', 'skus')", name="scope_is_known"),
        CheckConstraint("last_day >= first_day", name="days_in_order"),
        CheckConstraint("lift_percent BETWEEN -100 AND 10000", name="lift_in_range"),
        Index("ix_events_days", "store_id", "last_day"),
        Index("uq_events_found", "store_id", "first_day", unique=True, postgresql_where="is_found"),
    )
