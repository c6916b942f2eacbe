"""Stock, forecasts, alerts and suggestions as the JSON API lists them"""

from __future__ import annotations

from typing import Any

from app.queries.api.slices import likes, slice_of
from app.queries.paging import order_by
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
_SOURCE = "p.vendor, u.name AS supplier, u.id AS supplier_id"
_MATCHES = "(:search = '' OR v.display_name ILIKE :like OR v.sku ILIKE :like)"


def inventory(*, search: str, sort: str, page: int, size: int) -> dict[str, Any]:
    """Stock of the products that exist in Shopify, over all active locations that count."""
    _, order = order_by(sort, STOCK_SORTS, "product_name")
    return slice_of(
        f"v.id AS product_id, v.display_name AS product_name, v.sku, {_SOURCE},"
        " COALESCE(l.available, 0) AS current_stock, COALESCE(l.on_hand, 0) AS on_hand,"
        " COALESCE(l.committed, 0) AS committed, COALESCE(l.incoming, 0) AS incoming,"
        " GREATEST(v.updated_at, l.updated_at) AS last_updated",
        f"""FROM variants v {_SUPPLIED} LEFT JOIN (
            SELECT store_id, inventory_item_id, SUM(available)::bigint AS available,
                   SUM(on_hand)::bigint AS on_hand, SUM(committed)::bigint AS committed,
                   SUM(incoming)::bigint AS incoming, MAX(updated_at) AS updated_at
            FROM inventory_levels WHERE is_active AND NOT is_left_out GROUP BY store_id, inventory_item_id
        ) l ON l.store_id = v.store_id AND l.inventory_item_id = v.inventory_item_id
        WHERE v.deleted_at IS NULL AND {_MATCHES}""",  # noqa: S608
        f"{order}, v.id",
        page,
        size,
        **likes(search),
    )


def forecast_days(*, product_id: int | None, page: int, size: int) -> dict[str, Any]:
    """The forecast of each coming day of each product (or of one); products without evidence have none."""
    return slice_of(
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
    found = slice_of(
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
    return slice_of(
        "s.variant_id AS product_id, v.display_name AS product_name, v.sku,"
        f" {_SOURCE},"
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
        **likes(search),
    )
