"""Where variants stand: stock, what is on its way, and the policy that they inherit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from operator import itemgetter
from typing import Any

import numpy as np
from sqlalchemy.engine import Row

from app.domain.arrays import Floats, Texts
from app.domain.replenishment import Policy, Receipt, Stock
from app.domain.replenishment.classes import abc
from app.platform import db

# Settings inherit: product, then supplier, then store; a service level: product, then class, then store. Stock
# counts active locations only.
# Incoming counts each unit once: what Shopify lists, and what is open on our own orders beside it. Units of
# an order that the merchant entered in Shopify too are the same ones: there the larger of both counts. What goes to
# a location that is left out counts as little as what is there.
_POSITIONS = """
    SELECT v.id, COALESCE(l.on_hand, 0) AS on_hand, COALESCE(l.committed, 0) AS committed,
           GREATEST(COALESCE(l.incoming, 0), COALESCE(w.listed, 0), 0) + COALESCE(w.own, 0) AS incoming,
           COALESCE(l.available, 0) AS available,
           COALESCE(v.unit_cost, s.unit_cost) AS unit_cost, v.price,
           COALESCE(s.lead_time_days, u.lead_time_days, t.lead_time_days) AS lead_time_days,
           COALESCE(u.lead_time_sd_days, t.lead_time_sd_days) AS lead_time_sd_days,
           COALESCE(s.review_days, u.review_days, t.review_days) AS review_days,
           s.service_level AS own_service_level, COALESCE(t.service_level_a, t.service_level) AS service_level_a,
           COALESCE(t.service_level_b, t.service_level) AS service_level_b,
           COALESCE(t.service_level_c, t.service_level) AS service_level_c,
           COALESCE(s.moq, 0) AS moq, COALESCE(s.case_size, 1) AS case_size,
           COALESCE(s.min_stock, 0) AS min_stock, s.max_stock,
           COALESCE(s.low_stock_threshold, t.low_stock_threshold) AS threshold
    FROM variants v
    JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
    JOIN store_settings t ON t.store_id = v.store_id
    LEFT JOIN variant_settings s ON s.store_id = v.store_id AND s.variant_id = v.id
    LEFT JOIN suppliers n ON n.store_id = v.store_id AND n.vendor = p.vendor
    LEFT JOIN suppliers u ON u.store_id = v.store_id AND u.id = COALESCE(s.supplier_id, n.id)
    LEFT JOIN stock_totals l ON l.store_id = v.store_id AND l.inventory_item_id = v.inventory_item_id
    LEFT JOIN (
        SELECT i.store_id, i.variant_id,
               SUM(i.ordered - i.received - i.rejected - i.cancelled) FILTER (WHERE o.also_in_shopify) AS listed,
               SUM(i.ordered - i.received - i.rejected - i.cancelled)
                   FILTER (WHERE NOT o.also_in_shopify) AS own
        FROM purchase_order_lines i
        JOIN purchase_orders o ON o.store_id = i.store_id AND o.id = i.order_id
        WHERE o.status IN ('sent', 'partly_received') AND NOT EXISTS (
            SELECT 1 FROM locations p WHERE p.store_id = o.store_id AND p.id = o.location_id AND p.is_left_out)
        GROUP BY i.store_id, i.variant_id
    ) w ON w.store_id = v.store_id AND w.variant_id = v.id
    WHERE v.id = ANY(:ids) AND v.is_tracked AND v.deleted_at IS NULL AND p.deleted_at IS NULL
      AND NOT p.is_gift_card AND p.status <> 'ARCHIVED'
    ORDER BY v.id
"""


# Days of arrival of what is open on our own orders; a late order is taken to come tomorrow.
_RECEIPTS = """
    SELECT i.variant_id, GREATEST(o.expected_on - CAST(:today AS date), 1) AS in_days,
           i.ordered - i.received - i.rejected - i.cancelled AS units
    FROM purchase_order_lines i
    JOIN purchase_orders o ON o.store_id = i.store_id AND o.id = i.order_id
    WHERE o.status IN ('sent', 'partly_received') AND o.expected_on IS NOT NULL
      AND i.ordered > i.received + i.rejected + i.cancelled AND NOT EXISTS (
          SELECT 1 FROM locations p WHERE p.store_id = o.store_id AND p.id = o.location_id AND p.is_left_out)
"""


def positions(ids: list[int]) -> dict[int, Row[Any]]:
    """Stock, inherited policy and low-stock threshold of the given variants."""
    return {row.id: row for row in rows_of(ids)}


def rows_of(ids: list[int]) -> Sequence[Row[Any]]:
    """The rows of `positions`, in the order of their ids."""
    with db.by_whole_tables():
        return db.rows(_POSITIONS, ids=ids)


def classes_of(ids: Sequence[int], today: date) -> Texts:
    """A, B or C of each variant by its revenue of the last year."""
    sold = db.rows(
        "SELECT variant_id, SUM(revenue) AS revenue FROM daily_sales WHERE day >= :first GROUP BY variant_id",
        first=today - timedelta(days=365),
    )
    revenue = {row.variant_id: float(row.revenue) for row in sold}
    return abc(np.asarray([revenue.get(variant_id, 0.0) for variant_id in ids]))


def each(found: Any, name: str) -> Iterable[Any]:
    """The column of that name; by its place, which costs a tenth of asking each row for the name."""
    return map(itemgetter(found[0]._fields.index(name)), found) if found else ()


def floats(found: Any, name: str) -> Floats:
    """(n,) the column of that name, NaN where it is NULL."""
    return np.asarray(list(each(found, name)), dtype=np.float64)


def committed(found: Any) -> Floats:
    """(n,) units that are not for sale: Shopify's "available" leaves out more than committed (reserved, damaged)."""
    return np.maximum(floats(found, "on_hand") - floats(found, "available"), 0.0)


def stock_of(found: Any, today: date) -> Stock:
    """The stock of variants from the rows that `rows_of` gives of them."""
    return Stock(
        on_hand=floats(found, "on_hand"),
        committed=committed(found),
        incoming=floats(found, "incoming"),
        receipts=_receipts(found, today),
        unit_cost=floats(found, "unit_cost"),
        price=floats(found, "price"),
    )


def _receipts(found: Any, today: date) -> list[Receipt]:
    places = {row.id: place for place, row in enumerate(found)}
    return [
        Receipt(places[row.variant_id], int(row.in_days), float(row.units))
        for row in db.rows(_RECEIPTS, today=today)
        if row.variant_id in places
    ]


def own_levels(found: Any) -> Any:
    """(n,) service levels that products have of their own, NaN where they follow their class."""
    return floats(found, "own_service_level")


def policy_of(found: Any, classes: Texts) -> Policy:
    """The policy of variants from the rows that `positions` gives of them, and their ABC classes."""
    names = "lead_time_days lead_time_sd_days review_days moq case_size min_stock max_stock"
    own = own_levels(found)
    of_class = np.select(
        [classes == "A", classes == "B"],
        [floats(found, "service_level_a"), floats(found, "service_level_b")],
        default=floats(found, "service_level_c"),
    )
    return Policy(
        service_level=np.where(np.isnan(own), of_class, own),
        **{name: floats(found, name) for name in names.split()},
    )
