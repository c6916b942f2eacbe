"""Stock: levels per item and location as Shopify last said, and one picture of each day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from app.models.inventory import InventoryLevel
from app.platform import copying, db
from app.shopify.rows import LevelRow

_COLUMNS = [
    "inventory_item_id",
    "location_id",
    "available",
    "on_hand",
    "committed",
    "incoming",
    "is_active",
    "updated_at",
    "seen_at",
]


def store_levels(rows: Iterable[LevelRow], *, asof: datetime) -> int:
    """Insert or update levels as read since `asof`; an older picture of a level changes nothing."""
    values = (
        (
            row.inventory_item_id,
            row.location_id,
            row.available,
            row.on_hand,
            row.committed,
            row.incoming,
            row.is_active,
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
        FROM inventory_levels WHERE is_active {chosen} GROUP BY store_id, inventory_item_id
        ON CONFLICT (store_id, inventory_item_id, day)
        DO UPDATE SET available = EXCLUDED.available, on_hand = EXCLUDED.on_hand
        """,  # noqa: S608  (a constant of this function)
        today=today,
        item=inventory_item_id,
    )
