"""Forecast a store, plan its orders and raise its alerts: one job after each sync, and each night."""

from __future__ import annotations

from datetime import date, datetime

from app.domain.forecasts import Forecasts
from app.domain.replenishment import Suggestions
from app.jobs import accuracy
from app.platform import clock
from app.platform.queue import enqueue, kept, store_job
from app.services import alerts, forecasts, overrides, purchasing, replenishment, reports, stores


@store_job
@kept
def run(store_id: int) -> None:
    """Forecast, plan and alert from what is stored now."""
    now, today = clock.now(), clock.today(stores.time_zone())
    purchasing.ensure_suppliers()
    made = forecasts.run(today=today, now=now)
    if made is None:
        return
    suggestions = _plan(made.forecasts, today=today, now=now)
    forecasts.finish(made.run_id, now=clock.now())
    reports.record_forecasts(today=today)
    accuracy.add_up_if_due(store_id)
    if suggestions is not None:
        alerts.run(suggestions, now=now)


@store_job
@kept
def replan(_store_id: int) -> None:
    """Plan and alert anew: stock or settings have changed."""
    plan_again()


def plan_again() -> None:
    """Plan the current store anew from its stored forecast, and raise its alerts."""
    now, today = clock.now(), clock.today(stores.time_zone())
    suggestions = _plan(forecasts.load(), today=today, now=now)
    if suggestions is not None:
        alerts.run(suggestions, now=now)


def _plan(by_model: Forecasts | None, *, today: date, now: datetime) -> Suggestions | None:
    applied = overrides.apply(by_model, today=today)
    return None if applied is None else replenishment.run(applied, today=today, now=now)


def replan_soon(store_id: int) -> None:
    """Enqueue a replan; several wishes before it runs make one."""
    enqueue(replan, store_id, on="urgent", once=f"replan-{store_id}")


def forecast_soon(store_id: int) -> None:
    """Enqueue a new forecast; several wishes before it runs make one."""
    enqueue(run, store_id, on="urgent", once=f"forecast-{store_id}")
