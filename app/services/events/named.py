"""What the merchant says of events: name one, take it back, or call found closed days ordinary ones."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.models.events import Event
from app.platform import db
from app.services import audit, settling

MOST_TEXT = 500
LONGEST_DAYS = 92
_DAYS_BACK, _DAYS_AHEAD = 5 * 365, 365


class EventNotFound(LookupError):
    """The current store has no such event."""


class NoSuchProducts(ValueError):
    """No product has this vendor, tag or SKU."""


def days_allowed(today: date) -> tuple[date, date]:
    """The earliest and the latest day of an event; it lasts LONGEST_DAYS at most."""
    return today - timedelta(days=_DAYS_BACK), today + timedelta(days=_DAYS_AHEAD)


def variants_of(scope: str, target: str) -> list[int]:
    """Ids of the variants that an event of this scope concerns; letters' case does not matter."""
    conditions = {
        "vendor": "lower(p.vendor) = lower(:target)",
        "tag": "EXISTS (SELECT 1 FROM unnest(p.tags) AS t(tag) WHERE lower(t.tag) = lower(:target))",
        "skus": "lower(v.sku) = ANY(:skus)",
    }
    skus = [one.strip().lower() for one in target.split(",") if one.strip()]
    given = {"skus": skus} if scope == "skus" else {"target": target}
    found = db.rows(
        "SELECT v.id FROM variants v JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id"  # noqa: S608
        f" WHERE v.deleted_at IS NULL AND {conditions[scope]}",
        **given,
    )
    return [row.id for row in found]


def add(
    *,
    name: str,
    kind: str,
    first_day: date,
    last_day: date,
    scope: str,
    target: str,
    lift_percent: float | None,
    actor: str,
    now: datetime,
) -> Event:
    """Name an event or a closure, past or coming; the next forecast counts with it. Raises NoSuchProducts.

    A closure concerns all products and sells nothing: its scope and lift are not asked for.
    """
    if kind == "closed":
        scope, target, lift_percent = "all", "", None
    if scope == "all":
        target = ""
    elif not target or not variants_of(scope, target):
        raise NoSuchProducts
    event = Event(
        name=name,
        kind=kind,
        first_day=first_day,
        last_day=last_day,
        scope=scope,
        target=target,
        lift_percent=lift_percent,
        created_by=actor,
        created_at=now,
    )
    db.session().add(event)
    db.session().flush()
    _come_down_at_once(event)
    audit.record(
        actor=actor,
        action="event.named",
        event_id=event.id,
        name=name,
        kind=kind,
        days=[first_day.isoformat(), last_day.isoformat()],
        scope=scope,
        target=target,
        lift_percent=lift_percent,
    )
    return event


def remove(event_id: int, *, actor: str, now: datetime) -> None:
    """Take an event back that somebody named; a second time changes nothing. Raises EventNotFound."""
    event = _get(event_id)
    if event.is_found:
        raise EventNotFound
    if event.removed_at is None:
        event.removed_at = now
        _come_down_at_once(event)
        audit.record(actor=actor, action="event.removed", event_id=event_id, name=event.name)


def call_ordinary(event_id: int, is_ordinary: bool, *, actor: str) -> None:
    """Say whether an event's days count as days like all others. Raises EventNotFound."""
    event = _get(event_id)
    if event.is_ordinary != is_ordinary:
        event.is_ordinary = is_ordinary
        _come_down_at_once(event)
        audit.record(actor=actor, action="event.called_ordinary", event_id=event_id, is_ordinary=is_ordinary)


def _come_down_at_once(event: Event) -> None:
    """What was taken for demand, or is no longer, is no reason to let targets come down slowly."""
    settling.forget(None if event.scope == "all" else variants_of(event.scope, event.target))


def _get(event_id: int) -> Event:
    found = db.session().execute(select(Event).where(Event.id == event_id)).scalar_one_or_none()
    if found is None:
        raise EventNotFound
    return found
