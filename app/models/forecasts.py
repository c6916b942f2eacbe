"""The current forecast of each variant, from which any protection period can be read, and what overrides it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class ForecastRun(StoreScoped, Base):
    """One night's (or one request's) forecasting of a store: running, done, or superseded by a newer one."""

    __tablename__ = "forecast_runs"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    status: Mapped[str] = mapped_column(default="running")
    engine: Mapped[str]
    origin: Mapped[date]
    variants: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    # Weekdays (1 is Monday) on which the shop never sells, as its sales say.
    closed_weekdays: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list, server_default="{}")
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Forecast(StoreScoped, Base):
    """A variant's forecast: daily means and range for the chart, quantiles of sums for the order.

    While an override holds these are the numbers that count, the same for every reader; `model_numbers` then
    keeps what the model said (the columns that differ, or nothing where it said nothing).
    """

    __tablename__ = "forecasts"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    run_id: Mapped[int] = mapped_column(BigInteger)
    origin: Mapped[date]
    model: Mapped[str]
    confidence: Mapped[str]
    reason: Mapped[str]
    demand_class: Mapped[str]
    refused_until: Mapped[date | None]
    daily_mean: Mapped[list[float]] = mapped_column(ARRAY(Float))
    daily_low: Mapped[list[float]] = mapped_column(ARRAY(Float))
    daily_high: Mapped[list[float]] = mapped_column(ARRAY(Float))
    grid_days: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    grid_q: Mapped[list[float]] = mapped_column(ARRAY(Float))
    sum_mean: Mapped[list[float]] = mapped_column(ARRAY(Float))
    # Row by row: len(grid_days) × len(grid_q) values.
    sum_quantiles: Mapped[list[float]] = mapped_column(ARRAY(Float))
    model_numbers: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["store_id", "run_id"], ["forecast_runs.store_id", "forecast_runs.id"]),
    )


class ForecastBase(StoreScoped, Base):
    """The mean of a forecast's sums as it was before coming events changed it, and the events as JSON text."""

    __tablename__ = "forecast_bases"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sum_mean: Mapped[list[float]] = mapped_column(ARRAY(Float))
    events: Mapped[str]

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
    )


class ForecastChoice(StoreScoped, Base):
    """What an engine has learnt of the store by `origin`, as text, to be used on newer sales for some days."""

    __tablename__ = "forecast_choices"

    engine: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[date]
    variants: Mapped[int]
    content: Mapped[str]
    # Models of the weeks before; a program from before there were any neither reads nor writes them.
    earlier: Mapped[str | None]
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ForecastPart(StoreScoped, Base):
    """Some of the products that a run asks a slow engine about: their history as it was when the run began.

    Here until the run is whole or a newer one has begun. `done` of its `variants` are answered.
    """

    __tablename__ = "forecast_parts"

    run_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    variants: Mapped[int]
    done: Mapped[int] = mapped_column(default=0, server_default="0")
    content: Mapped[bytes] = mapped_column(LargeBinary)
    touched_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "run_id"], ["forecast_runs.store_id", "forecast_runs.id"], ondelete="CASCADE"
        ),
    )


class ForecastAnswer(StoreScoped, Base):
    """What the slow engine last answered for a product; `digest` is of all that the answer depends on."""

    __tablename__ = "forecast_answers"

    variant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    content: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
    )


class ForecastOverride(StoreScoped, Base):
    """The merchant's own number for one variant until a day, with the reason; kept after it has ended.

    `model_units` and `override_units`: what each side expected from the first to the last day, for comparing
    both with what was sold.
    """

    __tablename__ = "forecast_overrides"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    variant_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    value: Mapped[Decimal] = mapped_column(Numeric(14, 3))
    starts_on: Mapped[date]
    until: Mapped[date]
    reason: Mapped[str]
    actor: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_by: Mapped[str] = mapped_column(default="")
    model_units: Mapped[float | None]
    override_units: Mapped[float]

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
        CheckConstraint("kind IN ('units', 'percent')", name="kind_is_known"),
        CheckConstraint("value >= CASE kind WHEN 'units' THEN 0 ELSE -100 END", name="value_in_range"),
        CheckConstraint("until >= starts_on", name="days_in_order"),
        Index(
            "uq_forecast_overrides_one_open",
            "store_id",
            "variant_id",
            unique=True,
            postgresql_where="ended_at IS NULL",
        ),
        Index("ix_forecast_overrides_variant", "store_id", "variant_id"),
    )
