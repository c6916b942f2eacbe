"""The events of the store as their page lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.platform import db

MOST = 200


@dataclass(frozen=True)
class EventView:
    """One event. Units and percentages are None where the forecast has nothing to say of them (yet)."""

    id: int
    name: str
    kind: str
    first_day: date
    last_day: date
    scope: str
    target: str
    lift_percent: float | None
    is_found: bool
    is_ordinary: bool
    products: int | None
    sold_units: float | None
    usual_units: float | None
    measured_percent: float | None
    used_percent: float | None
    coming_usual_units: float | None
    coming_units: float | None
    created_by: str


@dataclass(frozen=True)
class Events:
    """Coming events, the next first; past ones, the latest first; weekdays that are always closed (1 is Monday)."""

    coming: list[EventView]
    past: list[EventView]
    closed_weekdays: list[int]


def listed(*, today: date) -> Events:
    """The newest events. Two statements."""
    names = ", ".join(EventView.__dataclass_fields__)
    found = [
        EventView(**row._asdict())
        for row in db.rows(
            f"SELECT {names} FROM events WHERE removed_at IS NULL ORDER BY last_day DESC, id DESC LIMIT :most",  # noqa: S608
            most=MOST,
        )
    ]
    coming = sorted((one for one in found if one.last_day >= today), key=lambda one: one.first_day)
    weekdays = db.rows("SELECT closed_weekdays FROM forecast_runs ORDER BY id DESC LIMIT 1")
    return Events(
        coming,
        [one for one in found if one.last_day < today],
        list(weekdays[0].closed_weekdays) if weekdays else [],
    )
