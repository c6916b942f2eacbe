"""What happens to products, variants and locations: created, changed, deleted."""

from __future__ import annotations

import json
from collections.abc import Sequence

from simulator.store import payloads, stock
from simulator.store.database import Row, Transaction, row, rows
from simulator.store.stock import Refused


def find_variant(change: Transaction, *, variant_id: int | None = None, sku: str | None = None) -> Row:
    """A variant's row by id or SKU; refuses what is unknown."""
    if variant_id is not None:
        found = row(change.db, "SELECT * FROM variants WHERE id = ?", (variant_id,))
    else:
        found = row(change.db, "SELECT * FROM variants WHERE sku = ? ORDER BY id LIMIT 1", (sku,))
    if found is None:
        raise Refused(f"there is no variant {variant_id if variant_id is not None else repr(sku)}")
    return found


def create_product(
    change: Transaction,
    title: str,
    *,
    skus: Sequence[str],
    vendor: str = "Hand made",
    price: int = 1000,
    unit_cost: int | None = 400,
    stock_units: int = 0,
    product_type: str = "Gift",
) -> int:
    """A new active product with one variant for each SKU, stocked at every active location."""
    product_id = change.next_id()
    handle = "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())
    change.db.execute(
        "INSERT INTO products VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            product_id,
            title,
            f"{handle}-{product_id % 100000}",
            vendor,
            product_type,
            "ACTIVE",
            "[]",
            0,
            json.dumps(["Title"]),
            change.now,
            change.now,
            change.now,
        ),
    )
    places = rows(change.db, "SELECT id FROM locations WHERE active ORDER BY id")
    for position, sku in enumerate(skus, 1):
        variant_id, item_id = change.next_id(), change.next_id()
        name = "Default Title" if len(skus) == 1 else f"Option {position}"
        change.db.execute(
            "INSERT INTO variants VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                variant_id,
                product_id,
                item_id,
                sku,
                None,
                name,
                json.dumps([name]),
                price,
                unit_cost,
                position,
                "DENY",
                1,
                1,
                change.now,
                change.now,
                change.now,
            ),
        )
        change.emit(
            "inventory_items/create",
            payloads.item_payload(change.shop, find_variant(change, variant_id=variant_id)),
        )
        for index, place in enumerate(places):
            stock.move(change, item_id, place["id"], "created", available=0 if index else stock_units)
    change.emit("products/create", payloads.product_payload(change.db, change.shop, product_id))
    return product_id


def touch_product(change: Transaction, product_id: int) -> None:
    """Set a product's `updated_at` and publish products/update."""
    change.db.execute("UPDATE products SET updated_at = ? WHERE id = ?", (change.now, product_id))
    change.emit("products/update", payloads.product_payload(change.db, change.shop, product_id))


def update_product(change: Transaction, product_id: int, **fields: object) -> None:
    """Change title, vendor, status or product_type."""
    allowed = {"title", "vendor", "status", "product_type"}
    if not fields or set(fields) - allowed:
        raise Refused(
            f"a product's {', '.join(sorted(allowed))} can be changed, not {', '.join(sorted(fields))}"
        )
    for name, value in fields.items():
        change.db.execute(f"UPDATE products SET {name} = ? WHERE id = ?", (value, product_id))
    touch_product(change, product_id)


def update_variant(change: Transaction, variant: Row, **fields: object) -> None:
    """Change sku, price, unit_cost, tracked or barcode; SKU, cost and tracking live on the inventory item."""
    allowed = {"sku", "price", "unit_cost", "tracked", "barcode"}
    if not fields or set(fields) - allowed:
        raise Refused(
            f"a variant's {', '.join(sorted(allowed))} can be changed, not {', '.join(sorted(fields))}"
        )
    for name, value in fields.items():
        change.db.execute(f"UPDATE variants SET {name} = ? WHERE id = ?", (value, variant["id"]))
    change.db.execute("UPDATE variants SET updated_at = ? WHERE id = ?", (change.now, variant["id"]))
    if set(fields) & {"sku", "unit_cost", "tracked"}:
        change.db.execute("UPDATE variants SET item_updated_at = ? WHERE id = ?", (change.now, variant["id"]))
        change.emit(
            "inventory_items/update",
            payloads.item_payload(change.shop, find_variant(change, variant_id=variant["id"])),
        )
    touch_product(change, variant["product_id"])


def delete_variant(change: Transaction, variant: Row) -> None:
    """Delete a variant: its item and levels go, lines of past orders no longer point to it."""
    for level in rows(change.db, "SELECT * FROM levels WHERE item_id = ?", (variant["item_id"],)):
        change.emit(
            "inventory_levels/disconnect",
            {"inventory_item_id": level["item_id"], "location_id": level["location_id"]},
        )
    change.emit("inventory_items/delete", {"id": variant["item_id"]})
    change.db.execute("DELETE FROM levels WHERE item_id = ?", (variant["item_id"],))
    change.db.execute("DELETE FROM stock_events WHERE item_id = ?", (variant["item_id"],))
    change.db.execute("UPDATE lines SET variant_id = NULL WHERE variant_id = ?", (variant["id"],))
    change.db.execute("DELETE FROM variants WHERE id = ?", (variant["id"],))


def delete_product(change: Transaction, product_id: int) -> None:
    """Delete a product with all its variants."""
    variants = rows(change.db, "SELECT * FROM variants WHERE product_id = ?", (product_id,))
    if not row(change.db, "SELECT id FROM products WHERE id = ?", (product_id,)):
        raise Refused(f"there is no product {product_id}")
    for variant in variants:
        delete_variant(change, variant)
    change.db.execute("UPDATE lines SET product_id = NULL WHERE product_id = ?", (product_id,))
    change.db.execute("DELETE FROM products WHERE id = ?", (product_id,))
    change.emit("products/delete", {"id": product_id})


def set_location_active(change: Transaction, location_id: int, active: bool) -> None:
    """Activate or deactivate a location."""
    change.db.execute(
        "UPDATE locations SET active = ?, updated_at = ?, deactivated_at = ? WHERE id = ?",
        (int(active), change.now, None if active else change.now, location_id),
    )
    place = row(change.db, "SELECT * FROM locations WHERE id = ?", (location_id,))
    if place is None:
        raise Refused(f"there is no location {location_id}")
    payload = payloads.location_payload(change.shop, place)
    change.emit("locations/activate" if active else "locations/deactivate", payload)
    change.emit("locations/update", payload)
