"""The current forecast of each variant, stored so that any protection period can be read from it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, DateTime, Float, ForeignKeyConstraint, Identity, Integer, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.platform.tenancy import StoreScoped


class ForecastRun(StoreScoped, Base):
    """One night's (or one request's) forecasting of a store."""

    __tablename__ = "forecast_runs"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    status: Mapped[str] = mapped_column(default="running")
    engine: Mapped[str]
    origin: Mapped[date]
    variants: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Forecast(StoreScoped, Base):
    """A variant's forecast: daily means and range for the chart, quantiles of sums for the order."""

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

    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "variant_id"], ["variants.store_id", "variants.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["store_id", "run_id"], ["forecast_runs.store_id", "forecast_runs.id"]),
    )
