"""Events in a forecast run: taken out of what was sold, measured, and put onto what is to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import select

from app.domain.arrays import Bools, Ints
from app.domain.demand import Panel, events
from app.domain.demand.closures import closed_runs, closed_weekdays
from app.domain.forecasts import MAX_DAYS, Forecasts
from app.domain.forecasts.lifts import Lift, lifted
from app.models.events import Event
from app.platform import db, tenancy
from app.services.events.named import variants_of

FOUND_NAME = "Closed"


@dataclass(frozen=True)
class Known:
    """The store's events as one panel sees them, in order: `rows` of the table and `spans` of the panel."""

    rows: Sequence[Event]
    spans: tuple[events.Event, ...]
    weekdays: list[int]  # on which the shop is always closed; 1 is Monday

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be taken out or put on."""
        return not self.spans

    def apart(self, panel: Panel) -> Bools | None:
        """(n, days) the days that are no example of usual demand; None without any."""
        if self.is_empty:
            return None
        marks = np.zeros(panel.units.shape, dtype=bool)
        for span in self.spans:
            marks[span.rows, max(span.first, 0) : max(span.last + 1, 0)] = True
        return marks

    def of(self, rows: Ints) -> Known:
        """The same events as a panel of these rows alone sees them."""
        return replace(self, spans=tuple(replace(span, rows=span.rows[rows]) for span in self.spans))


@dataclass(frozen=True)
class Lifted:
    """The forecasts with coming events, and what they were before for the variants that events change."""

    forecasts: Forecasts
    before: Forecasts
    facts: dict[int, list[dict[str, Any]]]  # the events of a row, by its number


def known(panel: Panel, *, now: datetime) -> Known:
    """Keep the closed days that the sales show, and give all events that concern this panel or what follows."""
    weekdays = closed_weekdays(panel)
    _keep_found(panel, *closed_runs(panel, weekdays), now=now)
    wanted = (
        select(Event)
        .where(
            Event.last_day >= panel.first_day,
            Event.first_day <= panel.last_day + timedelta(days=MAX_DAYS),
            Event.is_ordinary.is_(False),
            Event.removed_at.is_(None),
        )
        .order_by(Event.first_day, Event.id)
    )
    rows = list(db.session().execute(wanted).scalars())
    return Known(rows, tuple(_span(row, panel) for row in rows), (np.flatnonzero(weekdays) + 1).tolist())


def _span(row: Event, panel: Panel) -> events.Event:
    if row.scope == "all":
        mine = np.ones(len(panel), dtype=bool)
    else:
        mine = np.isin(panel.keys, variants_of(row.scope, row.target))
    return events.Event(mine, (row.first_day - panel.first_day).days, (row.last_day - panel.first_day).days)


def _keep_found(panel: Panel, first: np.ndarray, last: np.ndarray, *, now: datetime) -> None:
    """Store the runs of closed days; one that the sales no longer show goes, a decision about one stays."""
    days = [
        (panel.first_day + timedelta(days=int(a)), panel.first_day + timedelta(days=int(b)))
        for a, b in zip(first, last, strict=True)
    ]
    db.execute(
        "DELETE FROM events WHERE is_found AND NOT is_ordinary AND first_day <> ALL(:first)",
        first=[begin for begin, _ in days],
    )
    for begin, end in days:
        db.execute(
            """
            INSERT INTO events (store_id, name, kind, first_day, last_day, scope, target, is_found,
                                is_ordinary, created_by, created_at)
            SELECT :store, :name, 'closed', :begin, :end, 'all', '', true, false, 'Fluxor', :now
            WHERE NOT EXISTS (SELECT 1 FROM events WHERE kind = 'closed' AND NOT is_found
                              AND removed_at IS NULL AND first_day <= :begin AND last_day >= :end)
            ON CONFLICT (store_id, first_day) WHERE is_found DO UPDATE SET last_day = EXCLUDED.last_day
            """,
            store=tenancy.require_store(),
            name=FOUND_NAME,
            begin=begin,
            end=end,
            now=now,
        )


def take_out(panel: Panel, found: Known) -> Panel:
    """The panel with the events' days at usual demand; what each event sold is noted beside it."""
    if found.is_empty:
        return panel
    usual, effects = events.without_events(panel, found.spans)
    for row, effect in zip(found.rows, effects, strict=True):
        is_known = effect.products > 0
        row.products = effect.products if is_known else None
        row.sold_units = effect.sold if is_known else None
        row.usual_units = effect.usual if is_known else None
        row.measured_percent = 100 * effect.lift if is_known else None
    return usual


def lift(made: Forecasts, found: Known) -> Lifted:
    """Put coming events onto the forecasts, each by its own expectation, else as events of its name did before."""
    lifts: list[Lift] = []
    facts: dict[int, list[dict[str, Any]]] = {}
    coming = [
        (row, span) for row, span in zip(found.rows, found.spans, strict=True) if row.last_day > made.origin
    ]
    for row, span in coming:
        row.used_percent = _percent(row, found.rows)
        if row.used_percent is None:
            continue
        first, last = ((day - made.origin).days for day in (row.first_day, row.last_day))
        lifts.append(Lift(span.rows, first, last, 1 + row.used_percent / 100))
        for i in np.flatnonzero(span.rows & ~made.refused).tolist():
            facts.setdefault(i, []).append(_facts(row))
    return Lifted(lifted(made, lifts), made, facts)


def note_coming(made: Lifted, found: Known) -> None:
    """Note beside each coming event what is expected with and without it; of one that is over nothing is."""
    origin = made.before.origin
    for row, span in zip(found.rows, found.spans, strict=True):
        if row.last_day <= origin:
            row.used_percent = row.coming_usual_units = row.coming_units = None
        else:
            both = (_expected(one, row, span) for one in (made.before, made.forecasts))
            row.coming_usual_units, row.coming_units = both


def _percent(row: Event, rows: Sequence[Event]) -> float | None:
    if row.kind == "closed":
        return -100.0
    if row.lift_percent is not None:
        return row.lift_percent
    same = [
        one
        for one in rows
        if one.kind == row.kind and one.name.casefold() == row.name.casefold() and one.products
    ]
    if not same:
        return None
    sold, usual = (sum(float(getattr(one, name)) for one in same) for name in ("sold_units", "usual_units"))
    return 100 * events.Effect(len(same), sold, usual).lift


def _expected(made: Forecasts, row: Event, span: events.Event) -> float:
    """Units that the event's products should sell on those of its days that lie ahead."""
    first = max((row.first_day - made.origin).days - 1, 0)
    last = min((row.last_day - made.origin).days, MAX_DAYS)
    between = made.mean_of_sum(last) - made.mean_of_sum(min(first, last))
    return float(np.nansum(between[span.rows]))


def _facts(row: Event) -> dict[str, Any]:
    """The event as the ledger keeps it."""
    return {
        "name": row.name,
        "first": row.first_day.isoformat(),
        "last": row.last_day.isoformat(),
        "percent": row.used_percent,
    }
