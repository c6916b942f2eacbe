"""Suggestions: join stock, forecast and the inherited policy of each product, ask the domain, store the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy.engine import Row

from app.domain.forecasts import Forecasts
from app.domain.replenishment import Policy, Stock, Suggestions, plan
from app.models.replenishment import Suggestion
from app.platform import db
from app.services import stores
from app.services.forecasts import take

URGENCY_RANK = {"now": 0, "soon": 1, "later": 2, "unknown": 3, "none": 4}

# Settings inherit: product, then supplier, then store. Stock counts active locations only.
_POSITIONS = """
    SELECT v.id, COALESCE(l.on_hand, 0) AS on_hand, COALESCE(l.committed, 0) AS committed,
           COALESCE(l.incoming, 0) AS incoming, COALESCE(l.available, 0) AS available,
           v.unit_cost, v.price,
           COALESCE(s.lead_time_days, u.lead_time_days, t.lead_time_days) AS lead_time_days,
           COALESCE(u.lead_time_sd_days, t.lead_time_sd_days) AS lead_time_sd_days,
           COALESCE(s.review_days, u.review_days, t.review_days) AS review_days,
           COALESCE(s.service_level, t.service_level) AS service_level,
           COALESCE(s.moq, 0) AS moq, COALESCE(s.case_size, 1) AS case_size,
           COALESCE(s.min_stock, 0) AS min_stock, s.max_stock,
           COALESCE(s.low_stock_threshold, t.low_stock_threshold) AS threshold
    FROM variants v
    JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
    JOIN store_settings t ON t.store_id = v.store_id
    LEFT JOIN variant_settings s ON s.store_id = v.store_id AND s.variant_id = v.id
    LEFT JOIN suppliers u ON u.store_id = v.store_id AND u.vendor = p.vendor
    LEFT JOIN (
        SELECT store_id, inventory_item_id, SUM(on_hand) AS on_hand, SUM(committed) AS committed,
               SUM(incoming) AS incoming, SUM(available) AS available
        FROM inventory_levels WHERE is_active GROUP BY store_id, inventory_item_id
    ) l ON l.store_id = v.store_id AND l.inventory_item_id = v.inventory_item_id
    WHERE v.id = ANY(:ids) AND v.is_tracked AND v.deleted_at IS NULL AND p.deleted_at IS NULL
      AND NOT p.is_gift_card AND p.status <> 'ARCHIVED'
    ORDER BY v.id
"""


def run(forecasts: Forecasts, *, today: date, now: datetime) -> Suggestions | None:
    """Plan every product that is tracked and forecast; replaces the stored suggestions."""
    stores.settings()  # the join needs the row
    found = db.rows(_POSITIONS, ids=forecasts.keys.tolist())
    db.execute("DELETE FROM suggestions")
    if not found:
        return None
    chosen = take(forecasts, np.searchsorted(forecasts.keys, [row.id for row in found]))
    made = plan(_stock(found), chosen, _policy(found), today=today)
    db.append(Suggestion, _COLUMNS, _values(made, found, now))
    return made


def _floats(found: Any, name: str) -> Any:
    values = [getattr(row, name) for row in found]
    return np.asarray([np.nan if value is None else float(value) for value in values])


def _stock(found: Any) -> Stock:
    return Stock(
        on_hand=_floats(found, "on_hand"),
        # What Shopify calls available leaves out more than committed (reserved, damaged): sell from that.
        committed=np.maximum(_floats(found, "on_hand") - _floats(found, "available"), 0),
        incoming=np.maximum(_floats(found, "incoming"), 0),
        unit_cost=_floats(found, "unit_cost"),
        price=_floats(found, "price"),
    )


def _policy(found: Any) -> Policy:
    names = "lead_time_days lead_time_sd_days review_days service_level moq case_size min_stock max_stock"
    return Policy(**{name: _floats(found, name) for name in names.split()})


_COLUMNS = [
    "variant_id",
    "quantity",
    "on_hand",
    "committed",
    "incoming",
    "expected_demand",
    "protection_days",
    "safety_stock",
    "reorder_point",
    "target_stock",
    "days_of_cover",
    "stock_out_early",
    "stock_out",
    "stock_out_late",
    "order_by",
    "stock_gap",
    "overstock_units",
    "overstock_value",
    "urgency",
    "urgency_rank",
    "cost",
    "cost_of_waiting",
    "ledger",
    "made_at",
]


def _values(made: Suggestions, found: Any, now: datetime) -> Iterator[tuple[Any, ...]]:
    for i, row in enumerate(found):
        one = made[i]
        yield (
            row.id,
            one.quantity,
            row.on_hand,
            max(row.on_hand - row.available, 0),
            max(row.incoming, 0),
            one.expected_demand,
            row.lead_time_days + row.review_days,
            one.safety_stock,
            one.reorder_point,
            one.target_stock,
            one.days_of_cover,
            one.stock_out_p10,
            one.stock_out_p50,
            one.stock_out_p90,
            one.order_by,
            one.stock_gap,
            one.overstock_units,
            one.overstock_value,
            one.urgency,
            URGENCY_RANK[one.urgency],
            one.cost,
            one.cost_of_waiting,
            db.Json([asdict(line) for line in one.ledger]),
            now,
        )


def positions(ids: list[int]) -> dict[int, Row[Any]]:
    """Stock, inherited policy and low-stock threshold of the given variants."""
    return {row.id: row for row in db.rows(_POSITIONS, ids=ids)}
