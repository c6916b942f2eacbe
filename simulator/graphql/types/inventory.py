"""Inventory items, their levels and quantities, and the mutations that set and adjust them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from simulator.clock import iso
from simulator.graphql.context import (
    MUTATIONS,
    Arguments,
    Context,
    GraphQLRefusal,
    Page,
    column,
    each,
    simulated,
)
from simulator.graphql.loading import listed, many, nested, one
from simulator.graphql.mutations import idempotent
from simulator.graphql.roots import Root, root
from simulator.graphql.search import by_flag, by_id, by_text, by_time
from simulator.graphql.types.shop import NODES
from simulator.graphql.values import cached_iso, currency, flag, global_id, time_of
from simulator.store import stock
from simulator.store.database import Row, Transaction, number_of, row
from simulator.store.tables import ON_HAND, STATES

QUANTITY_NAMES = (*STATES, "on_hand")
ITEMS = root(
    Root(
        "inventoryItems",
        "(SELECT item_id AS id, id AS variant_id, variants.* FROM variants)",
        {"ID": "id"},
        "ID",
        {
            "id": by_id(),
            "sku": by_text("sku"),
            "created_at": by_time("created_at"),
            "updated_at": by_time("item_updated_at"),
            "tracked": by_flag("tracked"),
        },
        by_text("sku"),
    )
)


def _items(context: Context, objects: Sequence[Any], arguments: Arguments) -> list[Page]:
    return ITEMS.resolve(context, objects, arguments)


def _item(context: Context, number: int | None) -> Row | None:
    return row(context.db, "SELECT * FROM variants WHERE item_id = ?", (number,))


def _levels(context: Context, objects: Sequence[Row], arguments: Arguments) -> list[list[Row]]:
    groups = many(context, "levels", "item_id", objects, "item_id")
    if not arguments.get("includeInactive"):
        groups = [[level for level in group if level["active"]] for group in groups]
    return groups


def _level(context: Context, text: str) -> Row | None:
    place = number_of(text, "InventoryLevel")
    _, _, item = text.partition("?inventory_item_id=")
    if place is None or not item.isdigit():
        return None
    return row(context.db, "SELECT * FROM levels WHERE item_id = ? AND location_id = ?", (int(item), place))


def _quantities(
    context: Context, objects: Sequence[Row], arguments: Arguments
) -> list[list[tuple[Row, str]]]:
    unknown = [name for name in arguments["names"] if name not in QUANTITY_NAMES]
    if unknown:
        raise GraphQLRefusal(f"The specified quantity name {unknown[0]!r} is invalid.", "BAD_REQUEST")
    return [[(level, name) for name in arguments["names"]] for level in objects]


simulated(
    "QueryRoot",
    {
        "inventoryItems": _items,
        "inventoryItem": lambda context, objects, arguments: [
            _item(context, number_of(arguments["id"], "InventoryItem"))
        ],
        "inventoryLevel": lambda context, objects, arguments: [_level(context, arguments["id"])],
        "inventoryProperties": lambda context, objects, arguments: [{}],
    },
)
simulated(
    "InventoryItem",
    {
        "id": global_id("InventoryItem", "item_id"),
        "legacyResourceId": each(lambda i: str(i["item_id"])),
        "sku": column("sku"),
        "tracked": flag("tracked"),
        "createdAt": time_of("created_at"),
        "updatedAt": time_of("item_updated_at"),
        "requiresShipping": flag("requires_shipping"),
        "unitCost": lambda context, objects, arguments: [
            None if i["unit_cost"] is None else (i["unit_cost"], currency(context)) for i in objects
        ],
        "variant": one("variants", "item_id", "item_id"),
        "variants": nested("variants", listed("variants", "item_id", "item_id")),
        "inventoryLevels": nested("inventoryLevels", _levels),
        "inventoryLevel": lambda context, objects, arguments: [
            row(
                context.db,
                "SELECT * FROM levels WHERE item_id = ? AND location_id = ?",
                (i["item_id"], number_of(arguments["locationId"], "Location")),
            )
            for i in objects
        ],
    },
)
simulated(
    "InventoryLevel",
    {
        "id": each(stock.level_gid),
        "isActive": flag("active"),
        "createdAt": time_of("created_at"),
        "updatedAt": time_of("updated_at"),
        "location": one("locations", "location_id"),
        "item": one("variants", "item_id", "item_id"),
        "quantities": _quantities,
    },
)
simulated(
    "InventoryQuantity",
    {
        "id": each(
            lambda q: (
                f"gid://shopify/InventoryQuantity/{q[0]['id']}?inventory_item_id={q[0]['item_id']}&name={q[1]}"
            )
        ),
        "name": each(lambda q: q[1]),
        "quantity": each(lambda q: stock.on_hand(q[0]) if q[1] == "on_hand" else q[0][q[1]]),
        "updatedAt": each(lambda q: cached_iso(q[0]["updated_at"])),
    },
)
simulated("InventoryProperties", {"quantityNames": each(lambda p: QUANTITY_NAMES)})
simulated(
    "InventoryQuantityName",
    {
        "name": each(str),
        "displayName": each(lambda n: n.replace("_", " ").capitalize()),
        "isInUse": each(lambda n: True),
        "comprises": each(lambda n: list(ON_HAND) if n == "on_hand" else []),
        "belongsTo": each(lambda n: ["on_hand"] if n in ON_HAND else []),
    },
)
NODES["InventoryItem"] = lambda context, number, text: _item(context, number)
NODES["InventoryLevel"] = lambda context, number, text: _level(context, text)


def _error(code: str, message: str, *field: str | int) -> Row:
    return {"code": code, "message": message, "field": [str(f) for f in field]}


def _target(change: Transaction, entry: Row, group: str, index: int) -> tuple[Row, int] | Row:
    """(variant, location id) of an input row, or its user error."""
    item = row(
        change.db,
        "SELECT * FROM variants WHERE item_id = ?",
        (number_of(entry["inventoryItemId"], "InventoryItem"),),
    )
    if item is None:
        return _error(
            "INVALID_INVENTORY_ITEM",
            "The specified inventory item could not be found.",
            "input",
            group,
            index,
            "inventoryItemId",
        )
    place = row(
        change.db, "SELECT * FROM locations WHERE id = ?", (number_of(entry["locationId"], "Location"),)
    )
    if place is None:
        return _error(
            "INVALID_LOCATION",
            "The specified location could not be found.",
            "input",
            group,
            index,
            "locationId",
        )
    return item, int(place["id"])


def _stale(
    change: Transaction, entry: Row, item: Row, place: int, name: str, group: str, index: int
) -> Row | None:
    expected = entry.get("changeFromQuantity")
    if expected is None:
        return None
    level = stock.level_of(change, item["item_id"], place)
    found = stock.on_hand(level) if name == "on_hand" else level[name]
    if found == expected:
        return None
    return _error(
        "CHANGE_FROM_QUANTITY_STALE",
        "The changeFromQuantity argument no longer matches the persisted quantity.",
        "input",
        group,
        index,
        "changeFromQuantity",
    )


def _apply(change: Transaction, given: Row, group: str, names: tuple[str, ...], bad_name: str) -> Row:
    """Both mutations: check every row, then move; nothing is changed when any row has an error."""
    name, errors, moves = given["name"], [], []
    if name not in names:
        errors.append(
            _error(bad_name, f"The quantity name must be one of: {', '.join(names)}.", "input", "name")
        )
    if len(given[group]) > 250:
        raise GraphQLRefusal(
            f"The input array size of {len(given[group])} is greater than the maximum allowed of 250.",
            "BAD_REQUEST",
        )
    for index, entry in enumerate(given[group] if not errors else ()):
        target = _target(change, entry, group, index)
        if isinstance(target, dict):
            errors.append(target)
            continue
        stale = _stale(change, entry, *target, name, group, index)
        if stale:
            errors.append(stale)
        else:
            moves.append((*target, entry))
    if errors:
        return {"inventoryAdjustmentGroup": None, "userErrors": errors}
    changes = [_move(change, given, name, *m) for m in moves]
    number = change.next_id()
    change.db.execute(
        "INSERT INTO adjustments VALUES (?,?,?,?,?)",
        (number, change.now, given["reason"], given.get("referenceDocumentUri"), json.dumps(changes)),
    )
    return {"inventoryAdjustmentGroup": number, "userErrors": []}


def _move(change: Transaction, given: Row, name: str, item: Row, place: int, entry: Row) -> Row:
    if "quantity" in entry:
        delta = stock.set_quantity(change, item["item_id"], place, name, entry["quantity"], given["reason"])
    else:
        delta = entry["delta"]
        stock.move(change, item["item_id"], place, given["reason"], **{name: delta})
    level = stock.level_of(change, item["item_id"], place)
    after = stock.on_hand(level) if name == "on_hand" else level[name]
    return {"name": name, "delta": delta, "after": after, "item_id": item["item_id"], "location_id": place}


@idempotent("inventorySetQuantities")
def _set_quantities(change: Transaction, arguments: Arguments) -> Row:
    return _apply(change, arguments["input"], "quantities", ("available", "on_hand"), "INVALID_NAME")


@idempotent("inventoryAdjustQuantities")
def _adjust_quantities(change: Transaction, arguments: Arguments) -> Row:
    return _apply(change, arguments["input"], "changes", STATES, "INVALID_QUANTITY_NAME")


for _kind in ("InventorySetQuantities", "InventoryAdjustQuantities"):
    simulated(
        f"{_kind}Payload",
        {
            "inventoryAdjustmentGroup": one("adjustments", "inventoryAdjustmentGroup"),
            "userErrors": column("userErrors"),
        },
    )
    simulated(f"{_kind}UserError", {name: column(name) for name in ("code", "field", "message")})
simulated(
    "InventoryAdjustmentGroup",
    {
        "id": global_id("InventoryAdjustmentGroup"),
        "createdAt": each(lambda g: iso(g["created_at"])),
        "reason": column("reason"),
        "referenceDocumentUri": column("document"),
        "changes": each(lambda g: json.loads(g["changes"])),
    },
)
simulated(
    "InventoryChange",
    {
        "name": column("name"),
        "delta": column("delta"),
        "quantityAfterChange": column("after"),
        "item": one("variants", "item_id", "item_id"),
        "location": one("locations", "location_id"),
    },
)

assert "inventorySetQuantities" in MUTATIONS
