"""Forecast a store, plan its orders and raise its alerts: one job after each sync, and each night."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from app.domain.forecasts import Forecasts
from app.domain.replenishment import Suggestions
from app.jobs import accuracy
from app.platform import clock, db, outbox
from app.platform.queue import enqueue, kept, store_job
from app.services import alerts, forecasts, overrides, purchasing, replenishment, reports, stores
from app.services.forecasts import parts

log = logging.getLogger(__name__)


@store_job
@kept
def run(store_id: int) -> None:
    """Forecast, plan and alert from what is stored now; a long run is divided, and planned for what is quick."""
    now, today = clock.now(), clock.today(stores.time_zone())
    purchasing.ensure_suppliers()
    _use(store_id, forecasts.run(today=today, now=now))


@store_job
@kept
def part(store_id: int, run_id: int, number: int) -> None:
    """Answer one part of a run; the last part to end has the run made whole."""
    panel = parts.left(run_id, number)
    waiting = 0 if panel is None else len(panel)
    for some in [] if panel is None else parts.steps(panel):
        db.checkpoint()  # no transaction is open while it computes
        waiting -= len(some)
        if not parts.keep(run_id, number, some, parts.ask(some), left=waiting, now=clock.now()):
            log.info("a newer run has taken over", extra={"run": run_id, "part": number})
            return
    if parts.are_done(run_id):
        _complete_soon(store_id, run_id)


@store_job
@kept
def whole(store_id: int, run_id: int) -> None:
    """Forecast, plan and alert with what the parts of a run have answered."""
    _use(store_id, forecasts.complete(run_id, now=clock.now()))


def _use(store_id: int, made: forecasts.Made | None) -> None:
    """Plan and alert from a run; as long as it waits for parts, from the last run's forecasts for their products."""
    if made is None:
        return
    now, today = clock.now(), clock.today(stores.time_zone())
    for number in made.parts:
        _ask_soon(store_id, made.run_id, number)
    if made.forecasts is None:
        return
    suggestions = _plan(forecasts.load() if made.parts else made.forecasts, today=today, now=now)
    if not made.parts:
        forecasts.finish(made.run_id, now=clock.now())
        reports.record_forecasts(today=today)
        accuracy.add_up_if_due(store_id)
    if suggestions is not None:
        alerts.run(suggestions, now=now)


def _ask_soon(store_id: int, run_id: int, number: int) -> None:
    """After all that is short: parts take minutes of every worker there is."""
    enqueue(part, store_id, run_id, number, on="backfill", once=_part_name(run_id, number))


def _complete_soon(store_id: int, run_id: int) -> None:
    enqueue(whole, store_id, run_id, once=_whole_name(run_id))


def _part_name(run_id: int, number: int) -> str:
    return f"forecast-part-{run_id}-{number}"


def _whole_name(run_id: int) -> str:
    return f"forecast-whole-{run_id}"


def take_up_stalled(store_id: int, *, now: datetime, after: timedelta) -> None:
    """Enqueue what is left of a run whose jobs were lost.

    A part that kept failing until it was parked is given up: its products get the stand-in's forecast, so that the
    others get theirs.
    """
    found = parts.stalled(now=now, after=after)
    if found is None:
        return
    standing = outbox.standing(
        [*(_part_name(found.run_id, n) for n in found.parts), _whole_name(found.run_id)]
    )
    for number in found.parts:
        is_parked = standing.get(_part_name(found.run_id, number))
        if is_parked:
            log.error("a part of a forecast is given up", extra={"run": found.run_id, "part": number})
            parts.give_up(found.run_id, number, now=now)
        elif is_parked is None:
            _ask_soon(store_id, found.run_id, number)
    if _whole_name(found.run_id) not in standing and parts.are_done(found.run_id):
        _complete_soon(store_id, found.run_id)


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
