"""Suppliers, purchase orders and products' settings as the JSON API shows them"""

from __future__ import annotations

from typing import Any

from app.platform import db
from app.queries.api.slices import slice_of


def suppliers(*, page: int, size: int) -> dict[str, Any]:
    """Suppliers by name."""
    return slice_of(
        "id, vendor, name, email, currency, lead_time_days, lead_time_sd_days, review_days,"
        " minimum_order_value::float AS minimum_order_value, note",
        "FROM suppliers",
        "name, id",
        page,
        size,
    )


_ORDER = (
    "o.id, o.number, o.status, o.currency, o.supplier_id, s.name AS supplier, o.expected_on,"
    " o.location_id, p.name AS location,"
    " o.created_at AS timestamp, o.sent_at, COALESCE(l.lines, 0) AS lines,"
    " COALESCE(l.ordered, 0)::bigint AS ordered_units, COALESCE(l.received, 0)::bigint AS received_units,"
    " l.cost::float AS cost"
)
_ORDERS = """FROM purchase_orders o
    JOIN suppliers s ON s.store_id = o.store_id AND s.id = o.supplier_id
    LEFT JOIN locations p ON p.store_id = o.store_id AND p.id = o.location_id
    LEFT JOIN LATERAL (
        SELECT COUNT(*) AS lines, SUM(ordered) AS ordered, SUM(received) AS received,
               SUM(ordered * unit_cost) AS cost
        FROM purchase_order_lines l WHERE l.store_id = o.store_id AND l.order_id = o.id
    ) l ON true"""


_CHOSEN = """
    WHERE (CAST(:status AS varchar) IS NULL OR o.status = :status)
    AND (CAST(:location AS bigint) IS NULL OR COALESCE(o.location_id, 0) = :location)"""


def purchase_orders(*, status: str | None, location: int | None, page: int, size: int) -> dict[str, Any]:
    """Purchase orders, newest first, with their sums; `location` 0: those that name none."""
    asked = {"status": status, "location": location}
    return slice_of(_ORDER, f"{_ORDERS} {_CHOSEN}", "o.number DESC", page, size, **asked)


def purchase_order(order_id: int) -> dict[str, Any] | None:
    """One order with its lines; None when the store has no such order. Three statements."""
    more = "o.version, o.note, o.also_in_shopify"
    found = db.rows(f"SELECT {_ORDER}, {more} {_ORDERS} WHERE o.id = :id", id=order_id)
    return {**found[0]._asdict(), "items": purchase_order_lines(order_id)} if found else None


_OWN_SETTINGS = (
    "low_stock_threshold lead_time_days review_days service_level moq case_size min_stock max_stock engine"
    " supplier_id"
)


def product_settings(product_id: int) -> dict[str, Any] | None:
    """What a product has of its own; None when the store has no such product."""
    columns = ", ".join(f"s.{name}" for name in _OWN_SETTINGS.split())
    found = db.rows(
        f"SELECT v.id AS product_id, {columns} FROM variants v"  # noqa: S608
        " LEFT JOIN variant_settings s ON s.store_id = v.store_id AND s.variant_id = v.id WHERE v.id = :id",
        id=product_id,
    )
    return found[0]._asdict() if found else None


def purchase_order_lines(order_id: int) -> list[dict[str, Any]] | None:
    """The lines of one order; None when the store has no such order. Two statements."""
    if not db.rows("SELECT id FROM purchase_orders WHERE id = :id", id=order_id):
        return None
    found = db.rows(
        "SELECT variant_id AS product_id, name AS product_name, sku, suggested, ordered, received, rejected,"
        " cancelled, unit_cost::float AS unit_cost FROM purchase_order_lines WHERE order_id = :id ORDER BY id",
        id=order_id,
    )
    return [row._asdict() for row in found]
