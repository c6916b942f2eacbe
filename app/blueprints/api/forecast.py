"""Forecasts as JSON: those of the store's products, and one of any series that a client sends."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Annotated, Any, Literal

from flask_login import current_user
from pydantic import Field

from app.blueprints.api.door import blueprint, root
from app.domain.forecasts import ENGINES
from app.jobs import forecasts as jobs
from app.platform import cache, queue
from app.platform.access import Permission, actor
from app.platform.api import paged
from app.platform.bodies import Done, Id, Invalid, Model, OneOf, Paged, PageQuery, Query
from app.platform.i18n import gettext
from app.platform.limits import Limit
from app.platform.queue import enqueue
from app.queries.api import stock as read
from app.services import audit, forecasts
from app.words import forecasts as words

_CACHE_SECONDS = 24 * 3600
# Forecasting is work for the processor, unlike reading.
_FORECASTS = Limit("api-forecast", tries=30, seconds=60)
Engine = Annotated[str, OneOf(ENGINES)]


class ForecastQuery(PageQuery):
    """Which forecasts."""

    product_id: Id | None = Field(None, description="Of one product only.")


class ForecastDay(Model):
    """What one product is expected to sell on one day; `low` and `high` bound the middle 80 %."""

    product_id: int
    product_name: str
    sku: str
    forecast_date: date
    predicted_demand: float
    low: float
    high: float
    model: str
    confidence: Literal["normal", "low"]


class Forecast(Paged[ForecastDay]):
    """One page of days, by product and day."""


class Point(Model):
    """Units sold on one day."""

    ds: Annotated[date, Field(ge=date(1970, 1, 1), le=date(2200, 1, 1))]
    y: Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]


Points = Annotated[list[Point], Field(min_length=1, max_length=3650)]


class SeriesQuery(Query):
    """How to forecast."""

    horizon: int = Field(28, ge=1, le=180, description="How many days ahead.")
    engine: Engine = "auto"


class Prediction(Model):
    """One coming day."""

    ds: date
    forecast_date: date
    predicted_demand: float
    low: float
    high: float


class Predictions(Model):
    """A forecast of the series that was sent."""

    success: bool
    model: str
    confidence: Literal["normal", "low"]
    reason: str
    predictions: list[Prediction]


@blueprint.read(
    "/forecast", needs=Permission.FORECASTS_READ, tag="Forecasts", answer=Forecast, query=ForecastQuery
)
def forecast(query: ForecastQuery) -> dict[str, Any]:
    """List the forecast of each product and day."""
    found = read.forecast_days(product_id=query.product_id, page=query.page, size=query.per_page)
    return paged(found, query)


@blueprint.write("/forecast/run", needs=Permission.FORECASTS_RUN, tag="Forecasts", answer=Done, status=202)
def run_forecast() -> Done:
    """Forecast and plan the whole store anew."""
    queue.ensure_reachable()
    store_id = current_user.store_id
    audit.record(actor=actor(), action="forecast.asked")
    enqueue(jobs.run, store_id, on="urgent", once=f"forecast-{store_id}")
    return Done(message=gettext("The forecast is being made. GET /api/forecast shows it when it is done."))


@blueprint.write(
    "/forecast",
    needs=Permission.FORECASTS_READ,
    tag="Forecasts",
    answer=Predictions,
    body=Points,
    query=SeriesQuery,
    limit=_FORECASTS,
)
def forecast_series(body: list[Point], query: SeriesQuery) -> Predictions:
    """Forecast a daily series: `[{"ds": "2026-01-31", "y": 4}, …]`.

    Days in between that are not sent count as days without sales; several values of one day are added up.
    The same series is answered from memory for 24 hours.
    """
    key = _key(body, query)
    known = cache.find(key)
    if known is None:
        found = _forecast(body, query)
        cache.keep(key, found.model_dump_json(), seconds=_CACHE_SECONDS)
    else:
        found = Predictions.model_validate_json(known)
    # Kept is the code: the next one who sends this series may read another language.
    return found.model_copy(update={"reason": words.reason(found.reason)})


@root.write(
    "/forecast",
    needs=Permission.FORECASTS_READ,
    tag="Forecasts",
    answer=Predictions,
    body=Points,
    query=SeriesQuery,
    limit=_FORECASTS,
)
def forecast_series_at_root(body: list[Point], query: SeriesQuery) -> Predictions:
    """Forecast a daily series: `POST /api/forecast` at the address that forecast services have."""
    return forecast_series(body, query)


def _forecast(body: list[Point], query: SeriesQuery) -> Predictions:
    try:
        made = forecasts.of_series(
            [(point.ds, point.y) for point in body], horizon=query.horizon, engine=query.engine
        )
    except forecasts.UnableToForecast as error:
        raise Invalid([{"field": "", "detail": str(error)}]) from None
    days = zip(made.days, made.mean, made.low, made.high, strict=True)
    return Predictions(
        success=True,
        model=made.model,
        confidence=made.confidence,  # type: ignore[arg-type]
        reason=made.reason,
        predictions=[
            Prediction(ds=day, forecast_date=day, predicted_demand=mean, low=low, high=high)
            for day, mean, low, high in days
        ],
    )


def _key(body: list[Point], query: SeriesQuery) -> str:
    """The series itself is the key, so what one client sent can only be found by whoever sends the same."""
    content = json.dumps([sorted((str(point.ds), point.y) for point in body), query.horizon, query.engine])
    return f"forecast:{hashlib.sha256(content.encode()).hexdigest()}"
