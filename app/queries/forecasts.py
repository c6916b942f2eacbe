"""One product's history and forecast, as the chart shows them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta

from app.platform import db
from app.words import forecasts as words
from app.words.replenishment import event

_LEAST_DAYS = 28


@dataclass(frozen=True)
class History:
    """Net units a day, without gaps."""

    days: list[date]
    units: list[int]


@dataclass(frozen=True)
class ForecastView:
    """The forecast; `low` and `high` bound the middle 80 % of single days. Refused: the lists are empty."""

    origin: date
    days: list[date]
    mean: list[float]
    low: list[float]
    high: list[float]
    model: str
    confidence: str
    reason: str
    demand_class: str
    refused_until: date | None
    # Coming events in words, and the units expected without them over the days shown.
    events: str
    usual_total: float | None

    @property
    def total(self) -> float:
        """Expected units over the days shown."""
        return sum(self.mean)


def history(variant_id: int, *, today: date, days: int = 120) -> History:
    """The last `days` complete days, from shortly before the first sale among them. One statement."""
    rows = db.rows(
        """
        SELECT d.day::date AS day, COALESCE(s.units, 0) AS units
        FROM generate_series(CAST(:first AS date), CAST(:last AS date), INTERVAL '1 day') AS d(day)
        LEFT JOIN daily_sales s ON s.variant_id = :id AND s.day = d.day::date ORDER BY d.day
        """,
        first=today - timedelta(days=days),
        last=today - timedelta(days=1),
        id=variant_id,
    )
    first = next((i for i, row in enumerate(rows) if row.units), len(rows))
    # A flat line over months in which a product was not yet sold would look like no demand.
    shown = rows[min(first, max(len(rows) - _LEAST_DAYS, 0)) :]
    return History([row.day for row in shown], [row.units for row in shown])


def forecast(variant_id: int) -> ForecastView | None:
    """The product's current forecast. One statement."""
    found = db.rows(
        "SELECT f.*, b.events, b.sum_mean AS usual_mean FROM forecasts f LEFT JOIN forecast_bases b"
        " ON b.store_id = f.store_id AND b.variant_id = f.variant_id WHERE f.variant_id = :id",
        id=variant_id,
    )
    if not found:
        return None
    row = found[0]
    is_refused = row.refused_until is not None or any(value != value for value in row.daily_mean)
    count = 0 if is_refused else len(row.daily_mean)
    return ForecastView(
        origin=row.origin,
        days=[row.origin + timedelta(days=i + 1) for i in range(count)],
        mean=row.daily_mean[:count],
        low=row.daily_low[:count],
        high=row.daily_high[:count],
        model=row.model,
        confidence=row.confidence,
        reason=words.reason(row.reason),
        demand_class=row.demand_class,
        refused_until=row.refused_until,
        events="; ".join(event(**one) for one in json.loads(row.events or "[]")),
        usual_total=_at(row.grid_days, row.usual_mean, count) if row.events and count else None,
    )


def _at(grid_days: list[int], sums: list[float], days: int) -> float:
    """The mean of the sum over `days`, which is a day of the grid."""
    return sums[grid_days.index(days)]
