"""The lists of the JSON API: one page of rows whose columns are named as the fields of the answer."""

from __future__ import annotations

from typing import Any

from app.platform import db
from app.queries.paging import like_escaped, order_by
from app.words.alerts import sentence

STOCK_SORTS = {"product_name": "v.display_name", "sku": "v.sku", "current_stock": "COALESCE(l.available, 0)"}
SUGGESTION_SORTS = {
    "urgency": "s.urgency_rank, s.order_by",
    "product_name": "v.display_name",
    "reorder_amount": "s.quantity",
    "cost": "s.cost",
    "order_by": "s.order_by",
}
# From whom a product comes: the supplier chosen for it, else its vendor's.
_SUPPLIED = """JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
    LEFT JOIN variant_settings t ON t.store_id = v.store_id AND t.variant_id = v.id
    LEFT JOIN suppliers n ON n.store_id = p.store_id AND n.vendor = p.vendor
    LEFT JOIN suppliers u ON u.store_id = p.store_id AND u.id = COALESCE(t.supplier_id, n.id)"""
_SUPPLIER = "COALESCE(u.name, p.vendor)"
_MATCHES = "(:search = '' OR v.display_name ILIKE :like OR v.sku ILIKE :like)"


def _slice(columns: str, tables: str, order: str, page: int, size: int, **values: Any) -> dict[str, Any]:
    """`total` of all rows and the `items` of one page. Two statements. The SQL is ours, never a visitor's."""
    total = db.rows(f"SELECT COUNT(*) AS n {tables}", **values)[0].n
    found = db.rows(
        f"SELECT {columns} {tables} ORDER BY {order} LIMIT :size OFFSET :skipped",
        **values,
        size=size,
        skipped=(page - 1) * size,
    )
    return {"total": total, "items": [row._asdict() for row in found]}


def _search(text: str) -> dict[str, str]:
    return {"search": text, "like": "%" + like_escaped(text) + "%"}


def inventory(*, search: str, sort: str, page: int, size: int) -> dict[str, Any]:
    """Stock of the products that exist in Shopify, over all active locations."""
    _, order = order_by(sort, STOCK_SORTS, "product_name")
    return _slice(
        f"v.id AS product_id, v.display_name AS product_name, v.sku, {_SUPPLIER} AS supplier,"
        " COALESCE(l.available, 0) AS current_stock, COALESCE(l.on_hand, 0) AS on_hand,"
        " COALESCE(l.committed, 0) AS committed, COALESCE(l.incoming, 0) AS incoming,"
        " GREATEST(v.updated_at, l.updated_at) AS last_updated",
        f"""FROM variants v {_SUPPLIED} LEFT JOIN (
            SELECT store_id, inventory_item_id, SUM(available)::bigint AS available,
                   SUM(on_hand)::bigint AS on_hand, SUM(committed)::bigint AS committed,
                   SUM(incoming)::bigint AS incoming, MAX(updated_at) AS updated_at
            FROM inventory_levels WHERE is_active GROUP BY store_id, inventory_item_id
        ) l ON l.store_id = v.store_id AND l.inventory_item_id = v.inventory_item_id
        WHERE v.deleted_at IS NULL AND {_MATCHES}""",  # noqa: S608
        f"{order}, v.id",
        page,
        size,
        **_search(search),
    )


def forecast_days(*, product_id: int | None, page: int, size: int) -> dict[str, Any]:
    """The forecast of each coming day of each product (or of one); products without evidence have none."""
    return _slice(
        "f.variant_id AS product_id, v.display_name AS product_name, v.sku,"
        " f.origin + d.day::int AS forecast_date, d.mean AS predicted_demand, d.low, d.high,"
        " f.model, f.confidence",
        """FROM forecasts f
        JOIN variants v ON v.store_id = f.store_id AND v.id = f.variant_id
        CROSS JOIN LATERAL unnest(f.daily_mean, f.daily_low, f.daily_high)
            WITH ORDINALITY AS d(mean, low, high, day)
        WHERE v.deleted_at IS NULL AND f.refused_until IS NULL AND d.mean <> 'NaN'
          AND (CAST(:product AS bigint) IS NULL OR f.variant_id = :product)""",
        "f.variant_id, d.day",
        page,
        size,
        product=product_id,
    )


