"""Suggestions: join stock, forecast and the inherited policy of each product, ask the domain, store the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import repeat
from operator import itemgetter
from typing import Any

import numpy as np
from sqlalchemy.engine import Row

from app.domain.arrays import Floats, Texts
from app.domain.forecasts import Forecasts
from app.domain.replenishment import LedgerLine, Policy, Receipt, Stock, Suggestions, plan
from app.domain.replenishment.classes import abc
from app.domain.replenishment.ledger import CODES
from app.models.replenishment import Suggestion
from app.platform import copying, db
from app.services import minimum_orders, plan_changes, service_levels, stores, transfers, wholesale
from app.services.forecasts import before_events, take
from app.services.overrides import Applied

# What is known of variants beside the numbers of a plan, for one line of their ledgers.
Facts = Mapping[int, Mapping[str, Any]]
URGENCY_RANK = {"now": 0, "soon": 1, "later": 2, "unknown": 3, "none": 4}

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


def run(applied: Applied, *, today: date, now: datetime) -> Suggestions | None:
    """Plan every product that is tracked and forecast; replaces the stored suggestions."""
    forecasts = applied.forecasts
    stores.settings()  # the join needs the row
    found = _positions(forecasts.keys.tolist())
    db.execute("DELETE FROM suggestions")
    transfers.forget()
    db.execute("DELETE FROM suggestion_snoozes WHERE until <= :today", today=today)
    if not found:
        return None
    chosen = np.searchsorted(forecasts.keys, [row.id for row in found])
    stock, taken = _stock(found, today), take(forecasts, chosen)
    classes = classes_of([row.id for row in found], today)
    asked = policy_of(found, classes)
    policy = service_levels.shared_out(taken, asked, stock, own_levels(found))
    model = take(applied.model, chosen)
    usual, coming = before_events(model)
    made = plan(stock, taken, policy, today=today, model=model, usual=usual)
    facts = {
        "override": applied.facts,
        "events": coming,
        "demand": wholesale.facts([row.id for row in found]),
        "moq": _minimums(made, taken, found, policy, today),
        "safety": service_levels.facts(taken.keys, policy, asked),
    }
    service_levels.store_costs(taken, asked, stock, classes, now=now)
    changes = plan_changes.since_last_week(made, taken, stock, policy, today=today)
    plan_changes.note(made, stock, policy, today=today)
    stored = _columns(made, found, now, facts, classes)
    stored["change"] = [None if change is None else copying.Json(change) for change in changes]
    copying.append(Suggestion, list(stored), zip(*stored.values(), strict=True))
    transfers.plan(taken, policy, _floats(found, "unit_cost"), today=today, now=now)
    return made


def _minimums(made: Suggestions, forecasts: Forecasts, found: Any, policy: Policy, today: date) -> Facts:
    """What is known of the orders that were raised to a minimum; most are not."""
    raised = (made.quantity > 0) & (made.ledger_units[:, CODES.index("moq")] > 0)
    chosen = np.flatnonzero(raised)
    rows = [found[i] for i in chosen]
    return minimum_orders.facts(take(forecasts, chosen), _stock(rows, today), policy.take(chosen))


def classes_of(ids: Sequence[int], today: date) -> Texts:
    """A, B or C of each variant by its revenue of the last year."""
    sold = db.rows(
        "SELECT variant_id, SUM(revenue) AS revenue FROM daily_sales WHERE day >= :first GROUP BY variant_id",
        first=today - timedelta(days=365),
    )
    revenue = {row.variant_id: float(row.revenue) for row in sold}
    return abc(np.asarray([revenue.get(variant_id, 0.0) for variant_id in ids]))


def _each(found: Any, name: str) -> Iterable[Any]:
    """The column of that name; by its place, which costs a tenth of asking each row for the name."""
    return map(itemgetter(found[0]._fields.index(name)), found) if found else ()


def _floats(found: Any, name: str) -> Floats:
    """(n,) the column of that name, NaN where it is NULL."""
    return np.asarray(list(_each(found, name)), dtype=np.float64)


def _committed(found: Any) -> Floats:
    """(n,) units that are not for sale: Shopify's "available" leaves out more than committed (reserved, damaged)."""
    return np.maximum(_floats(found, "on_hand") - _floats(found, "available"), 0.0)


def _stock(found: Any, today: date) -> Stock:
    return Stock(
        on_hand=_floats(found, "on_hand"),
        committed=_committed(found),
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


def own_levels(found: Any) -> Any:
    """(n,) service levels that products have of their own, NaN where they follow their class."""
    return _floats(found, "own_service_level")


def policy_of(found: Any, classes: Texts) -> Policy:
    """The policy of variants from the rows that `positions` gives of them, and their ABC classes."""
    names = "lead_time_days lead_time_sd_days review_days moq case_size min_stock max_stock"
    own = own_levels(found)
    of_class = np.select(
        [classes == "A", classes == "B"],
        [_floats(found, "service_level_a"), _floats(found, "service_level_b")],
        default=_floats(found, "service_level_c"),
    )
    return Policy(
        service_level=np.where(np.isnan(own), of_class, own),
        **{name: _floats(found, name) for name in names.split()},
    )


def _columns(
    made: Suggestions, found: Any, now: datetime, facts: Mapping[str, Facts], classes: Texts
) -> dict[str, Iterable[Any]]:
    """What is stored, by column: values are taken from whole arrays, not one by one for each product."""
    urgency = made.urgency.tolist()
    return {
        "variant_id": _each(found, "id"),
        "quantity": _whole(made.quantity),
        "on_hand": _each(found, "on_hand"),
        "committed": _whole(_committed(found)),
        "incoming": _each(found, "incoming"),
        "expected_demand": _known(made.expected_demand),
        "protection_days": _whole(_floats(found, "lead_time_days") + _floats(found, "review_days")),
        "safety_stock": _whole(made.safety_stock),
        "reorder_point": _whole(made.reorder_point),
        "target_stock": _whole(made.target_stock),
        "days_of_cover": _known(made.days_of_cover),
        "stock_out_early": made.stock_out_p10,
        "stock_out": made.stock_out_p50,
        "stock_out_late": made.stock_out_p90,
        "order_by": made.order_by,
        "stock_gap": made.stock_gap.tolist(),
        "overstock_units": _whole(np.nan_to_num(made.overstock_units)),
        "overstock_value": _known(made.overstock_value),
        "urgency": urgency,
        "urgency_rank": map(URGENCY_RANK.__getitem__, urgency),
        "cost": _known(made.cost),
        "cost_of_waiting": _known(made.cost_of_waiting),
        "abc_class": classes.tolist(),
        "ledger": (
            copying.Json([_line(line, facts, row.id) for line in made.ledger(i)])
            for i, row in enumerate(found)
        ),
        "made_at": repeat(now, len(found)),
    }


def _known(values: Floats) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # NaN alone differs from itself


def _whole(values: Floats) -> list[int | None]:
    return [None if value != value else int(value) for value in values.tolist()]


def _line(line: LedgerLine, facts: Mapping[str, Facts], variant_id: int) -> dict[str, Any]:
    """The line as it is stored, with what is known beside the plan of its variant."""
    more = facts.get(line.code, {}).get(variant_id, {})
    return {"code": line.code, "units": line.units, "detail": {**line.detail, **more}}


def positions(ids: list[int]) -> dict[int, Row[Any]]:
    """Stock, inherited policy and low-stock threshold of the given variants."""
    return {row.id: row for row in _positions(ids)}


def _positions(ids: list[int]) -> Sequence[Row[Any]]:
    with db.by_whole_tables():
        return db.rows(_POSITIONS, ids=ids)
