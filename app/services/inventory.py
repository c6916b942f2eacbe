"""Stock: levels per item and location as Shopify last said, and one picture of each day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from app.models.inventory import InventoryLevel
from app.platform import db
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
]


def store_levels(rows: Iterable[LevelRow]) -> int:
    """Insert or update levels; an older picture of a level changes nothing."""
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
        )
        for row in rows
    )
    written = db.upsert(
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


def remember_day(today: date) -> int:
    """Keep today's stock of each item over all locations; the last picture of the day stays."""
    return db.execute(
        """
        INSERT INTO stock_days (store_id, inventory_item_id, day, available, on_hand)
        SELECT store_id, inventory_item_id, :today, SUM(available), SUM(on_hand)
        FROM inventory_levels WHERE is_active GROUP BY store_id, inventory_item_id
        ON CONFLICT (store_id, inventory_item_id, day)
        DO UPDATE SET available = EXCLUDED.available, on_hand = EXCLUDED.on_hand
        """,
        today=today,
    )
