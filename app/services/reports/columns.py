"""What stands in each report: its columns and the rows that the database gives for them, in batches"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from app.platform import db
from app.queries import accuracy
from app.services.reports.records import HORIZON_DAYS

# The first columns are the same in every report, so that a merchant's spreadsheet can rely on them.
_FIRST = ("product_name", "sku", "current_stock", "predicted_demand")
_BATCH = 1000


def header(kind: str) -> Sequence[str]:
    """The names of a report's columns."""
    return (*_FIRST, *_COLUMNS[kind])


def rows(kind: str, *, today: date) -> Iterator[Sequence[Any]]:
    """The report's rows through a server-side cursor: no more of them are held than a batch."""
    columns, join, where, order = _PARTS[kind]
    sql = _BASE.format(columns=columns, join=join, where=where, order=order)
    yield from db.stream(sql, batch=_BATCH, today=today)


_BASE = """
    SELECT v.display_name AS product_name, v.sku, COALESCE(l.available, 0) AS current_stock,
           (SELECT round(SUM(d)::numeric, 1) FROM unnest(f.daily_mean) AS d) AS predicted_demand, {columns}
    FROM variants v
    JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
    LEFT JOIN stock_totals l ON l.store_id = v.store_id AND l.inventory_item_id = v.inventory_item_id
    LEFT JOIN forecasts f ON f.store_id = v.store_id AND f.variant_id = v.id
    LEFT JOIN suggestions s ON s.store_id = v.store_id AND s.variant_id = v.id
    {join}
    WHERE v.deleted_at IS NULL AND p.deleted_at IS NULL {where}
    ORDER BY {order}
"""
_COLUMNS: dict[str, tuple[str, ...]] = {
    "inventory": ("vendor", "on_hand", "committed", "incoming", "unit_cost", "stock_value"),
    "forecast": ("horizon_days", "model", "confidence", "demand_class", "stock_out_date"),
    "reorder": (
        "vendor",
        "reorder_quantity",
        "urgency",
        "order_by",
        "cost",
        "target_stock",
        "safety_stock",
        "on_hand",
        "committed",
        "incoming",
        "compared_with",
        "quantity_then",
        "changed_by_demand",
        "changed_by_stock",
        "changed_by_arrivals",
        "changed_by_settings",
        "changed_by_sharing",
    ),
    "accuracy": (
        "from_day",
        "to_day",
        "forecast_units",
        "sold_units",
        "error_units",
        "error_percent",
        "model",
        "low_units",
        "high_units",
        "within_range",
        "average_units",
        "average_error_units",
        "average_error_percent",
    ),
    "sales": ("day", "units", "revenue"),
}
# The same comparisons as on a product's page and in the API, at most of the last half year.
_ACCURACY = (
    f"JOIN ({accuracy.COMPARED} AND {accuracy.IS_OVER}) a ON a.store_id = v.store_id AND a.variant_id = v.id"
)
_OF_SOLD = "round((100 * ({} - a.sold) / NULLIF(GREATEST(a.sold, 0), 0))::numeric, 1)"
_PARTS = {
    "accuracy": (
        "a.first, a.last, round(a.forecast::numeric, 2), a.sold, round((a.forecast - a.sold)::numeric, 2),"
        f" {_OF_SOLD.format('a.forecast')}, a.model, round(a.low::numeric, 2), round(a.high::numeric, 2),"
        " CAST(a.sold BETWEEN a.low AND a.high AS integer), round(a.average::numeric, 2),"
        f" round((a.average - a.sold)::numeric, 2), {_OF_SOLD.format('a.average')}",
        _ACCURACY,
        "",
        "a.first DESC, v.display_name, v.id",
    ),
    "inventory": (
        "p.vendor, COALESCE(l.on_hand, 0), COALESCE(l.committed, 0), COALESCE(l.incoming, 0), v.unit_cost,"
        " round(COALESCE(l.on_hand, 0) * v.unit_cost, 2)",
        "",
        "",
        "v.display_name, v.id",
    ),
    "forecast": (
        f"{HORIZON_DAYS}, f.model, f.confidence, f.demand_class, s.stock_out",
        "",
        "AND f.variant_id IS NOT NULL",
        "v.display_name, v.id",
    ),
    "reorder": (
        "p.vendor, s.quantity, s.urgency, s.order_by, s.cost, s.target_stock, s.safety_stock, s.on_hand,"
        " s.committed, s.incoming, s.change->>'since', (s.change->>'before')::int, (s.change->>'sales')::int,"
        " (s.change->>'stock')::int, (s.change->>'arrivals')::int, (s.change->>'settings')::int,"
        " (s.change->>'sharing')::int",
        "",
        "AND s.quantity > 0",
        "s.urgency_rank, s.order_by NULLS LAST, v.id",
    ),
    "sales": (
        "a.day, a.units, a.revenue",
        "JOIN daily_sales a ON a.store_id = v.store_id AND a.variant_id = v.id",
        "",
        "a.day, v.id",
    ),
}
