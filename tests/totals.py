"""Whether the totals that pages read equal what their rows sum up to, worked out anew."""

from __future__ import annotations

from typing import Any

from app.platform import db

_STOCK = """
    SELECT 'stock' AS what, COALESCE(t.inventory_item_id, l.inventory_item_id)::text AS key
    FROM stock_totals t FULL JOIN (
        SELECT inventory_item_id, SUM(available) AS available, SUM(on_hand) AS on_hand,
               SUM(committed) AS committed, SUM(incoming) AS incoming
        FROM inventory_levels WHERE is_active AND NOT is_left_out GROUP BY inventory_item_id
    ) l USING (inventory_item_id)
    WHERE COALESCE(t.available, 0) <> COALESCE(l.available, 0)
       OR COALESCE(t.on_hand, 0) <> COALESCE(l.on_hand, 0)
       OR COALESCE(t.committed, 0) <> COALESCE(l.committed, 0)
       OR COALESCE(t.incoming, 0) <> COALESCE(l.incoming, 0)
"""
_SALES = """
    SELECT 'sales' AS what, COALESCE(t.day, d.day)::text AS key
    FROM daily_totals t FULL JOIN (
        SELECT day, SUM(units) AS units, SUM(revenue) AS revenue FROM daily_sales GROUP BY day
    ) d USING (day)
    WHERE COALESCE(t.units, 0) <> COALESCE(d.units, 0) OR COALESCE(t.revenue, 0) <> COALESCE(d.revenue, 0)
"""


def untrue_totals() -> list[Any]:
    """The current store's totals that are not their rows' sums; there is none while all is well."""
    return [tuple(row) for sql in (_STOCK, _SALES) for row in db.rows(sql)]


_HOME = """
    SELECT CASE
             WHEN on_hand - committed <= 0 THEN 'out'
             WHEN urgency = 'now' THEN 'late'
             WHEN urgency = 'soon' THEN 'soon'
             WHEN urgency = 'unknown' THEN 'unknown'
             WHEN overstock_units > 0 THEN 'over'
             ELSE 'enough'
           END AS state,
           COUNT(*) AS products,
           SUM(GREATEST(on_hand, 0)) AS units,
           COUNT(*) FILTER (WHERE quantity > 0 AND z.until IS NULL) AS to_order,
           SUM(cost) FILTER (WHERE quantity > 0 AND z.until IS NULL) AS order_cost,
           COUNT(*) FILTER (WHERE quantity > 0 AND cost IS NULL AND z.until IS NULL) AS without_cost,
           COUNT(*) FILTER (WHERE urgency = 'now' AND z.until IS NULL) AS urgent,
           COUNT(*) FILTER (WHERE overstock_units > 0) AS idle_products,
           SUM(overstock_value) FILTER (WHERE overstock_units > 0) AS idle_value
    FROM suggestions LEFT JOIN suggestion_snoozes z USING (store_id, variant_id) GROUP BY 1
"""


def home_figures() -> dict[str, Any]:
    """The figures of Home that all suggestions add up to, worked out anew in one pass over them."""
    rows = db.rows(_HOME)
    sums = {}
    for name in (
        "to_order",
        "order_cost",
        "without_cost",
        "urgent",
        "products",
        "idle_products",
        "idle_value",
    ):
        known = [getattr(row, name) for row in rows if getattr(row, name) is not None]
        sums[name] = sum(known) if known else None if name in ("order_cost", "idle_value") else 0
    return sums | {"levels": {row.state: (row.products, row.units) for row in rows}}
