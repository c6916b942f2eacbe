"""One run: read the store's demand as one panel, ask the domain, store what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy import select

from app.domain import forecasts as engines
from app.domain.demand import Panel
from app.domain.forecasts import Forecasts
from app.models.catalog import VariantSettings
from app.models.forecasts import ForecastRun
from app.platform import columns, db
from app.services import demand, events, stores, wholesale
from app.services.forecasts import choices, stored

HORIZON_DAYS = 28
LOW_HISTORY_DAYS = 30


@dataclass(frozen=True)
class Made:
    """What one run has made."""

    run_id: int
    forecasts: Forecasts


def run(*, today: date, now: datetime) -> Made | None:
    """Forecast every product of the current store from what was known at the end of yesterday.

    One-off large orders are kept apart, and days of events are no example of usual demand; coming events change
    the forecast made from it.
    What the automatic engine has learnt is kept for some days and used on the newest sales meanwhile.
    Returns None while there is nothing to forecast.
    """
    panel = load_panel(last_day=today - timedelta(days=1))
    if panel is None:
        return None
    wholesale.recognise(panel)
    panel = wholesale.kept_apart(panel)
    days = events.known(panel, now=now)
    panel = events.take_out(demand.as_wanted(panel, apart=days.apart(panel)), days)
    settings = stores.settings()
    chosen = ForecastRun(
        engine=settings.engine,
        origin=panel.last_day,
        started_at=now,
        variants=len(panel.keys),
        closed_weekdays=days.weekdays,
    )
    db.session().add(chosen)
    db.session().flush()
    by_variant = _engines_by_variant()
    automatic = "auto" in {settings.engine, *by_variant.values()}
    made = engines.forecast(
        panel,
        horizon=HORIZON_DAYS,
        engine=settings.engine,
        engines=by_variant,
        low_history_days=LOW_HISTORY_DAYS,
        choice=choices.current(panel, now=now) if automatic else None,
    )
    done = events.lift(made, days)
    stored.store(chosen.id, done.forecasts)
    stored.store_bases(done.before, done.facts)
    return Made(chosen.id, done.forecasts)


def finish(run_id: int, *, now: datetime) -> None:
    """Note that the run is complete."""
    found = db.session().execute(select(ForecastRun).where(ForecastRun.id == run_id)).scalar_one()
    found.status, found.finished_at = "done", now


def load_panel(*, last_day: date) -> Panel | None:
    """The demand of all variants that exist and ever sold, up to `last_day`, in one streamed query."""
    found = columns.read(
        """
        SELECT s.variant_id, s.day, s.units::float8, s.revenue::float8
        FROM daily_sales s JOIN variants v ON v.store_id = s.store_id AND v.id = s.variant_id
        WHERE s.day <= %(last)s AND v.deleted_at IS NULL
        """,
        {"variant_id": "bigint", "day": "date", "units": "double", "revenue": "double"},
        last=last_day,
    )
    units = found["units"]
    if not len(units):
        return None
    price = np.divide(found["revenue"], units, out=np.full(len(units), np.nan), where=units > 0)
    return Panel.from_rows(found["variant_id"], found["day"], units, price=price, last_day=last_day)


def _engines_by_variant() -> dict[object, str]:
    query = select(VariantSettings.variant_id, VariantSettings.engine).where(
        VariantSettings.engine.is_not(None)
    )
    return {variant_id: str(engine) for variant_id, engine in db.session().execute(query)}