def alerts(*, show: str, page: int, size: int) -> dict[str, Any]:
    """Alerts, newest first: `open` or `all`."""
    where = {"open": "a.resolved_at IS NULL AND a.dismissed_at IS NULL", "all": "true"}[show]
    found = _slice(
        "a.id, a.variant_id AS product_id, v.display_name AS product_name, v.sku, a.kind, a.gravity,"
        " a.facts, a.raised_at AS timestamp, a.resolved_at, a.dismissed_at, a.snoozed_until",
        f"FROM alerts a JOIN variants v ON v.store_id = a.store_id AND v.id = a.variant_id WHERE {where}",
        "a.raised_at DESC, a.id DESC",
        page,
        size,
    )
    for item in found["items"]:
        facts = item.pop("facts")
        item["message"] = sentence(item["kind"], int(facts.get("available") or 0), facts.get("threshold"))
    return found


def suggestions(*, search: str, sort: str, show: str, page: int, size: int) -> dict[str, Any]:
    """What to order: `order` (something to order now), `snoozed` or `all`."""
    _, order = order_by(sort, SUGGESTION_SORTS, "urgency")
    where = {"order": "s.quantity > 0 AND z.until IS NULL", "snoozed": "z.until IS NOT NULL", "all": "true"}
    return _slice(
        "s.variant_id AS product_id, v.display_name AS product_name, v.sku,"
        f" {_SUPPLIER} AS supplier, u.id AS supplier_id,"
        " s.on_hand - s.committed AS current_stock, s.incoming, s.expected_demand AS predicted_demand,"
        " s.protection_days, s.quantity AS reorder_amount, s.urgency, s.order_by,"
        " s.stock_out AS stock_out_date, s.cost::float AS cost, s.cost_of_waiting::float AS cost_of_waiting,"
        " z.until AS snoozed_until",
        f"FROM suggestions s JOIN variants v ON v.store_id = s.store_id AND v.id = s.variant_id {_SUPPLIED}"
        " LEFT JOIN suggestion_snoozes z ON z.store_id = s.store_id AND z.variant_id = s.variant_id"
        f" WHERE {where[show]} AND {_MATCHES}",
        f"{order}, s.variant_id",
        page,
        size,
        **_search(search),
    )


def reports(*, page: int, size: int) -> dict[str, Any]:
    """Reports, newest first."""
    return _slice(
        "id, kind, status, filename, rows, error, requested_by, created_at AS timestamp, finished_at",
        "FROM reports WHERE kind <> 'export'",
        "created_at DESC, id DESC",
        page,
        size,
    )


def suppliers(*, page: int, size: int) -> dict[str, Any]:
    """Suppliers by name."""
    return _slice(
        "id, vendor, name, email, currency, lead_time_days, lead_time_sd_days, review_days,"
        " minimum_order_value::float AS minimum_order_value, note",
        "FROM suppliers",
        "name, id",
        page,
        size,
    )


_ORDER = (
    "o.id, o.number, o.status, o.currency, o.supplier_id, s.name AS supplier, o.expected_on,"
    " o.created_at AS timestamp, o.sent_at, COALESCE(l.lines, 0) AS lines,"
    " COALESCE(l.ordered, 0)::bigint AS ordered_units, COALESCE(l.received, 0)::bigint AS received_units,"
    " l.cost::float AS cost"
)
_ORDERS = """FROM purchase_orders o
    JOIN suppliers s ON s.store_id = o.store_id AND s.id = o.supplier_id
    LEFT JOIN LATERAL (
        SELECT COUNT(*) AS lines, SUM(ordered) AS ordered, SUM(received) AS received,
               SUM(ordered * unit_cost) AS cost
        FROM purchase_order_lines l WHERE l.store_id = o.store_id AND l.order_id = o.id
    ) l ON true"""


def purchase_orders(*, status: str | None, page: int, size: int) -> dict[str, Any]:
    """Purchase orders, newest first, with their sums."""
    where = "WHERE (CAST(:status AS varchar) IS NULL OR o.status = :status)"
    return _slice(_ORDER, f"{_ORDERS} {where}", "o.number DESC", page, size, status=status)


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
