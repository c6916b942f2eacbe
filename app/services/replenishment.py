"""Suggestions: join stock, forecast and the inherited policy of each product, ask the domain, store the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy.engine import Row

from app.domain.arrays import Texts
from app.domain.replenishment import LedgerLine, Policy, Receipt, Stock, Suggestions, plan
from app.domain.replenishment.classes import abc
from app.models.replenishment import Suggestion, SuggestionSnooze
from app.platform import db
from app.services import audit, stores
from app.services.catalog import VariantNotFound
from app.services.forecasts import take
from app.services.overrides import Applied

URGENCY_RANK = {"now": 0, "soon": 1, "later": 2, "unknown": 3, "none": 4}

# Settings inherit: product, then supplier, then store. Stock counts active locations only.
# Incoming counts each unit once: what Shopify lists, and what is open on our own orders beside it. Units of
# an order that the merchant entered in Shopify too are the same ones: there the larger of both counts.
_POSITIONS = """
    SELECT v.id, COALESCE(l.on_hand, 0) AS on_hand, COALESCE(l.committed, 0) AS committed,
           GREATEST(COALESCE(l.incoming, 0), COALESCE(w.listed, 0), 0) + COALESCE(w.own, 0) AS incoming,
           COALESCE(l.available, 0) AS available,
           COALESCE(v.unit_cost, s.unit_cost) AS unit_cost, v.price,
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
    LEFT JOIN suppliers n ON n.store_id = v.store_id AND n.vendor = p.vendor
    LEFT JOIN suppliers u ON u.store_id = v.store_id AND u.id = COALESCE(s.supplier_id, n.id)
    LEFT JOIN (
        SELECT store_id, inventory_item_id, SUM(on_hand) AS on_hand, SUM(committed) AS committed,
               SUM(incoming) AS incoming, SUM(available) AS available
        FROM inventory_levels WHERE is_active GROUP BY store_id, inventory_item_id
    ) l ON l.store_id = v.store_id AND l.inventory_item_id = v.inventory_item_id
    LEFT JOIN (
        SELECT i.store_id, i.variant_id,
               SUM(i.ordered - i.received - i.rejected - i.cancelled) FILTER (WHERE o.also_in_shopify) AS listed,
               SUM(i.ordered - i.received - i.rejected - i.cancelled)
                   FILTER (WHERE NOT o.also_in_shopify) AS own
        FROM purchase_order_lines i
        JOIN purchase_orders o ON o.store_id = i.store_id AND o.id = i.order_id
        WHERE o.status IN ('sent', 'partly_received') GROUP BY i.store_id, i.variant_id
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
      AND i.ordered > i.received + i.rejected + i.cancelled
"""


def run(applied: Applied, *, today: date, now: datetime) -> Suggestions | None:
    """Plan every product that is tracked and forecast; replaces the stored suggestions."""
    forecasts = applied.forecasts
    stores.settings()  # the join needs the row
    found = _positions(forecasts.keys.tolist())
    db.execute("DELETE FROM suggestions")
    db.execute("DELETE FROM suggestion_snoozes WHERE until <= :today", today=today)
    if not found:
        return None
    chosen = np.searchsorted(forecasts.keys, [row.id for row in found])
    made = plan(
        _stock(found, today),
        take(forecasts, chosen),
        policy_of(found),
        today=today,
        model=take(applied.model, chosen),
    )
    classes = _classes([row.id for row in found], today)
    db.append(Suggestion, _COLUMNS, _values(made, found, now, applied.facts, classes))
    return made


def _classes(ids: list[int], today: date) -> Texts:
    """A, B or C of each variant by its revenue of the last year."""
    sold = db.rows(
        "SELECT variant_id, SUM(revenue) AS revenue FROM daily_sales WHERE day >= :first GROUP BY variant_id",
        first=today - timedelta(days=365),
    )
    revenue = {row.variant_id: float(row.revenue) for row in sold}
    return abc(np.asarray([revenue.get(variant_id, 0.0) for variant_id in ids]))


def _floats(found: Any, name: str) -> Any:
    values = [getattr(row, name) for row in found]
    return np.asarray([np.nan if value is None else float(value) for value in values])


def _stock(found: Any, today: date) -> Stock:
    return Stock(
        on_hand=_floats(found, "on_hand"),
        # What Shopify calls available leaves out more than committed (reserved, damaged): sell from that.
        committed=np.maximum(_floats(found, "on_hand") - _floats(found, "available"), 0),
        incoming=_floats(found, "incoming"),
        receipts=_receipts(found, today),
        unit_cost=_floats(found, "unit_cost"),
        price=_floats(found, "price"),
    )


def _receipts(found: Any, today: date) -> list[Receipt]:
    places = {row.id: place for place, row in enumerate(found)}
    return [
        Receipt(places[row.variant_id], int(row.in_days), float(row.units))
        for row in db.rows(_RECEIPTS, today=today)
        if row.variant_id in places
    ]


def policy_of(found: Any) -> Policy:
    """The policy of variants from the rows that `positions` gives of them."""
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
    "abc_class",
    "ledger",
    "made_at",
]


def _values(
    made: Suggestions, found: Any, now: datetime, overrides: Mapping[int, Mapping[str, str]], classes: Texts
) -> Iterator[tuple[Any, ...]]:
    for i, row in enumerate(found):
        one = made[i]
        yield (
            row.id,
            one.quantity,
            row.on_hand,
            max(row.on_hand - row.available, 0),
            row.incoming,
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
            classes[i],
            db.Json([_line(line, overrides.get(row.id)) for line in one.ledger]),
            now,
        )


def _line(line: LedgerLine, override: Mapping[str, str] | None) -> dict[str, Any]:
    kept = asdict(line)
    return kept | {"detail": override} if override and line.code == "override" else kept


def positions(ids: list[int]) -> dict[int, Row[Any]]:
    """Stock, inherited policy and low-stock threshold of the given variants."""
    return {row.id: row for row in _positions(ids)}


def _positions(ids: list[int]) -> Sequence[Row[Any]]:
    with db.by_whole_tables():
        return db.rows(_POSITIONS, ids=ids)


def snooze(variant_id: int, *, until: date, reason: str, actor: str, now: datetime) -> None:
    """Leave a product off what is to be ordered until that day. Raises VariantNotFound."""
    if not db.rows("SELECT id FROM variants WHERE id = :id", id=variant_id):
        raise VariantNotFound(f"There is no product {variant_id} in this store.")
    row = (variant_id, until, reason, actor, now)
    db.upsert(
        SuggestionSnooze, ("variant_id", "until", "reason", "actor", "created_at"), [row], key=["variant_id"]
    )
    audit.record(
        actor=actor,
        action="suggestion.snoozed",
        variant_id=variant_id,
        until=until.isoformat(),
        reason=reason,
    )


def wake(variant_id: int, *, actor: str) -> None:
    """Take a product back onto what is to be ordered."""
    if db.execute("DELETE FROM suggestion_snoozes WHERE variant_id = :id", id=variant_id):
        audit.record(actor=actor, action="suggestion.woken", variant_id=variant_id)
