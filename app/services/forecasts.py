"""Forecasts: read the store's demand as one panel, ask the domain, store what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from app.domain import forecasts as engines
from app.domain.demand import Panel
from app.domain.forecasts import Forecasts
from app.models.catalog import VariantSettings
from app.models.forecasts import Forecast, ForecastRun
from app.platform import db
from app.services import demand, stores

HORIZON_DAYS = 28
LOW_HISTORY_DAYS = 30


@dataclass(frozen=True)
class Made:
    """What one run has made."""

    run_id: int
    forecasts: Forecasts


def run(*, today: date, now: datetime) -> Made | None:
    """Forecast every product of the current store from what was known at the end of yesterday.

    Returns None while there is nothing to forecast.
    """
    panel = load_panel(last_day=today - timedelta(days=1))
    if panel is None:
        return None
    panel = demand.as_wanted(panel)
    settings = stores.settings()
    chosen = ForecastRun(
        engine=settings.engine, origin=panel.last_day, started_at=now, variants=len(panel.keys)
    )
    db.session().add(chosen)
    db.session().flush()
    made = engines.forecast(
        panel,
        horizon=HORIZON_DAYS,
        engine=settings.engine,
        engines=_engines_by_variant(),
        low_history_days=LOW_HISTORY_DAYS,
    )
    _store(chosen.id, made)
    return Made(chosen.id, made)


def finish(run_id: int, *, now: datetime) -> None:
    """Note that the run is complete."""
    found = db.session().execute(select(ForecastRun).where(ForecastRun.id == run_id)).scalar_one()
    found.status, found.finished_at = "done", now


def load_panel(*, last_day: date) -> Panel | None:
    """The demand of all variants that exist and ever sold, up to `last_day`, in one streamed query."""
    keys, days, units, money = [], [], [], []
    for row in db.stream(
        """
        SELECT s.variant_id, s.day, s.units, s.revenue
        FROM daily_sales s JOIN variants v ON v.store_id = s.store_id AND v.id = s.variant_id
        WHERE s.day <= :last AND v.deleted_at IS NULL
        """,
        last=last_day,
    ):
        keys.append(row.variant_id)
        days.append(row.day)
        units.append(row.units)
        money.append(float(row.revenue))
    if not keys:
        return None
    quantity = np.asarray(units, dtype=np.float64)
    price = np.divide(money, quantity, out=np.full(len(quantity), np.nan), where=quantity > 0)
    return Panel.from_rows(
        np.asarray(keys, dtype=np.int64),
        np.asarray(days, dtype="datetime64[D]"),
        quantity,
        price=price,
        last_day=last_day,
    )


def _engines_by_variant() -> dict[object, str]:
    query = select(VariantSettings.variant_id, VariantSettings.engine).where(
        VariantSettings.engine.is_not(None)
    )
    return {variant_id: str(engine) for variant_id, engine in db.session().execute(query)}


_COLUMNS = [
    "variant_id",
    "run_id",
    "origin",
    "model",
    "confidence",
    "reason",
    "demand_class",
    "refused_until",
    "daily_mean",
    "daily_low",
    "daily_high",
    "grid_days",
    "grid_q",
    "sum_mean",
    "sum_quantiles",
]


def _store(run_id: int, made: Forecasts) -> None:
    db.execute("DELETE FROM forecasts")
    grid_days, grid_q = made.grid_days.tolist(), made.grid_q.tolist()
    db.append(
        Forecast,
        _COLUMNS,
        (
            (
                int(key),
                run_id,
                made.origin,
                made.model[i],
                made.confidence[i],
                made.reason[i],
                made.demand_class[i],
                made.refused_until[i],
                made.daily_mean[i].tolist(),
                made.daily_low[i].tolist(),
                made.daily_high[i].tolist(),
                grid_days,
                grid_q,
                made.sum_mean[i].tolist(),
                made.sum_quantiles[i].ravel().tolist(),
            )
            for i, key in enumerate(made.keys)
        ),
    )


def load(variant_ids: Sequence[int] | None = None) -> Forecasts | None:
    """The model's stored forecasts, without overrides, as the domain's object; None while there are none."""
    query = select(Forecast).order_by(Forecast.variant_id)
    if variant_ids is not None:
        query = query.where(Forecast.variant_id.in_(variant_ids))
    found = [_by_model(row) for row in db.session().execute(query).scalars() if row.model_numbers != {}]
    if not found:
        return None
    first = found[0]
    shape = (len(found), len(first.grid_days), len(first.grid_q))
    return Forecasts(
        keys=np.asarray([row.variant_id for row in found]),
        origin=first.origin,
        horizon=len(first.daily_mean),
        daily_mean=np.asarray([row.daily_mean for row in found]),
        daily_low=np.asarray([row.daily_low for row in found]),
        daily_high=np.asarray([row.daily_high for row in found]),
        model=np.asarray([row.model for row in found], dtype=object),
        confidence=np.asarray([row.confidence for row in found], dtype=object),
        reason=np.asarray([row.reason for row in found], dtype=object),
        refused_until=np.asarray([row.refused_until for row in found], dtype=object),
        demand_class=np.asarray([row.demand_class for row in found], dtype=object),
        grid_days=np.asarray(first.grid_days),
        grid_q=np.asarray(first.grid_q),
        sum_mean=np.asarray([row.sum_mean for row in found]),
        sum_quantiles=np.asarray([row.sum_quantiles for row in found]).reshape(shape),
    )


def _by_model(row: Forecast) -> Any:
    """The row with the model's numbers where an override has put others in their place."""
    if row.model_numbers is None:
        return row
    kept = {name: getattr(row, name) for name in _COLUMNS}
    for name, value in row.model_numbers.items():
        gap = [float("nan")] * len(kept[name]) if isinstance(kept[name], list) else None
        kept[name] = gap if value is None else value
    until = kept["refused_until"]
    return SimpleNamespace(**kept | {"refused_until": until and date.fromisoformat(until)})


