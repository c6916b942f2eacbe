"""Stock: levels per item and location as Shopify last said, and one picture of each day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from app.models.inventory import InventoryLevel
from app.platform import copying, db
from app.platform.i18n import gettext
from app.services import audit
from app.shopify.rows import LevelRow

_COLUMNS = [
    "inventory_item_id",
    "location_id",
    "available",
    "on_hand",
    "committed",
    "incoming",
    "is_active",
    "is_left_out",
    "updated_at",
    "seen_at",
]


def store_levels(rows: Iterable[LevelRow], *, asof: datetime) -> int:
    """Insert or update levels as read since `asof`; an older picture of a level changes nothing."""
    # Locked until the commit: a location that is left out meanwhile waits, and then takes these levels along.
    found = db.rows("SELECT id, is_left_out FROM locations ORDER BY id FOR SHARE")
    left_out = {place.id for place in found if place.is_left_out}
    values = (
        (
            row.inventory_item_id,
            row.location_id,
            row.available,
            row.on_hand,
            row.committed,
            row.incoming,
            row.is_active,
            row.location_id in left_out,
            row.updated_at,
            asof,
        )
        for row in rows
    )
    written = copying.upsert(
        InventoryLevel, _COLUMNS, values, key=["inventory_item_id", "location_id"], newer="updated_at"
    )
    return len(written)


def drop_missing_levels(inventory_item_id: int, present: Iterable[int]) -> None:
    """Forget the item's levels at locations that Shopify no longer lists for it."""
    db.execute(
        "DELETE FROM inventory_levels WHERE inventory_item_id = :item AND location_id <> ALL(:present)",
        item=inventory_item_id,
        present=list(present),
    )


def drop_missing(*, asof: datetime) -> int:
    """Forget levels that the whole reading begun at `asof` did not show."""
    return db.execute("DELETE FROM inventory_levels WHERE seen_at IS NULL OR seen_at < :asof", asof=asof)


def remember_day(today: date, *, inventory_item_id: int | None = None) -> int:
    """Keep today's stock over all locations, of each item or of one; the last picture of the day stays."""
    chosen = "" if inventory_item_id is None else "AND inventory_item_id = :item"
    return db.execute(
        f"""
        INSERT INTO stock_days (store_id, inventory_item_id, day, available, on_hand)
        SELECT store_id, inventory_item_id, :today, SUM(available), SUM(on_hand)
        FROM inventory_levels WHERE is_active AND NOT is_left_out {chosen} GROUP BY store_id, inventory_item_id
        ON CONFLICT (store_id, inventory_item_id, day)
        DO UPDATE SET available = EXCLUDED.available, on_hand = EXCLUDED.on_hand
        """,  # noqa: S608  (a constant of this function)
        today=today,
        item=inventory_item_id,
    )


MOST_TRANSIT_DAYS = 60


class LocationNotFound(LookupError):
    """The current store has no such active location."""


class LocationNeeded(ValueError):
    """No other location counts: without this one there would be no stock at all."""


def leave_out(location_id: int, is_left_out: bool, *, actor: str) -> bool:
    """Ask that an active location be left out, or counted again, which `count_locations` does in a job of its own.

    Returns whether that changed anything. Raises LocationNotFound, or LocationNeeded for the last that counts.
    """
    found = db.rows(
        "SELECT id, name, COALESCE(wanted_left_out, is_left_out) AS is_left_out FROM locations"
        " WHERE is_active ORDER BY id FOR UPDATE"
    )
    place = next((one for one in found if one.id == location_id), None)
    if place is None:
        raise LocationNotFound(f"There is no active location {location_id} in this store.")
    if place.is_left_out == is_left_out:
        return False
    if is_left_out and sum(not one.is_left_out for one in found) == 1:
        raise LocationNeeded(gettext("At least one location has to count."))
    # What is asked for and taken back before it was done is nothing.
    db.execute(
        "UPDATE locations SET wanted_left_out = NULLIF(CAST(:out AS boolean), is_left_out) WHERE id = :id",
        id=location_id,
        out=is_left_out,
    )
    action = "location.left_out" if is_left_out else "location.counted"
    audit.record(actor=actor, action=action, location_id=location_id, name=place.name)
    return True


def count_locations(today: date) -> bool:
    """Leave out and count again what was asked for: stock totals and today's picture follow in this transaction.

    Returns whether there was anything to do.
    """
    changed = db.rows(
        "UPDATE locations SET is_left_out = wanted_left_out, wanted_left_out = NULL"
        " WHERE wanted_left_out IS NOT NULL RETURNING id, is_left_out"
    )
    for place in changed:
        db.execute(
            "UPDATE inventory_levels SET is_left_out = :out WHERE location_id = :id",
            id=place.id,
            out=place.is_left_out,
        )
    if changed:
        # An item that lies there alone has no stock any more, and no picture.
        db.execute("DELETE FROM stock_days WHERE day = :today", today=today)
        remember_day(today)
    return bool(changed)


def change_transit(days: Mapping[int, int | None], *, actor: str) -> bool:
    """Set how many days a transfer takes to each of these locations (None: the store's); whether anything changed.

    Raises LocationNotFound.
    """
    found = db.rows("SELECT id, transit_days FROM locations WHERE is_active FOR UPDATE")
    known = {row.id: row.transit_days for row in found}
    for place in days:
        if place not in known:
            raise LocationNotFound(f"There is no active location {place} in this store.")
    changes = {place: [known[place], own] for place, own in days.items() if known[place] != own}
    for place, (_, own) in changes.items():
        db.execute("UPDATE locations SET transit_days = :days WHERE id = :id", days=own, id=place)
    if changes:
        named = {str(place): pair for place, pair in changes.items()}
        audit.record(actor=actor, action="location.transit_changed", changes=named)
    return bool(changes)
