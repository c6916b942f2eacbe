"""Forecasts: a run over the store, what it has stored, and the forecast of a single series."""

from app.services.forecasts.running import (
    HORIZON_DAYS,
    LOW_HISTORY_DAYS,
    Made,
    complete,
    finish,
    load_panel,
    run,
)
from app.services.forecasts.series import SeriesForecast, UnableToForecast, of_series
from app.services.forecasts.stored import before_events, load, store, take

__all__ = [
    "HORIZON_DAYS",
    "LOW_HISTORY_DAYS",
    "Made",
    "SeriesForecast",
    "UnableToForecast",
    "before_events",
    "complete",
    "finish",
    "load",
    "load_panel",
    "of_series",
    "run",
    "store",
    "take",
]
