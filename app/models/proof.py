"""The proof of our orders on the store's own past: each run, and what it found for each variant."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKeyConstraint, Identity, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class Proof(StoreScoped, Base):
    """One replay of the store's past. `figures` holds the store's figures by way of ordering, with intervals."""

    __tablename__ = "proofs"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    status: Mapped[str] = mapped_column(default="queued")
    done: Mapped[float] = mapped_column(default=0.0)
    requested_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Why it failed, as a code, and from which day on there will be enough of a past.
    error: Mapped[str] = mapped_column(default="")
    ready_on: Mapped[date | None]
    seed: Mapped[int] = mapped_column(default=0)
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    products: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0)
    # Share of product-days of which the stock was recorded, and product-days held to be sold out.
    recorded: Mapped[float] = mapped_column(default=0.0)
    inferred_days: Mapped[int] = mapped_column(default=0)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)

    __table_args__ = (
        CheckConstraint("status IN ('queued', 'running', 'done', 'failed')", name="status_is_known"),
    )


class ProofLine(StoreScoped, Base):
    """What one run found for one variant: units, days and money of what was had, our orders and the common rule."""

    __tablename__ = "proof_lines"

    proof_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    wanted: Mapped[float]
    recorded_days: Mapped[int]
    inferred_days: Mapped[int]
    lost_had: Mapped[float]
    lost_ours: Mapped[float]
    lost_rule: Mapped[float]
    empty_days_had: Mapped[float]
    empty_days_ours: Mapped[float]
    empty_days_rule: Mapped[float]
    stock_had: Mapped[float | None]
    stock_ours: Mapped[float]
    stock_rule: Mapped[float]
    lost_margin_had: Mapped[float | None]
    lost_margin_ours: Mapped[float | None]
    lost_margin_rule: Mapped[float | None]
    stock_value_had: Mapped[float | None]
    stock_value_ours: Mapped[float | None]
    stock_value_rule: Mapped[float | None]
    gain: Mapped[float | None]

    __table_args__ = (
        ForeignKeyConstraint(["store_id", "proof_id"], ["proofs.store_id", "proofs.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
    )