def take(made: Forecasts, rows: NDArray[np.int64]) -> Forecasts:
    """The forecasts of some variants, in the order of `rows`."""
    arrays: dict[str, Any] = {
        field.name: value[rows]
        for field in fields(made)
        if isinstance(value := getattr(made, field.name), np.ndarray)
        and field.name not in ("grid_days", "grid_q")
    }
    return replace(made, **arrays)


class UnableToForecast(ValueError):
    """A series says too little, or is too long, to be forecast; the message says what to send."""


@dataclass(frozen=True)
class SeriesForecast:
    """A forecast of one series: units on each coming day, and the 10-90 % range of that single day."""

    days: list[date]
    mean: list[float]
    low: list[float]
    high: list[float]
    model: str
    confidence: str
    reason: str


_LONGEST_SERIES = 3650


def of_series(points: Sequence[tuple[date, float]], *, horizon: int, engine: str) -> SeriesForecast:
    """Forecast (day, units) pairs from the close of the last day given; days between them had no sales.

    Raises UnableToForecast.
    """
    days = [day for day, _ in points]
    if (max(days) - min(days)).days >= _LONGEST_SERIES:
        raise UnableToForecast(f"The days lie more than {_LONGEST_SERIES} days apart; send the latest ones.")
    panel = Panel.from_rows(
        np.zeros(len(points), dtype=np.int64),
        np.asarray(days, dtype="datetime64[D]"),
        [units for _, units in points],
        last_day=max(days),
    )
    made = engines.forecast(panel, horizon=horizon, engine=engine, low_history_days=LOW_HISTORY_DAYS)
    if made.refused[0]:
        raise UnableToForecast("Send at least 7 days, one of them with sales: less is no evidence.")
    return SeriesForecast(
        days=[made.origin + timedelta(days=i + 1) for i in range(horizon)],
        mean=made.daily_mean[0].tolist(),
        low=made.daily_low[0].tolist(),
        high=made.daily_high[0].tolist(),
        model=str(made.model[0]),
        confidence=str(made.confidence[0]),
        reason=str(made.reason[0]),
    )
