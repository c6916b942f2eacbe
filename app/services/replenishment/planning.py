"""Suggestions: join stock, forecast and the inherited policy of each product, ask the domain, store the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import repeat
from typing import Any

import numpy as np

from app.domain.arrays import Floats, Texts
from app.domain.forecasts import Forecasts
from app.domain.replenishment import LedgerLine, Policy, Suggestions, plan
from app.domain.replenishment.ledger import CODES
from app.models.replenishment import Suggestion
from app.platform import copying, db
from app.services import minimum_orders, plan_changes, service_levels, settling, stores, transfers, wholesale
from app.services.forecasts import before_events, take
from app.services.overrides import Applied
from app.services.replenishment.positions import (
    classes_of,
    committed,
    each,
    floats,
    own_levels,
    policy_of,
    rows_of,
    stock_of,
)

# What is known of variants beside the numbers of a plan, for one line of their ledgers.
Facts = Mapping[int, Mapping[str, Any]]
URGENCY_RANK = {"now": 0, "soon": 1, "later": 2, "unknown": 3, "none": 4}


def run(applied: Applied, *, today: date, now: datetime) -> Suggestions | None:
    """Plan every product that is tracked and forecast; replaces the stored suggestions."""
    forecasts = applied.forecasts
    stores.settings()  # the join needs the row
    found = rows_of(forecasts.keys.tolist())
    db.execute("DELETE FROM suggestions")
    transfers.forget()
    db.execute("DELETE FROM suggestion_snoozes WHERE until <= :today", today=today)
    if not found:
        return None
    ids = [row.id for row in found]
    chosen = np.searchsorted(forecasts.keys, ids)
    stock, taken, own = stock_of(found, today), take(forecasts, chosen), own_levels(found)
    classes = classes_of(ids, today)
    asked = policy_of(found, classes)
    model = take(applied.model, chosen)
    usual, coming = before_events(model)
    # What an override, an event or the end of a season changes comes and goes at once.
    at_once = taken.out_of_season | np.isin(taken.keys, [*applied.facts, *coming])
    moving = service_levels.moving(taken, stock, own)
    reviews = settling.reviews(ids, asked, moving & ~at_once, today=today)
    policy = reviews.keep_levels(service_levels.shared_out(taken, asked, stock, own, reviews.before))
    made = plan(stock, taken, policy, today=today, model=model, usual=usual, before=reviews.before)
    facts = {
        "override": applied.facts,
        "events": coming,
        "demand": wholesale.facts(ids),
        "moq": _minimums(made, taken, found, policy, today),
        "safety": service_levels.facts(taken.keys, policy, asked),
    }
    service_levels.store_costs(taken, asked, stock, classes, now=now)
    changes = plan_changes.since_last_week(made, taken, stock, policy, moving, today=today)
    plan_changes.note(made, stock, policy, today=today)
    settling.note(reviews, made, taken, policy, today=today)
    stored = _columns(made, found, now, facts, classes)
    stored["change"] = [None if change is None else copying.Json(change) for change in changes]
    copying.append(Suggestion, list(stored), zip(*stored.values(), strict=True))
    transfers.plan(taken, policy, floats(found, "unit_cost"), today=today, now=now)
    return made


def _minimums(made: Suggestions, forecasts: Forecasts, found: Any, policy: Policy, today: date) -> Facts:
    """What is known of the orders that were raised to a minimum; most are not."""
    raised = (made.quantity > 0) & (made.ledger_units[:, CODES.index("moq")] > 0)
    chosen = np.flatnonzero(raised)
    rows = [found[i] for i in chosen]
    settled = made.settled.whole[chosen]
    return minimum_orders.facts(take(forecasts, chosen), stock_of(rows, today), policy.take(chosen), settled)


def _columns(
    made: Suggestions, found: Any, now: datetime, facts: Mapping[str, Facts], classes: Texts
) -> dict[str, Iterable[Any]]:
    """What is stored, by column: values are taken from whole arrays, not one by one for each product."""
    urgency = made.urgency.tolist()
    return {
        "variant_id": each(found, "id"),
        "quantity": _whole(made.quantity),
        "on_hand": each(found, "on_hand"),
        "committed": _whole(committed(found)),
        "incoming": each(found, "incoming"),
        "expected_demand": _known(made.expected_demand),
        "protection_days": _whole(floats(found, "lead_time_days") + floats(found, "review_days")),
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
