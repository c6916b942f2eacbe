"""What a draft's form says, stored: its lines, its day, its note, and for which location it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app.domain import purchasing as rules
from app.platform import db
from app.services.purchasing import places
from app.services.purchasing.drafts import LineChange
from app.services.purchasing.orders import lines_of, locked, note
from app.services.purchasing.places import KEPT, Kept


@dataclass(frozen=True)
class DraftChange:
    """What a draft's form says. `expected_on` None: when sent plus the lead time; `location_id` None: for the
    store as a whole."""

    lines: Mapping[int, LineChange]
    expected_on: date | None
    note: str
    also_in_shopify: bool
    location_id: int | Kept | None = KEPT


def change_draft(order_id: int, change: DraftChange, *, version: int, actor: str, now: datetime) -> None:
    """Store what a draft's form says. Raises OrderNotFound, OrderChanged, ActNotAllowed, LocationNotFound."""
    order = locked(order_id, version=version)
    rules.check(order.status, "edit")
    moved = places.deliver_to(order, change.location_id)
    session = db.session()
    for line in lines_of(order):
        wanted = change.lines.get(line.id)
        if wanted is None:
            continue
        if wanted.ordered < 1:
            session.delete(line)
        else:
            line.ordered, line.unit_cost = wanted.ordered, wanted.unit_cost
    order.expected_on, order.note = change.expected_on, change.note
    order.also_in_shopify = change.also_in_shopify
    note(order, "changed", actor=actor, now=now, **moved)


def change_location(order_id: int, location_id: int | None, *, actor: str, now: datetime) -> None:
    """Say for which location a draft is, None for the store as a whole.

    Raises OrderNotFound, ActNotAllowed, LocationNotFound.
    """
    order = locked(order_id)
    rules.check(order.status, "edit")
    moved = places.deliver_to(order, location_id)
    if moved:
        note(order, "changed", actor=actor, now=now, **moved)
