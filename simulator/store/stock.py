"""Stock levels: every change of a quantity goes through `move`, which also writes the truth's own record."""

from __future__ import annotations

from simulator.store.database import Row, Transaction, gid, row
from simulator.store.tables import ON_HAND, STATES


class Refused(ValueError):
    """A change that the shop does not allow; the message says why."""


def on_hand(level: Row) -> int:
    """Units at the location, whatever their state (all but incoming)."""
    return sum(level[name] for name in ON_HAND)


def level_of(change: Transaction, item_id: int, location_id: int) -> Row:
    """The level of an item at a location, stocking it there if it was not."""
    found = row(
        change.db, "SELECT * FROM levels WHERE item_id = ? AND location_id = ?", (item_id, location_id)
    )
    if found:
        return found
    number = change.next_id()
    change.db.execute(
        "INSERT INTO levels (id, item_id, location_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
        (number, item_id, location_id, change.now, change.now),
    )
    created = level_of(change, item_id, location_id)
    change.emit("inventory_levels/connect", level_payload(change, created))
    return created


def move(change: Transaction, item_id: int, location_id: int, reason: str, **deltas: int) -> None:
    """Change quantities by state, e.g. `move(change, item, place, "sale", available=-2, committed=2)`.

    An item whose variant was deleted has no stock any more: what a late shipment brings of it is nowhere.
    """
    if not row(change.db, "SELECT id FROM variants WHERE item_id = ?", (item_id,)):
        return
    level = level_of(change, item_id, location_id)
    for name, delta in deltas.items():
        if name not in STATES:
            raise Refused(f"there is no inventory state {name!r}; use one of {', '.join(STATES)}")
        change.db.execute(
            f"UPDATE levels SET {name} = {name} + ?, updated_at = ? WHERE id = ?",
            (delta, change.now, level["id"]),
        )
        change.db.execute(
            "INSERT INTO stock_events (item_id, location_id, name, delta, happened_at, reason) "
            "VALUES (?,?,?,?,?,?)",
            (item_id, location_id, name, delta, change.now, reason),
        )
        level[name] += delta
    level["updated_at"] = change.now
    change.emit("inventory_levels/update", level_payload(change, level))


def set_quantity(
    change: Transaction, item_id: int, location_id: int, name: str, quantity: int, reason: str
) -> int:
    """Set `available` or `on_hand` (or another state) to `quantity`; answers the difference."""
    level = level_of(change, item_id, location_id)
    delta = quantity - (on_hand(level) if name == "on_hand" else level[name])
    move(change, item_id, location_id, reason, **{"available" if name == "on_hand" else name: delta})
    return delta


def level_payload(change: Transaction, level: Row) -> Row:
    """The REST shape that inventory_levels/update and /connect carry."""
    return {
        "inventory_item_id": level["item_id"],
        "location_id": level["location_id"],
        "available": level["available"],
        "updated_at": change.shop.local_time(change.now),
        "admin_graphql_api_id": level_gid(level),
    }


def level_gid(level: Row) -> str:
    """Shopify's id of an inventory level: made of location and item."""
    return f"{gid('InventoryLevel', level['location_id'])}?inventory_item_id={level['item_id']}"
