"""One run: read the store's demand as one panel, ask the domain, store what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import select

from app.domain import forecasts as engines
from app.domain.arrays import Ints
from app.domain.demand import Panel, holidays
from app.domain.forecasts import Forecasts
from app.models.catalog import VariantSettings
from app.models.forecasts import ForecastRun
from app.platform import columns, db
from app.services import demand, events, stores, wholesale
from app.services.forecasts import answers, choices, parts, stored

HORIZON_DAYS = 28
LOW_HISTORY_DAYS = 30


@dataclass(frozen=True)
class Made:
    """What one run has made: the forecasts, and the numbers of the parts that are to be asked before it is whole.

    Until then `forecasts` are those of the products that need no part, None without any.
    """

    run_id: int
    forecasts: Forecasts | None
    parts: list[int]


def run(*, today: date, now: datetime, in_parts: bool = True) -> Made | None:
    """Forecast every product of the current store from what was known at the end of yesterday.

    One-off large orders are kept apart, and days of events are no example of usual demand; coming events change
    the forecast made from it.
    What the automatic engine has learnt is kept for some days and used on the newest sales meanwhile. Where a slow
    engine is to be asked about many products, that is left to parts (unless not `in_parts`), and `complete` follows.
    A run that is under way ends. Returns None while there is nothing to forecast.
    """
    panel = load_panel(last_day=today - timedelta(days=1))
    if panel is None:
        return None
    parts.supersede(now=now)
    begun = ForecastRun(engine=stores.settings().engine, origin=panel.last_day, started_at=now)
    db.session().add(begun)
    db.session().flush()
    return _forecast(begun, panel, now=now, in_parts=in_parts)


def complete(run_id: int, *, now: datetime) -> Made | None:
    """Forecast every product as of the run's day, with the answers that its parts have given.

    Products that have changed meanwhile are asked about again. None when the run is over, or all products are gone.
    """
    begun = parts.lock(run_id)
    if begun is None:
        return None
    panel = load_panel(last_day=begun.origin)
    if panel is None:
        parts.supersede(now=now)
        return None
    return _forecast(begun, panel, now=now, in_parts=True)


def finish(run_id: int, *, now: datetime) -> None:
    """Note that the run is complete."""
    found = db.session().execute(select(ForecastRun).where(ForecastRun.id == run_id)).scalar_one()
    found.status, found.finished_at = "done", now
    db.execute("DELETE FROM forecast_parts")


def _forecast(begun: ForecastRun, panel: Panel, *, now: datetime, in_parts: bool) -> Made:
    panel, days = _usual(panel, now=now)
    asked = _Asked(stores.settings().engine, _engines_by_variant())
    begun.engine, begun.variants, begun.closed_weekdays = asked.engine, len(panel), days.weekdays
    slow = engines.slow_rows(
        panel, engine=asked.engine, engines=asked.by_variant, low_history_days=LOW_HISTORY_DAYS
    )
    keys = panel.keys[slow].tolist()
    answers.forget_all_but(keys)
    waiting = panel.take(slow[answers.unanswered(panel.take(slow))])
    if in_parts and len(waiting) > parts.AT_ONCE:
        numbers = parts.divide(begun.id, waiting, now=now)
        quick = np.setdiff1d(np.arange(len(panel)), slow)
        if not len(quick):
            return Made(begun.id, None, numbers)
        done = events.lift(_answered(panel, asked, now=now, only=quick), days.of(quick))
        return Made(begun.id, _store(begun.id, done, keep=keys), numbers)
    if len(waiting):
        answers.keep(waiting, engines.ask(waiting))
    done = events.lift(_answered(panel, asked, now=now, answers=answers.load(keys)), days)
    events.note_coming(done, days)
    return Made(begun.id, _store(begun.id, done), [])


def _usual(panel: Panel, *, now: datetime) -> tuple[Panel, events.Known]:
    """Demand without one-off large orders, sold-out days and events; and these events."""
    wholesale.recognise(panel)
    panel = wholesale.kept_apart(panel)
    days = events.known(panel, now=now)
    return events.take_out(demand.as_wanted(panel, apart=days.apart(panel)), days), days


@dataclass(frozen=True)
class _Asked:
    """The engines that the merchant asks for: the store's, and those of single products."""

    engine: str
    by_variant: dict[object, str]

    @property
    def is_automatic(self) -> bool:
        return "auto" in {self.engine, *self.by_variant.values()}


def _answered(panel: Panel, asked: _Asked, *, now: datetime, **how: Any) -> Forecasts:
    return engines.forecast(
        panel,
        horizon=HORIZON_DAYS,
        engine=asked.engine,
        engines=asked.by_variant,
        low_history_days=LOW_HISTORY_DAYS,
        choice=choices.current(panel, now=now) if asked.is_automatic else None,
        **how,
    )


def _store(run_id: int, done: events.Lifted, *, keep: Sequence[int] = ()) -> Forecasts:
    stored.store(run_id, done.forecasts, keep=keep)
    stored.store_bases(done.before, done.facts, keep=keep)
    return done.forecasts


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
    panel = Panel.from_rows(found["variant_id"], found["day"], units, price=price, last_day=last_day)
    return replace(panel, holiday=_holidays(panel))


def _holidays(panel: Panel) -> Ints:
    """(n,) the holidays that the variants' titles name."""
    titles = db.rows(
        "SELECT v.id, p.title || ' ' || v.title AS title"
        " FROM variants v JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id"
        " WHERE v.deleted_at IS NULL"
    )
    named = dict(zip((row.id for row in titles), holidays.named(row.title for row in titles), strict=True))
    return np.array([named.get(key, holidays.NONE) for key in panel.keys.tolist()], dtype=np.int64)


def _engines_by_variant() -> dict[object, str]:
    query = select(VariantSettings.variant_id, VariantSettings.engine).where(
        VariantSettings.engine.is_not(None)
    )
    return {variant_id: str(engine) for variant_id, engine in db.session().execute(query)}
