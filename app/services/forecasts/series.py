"""The forecast of one series that a client sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from app.domain import forecasts as engines
from app.domain.demand import Panel
from app.platform.formats import number
from app.platform.i18n import gettext
from app.services.forecasts.running import LOW_HISTORY_DAYS


class UnableToForecast(ValueError):
    """A series says too little, or is too long, to be forecast; the message says what to send."""


@dataclass(frozen=True)
class SeriesForecast:
    """A forecast of one series: units on each coming day, and the 10-90 % range of that single day.

    `reason` is a code that `app.words.forecasts` says.
    """

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
        raise UnableToForecast(
            gettext(
                "The days lie more than %(days)s days apart; send the latest ones.",
                days=number(_LONGEST_SERIES),
            )
        )
    panel = Panel.from_rows(
        np.zeros(len(points), dtype=np.int64),
        np.asarray(days, dtype="datetime64[D]"),
        [units for _, units in points],
        last_day=max(days),
    )
    made = engines.forecast(panel, horizon=horizon, engine=engine, low_history_days=LOW_HISTORY_DAYS)
    if made.refused[0]:
        raise UnableToForecast(gettext("Send at least 7 days, one of them with sales: less is no evidence."))
    return SeriesForecast(
        days=[made.origin + timedelta(days=i + 1) for i in range(horizon)],
        mean=made.daily_mean[0].tolist(),
        low=made.daily_low[0].tolist(),
        high=made.daily_high[0].tolist(),
        model=str(made.model[0]),
        confidence=str(made.confidence[0]),
        reason=str(made.reason[0]),
    )
