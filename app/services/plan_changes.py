"""Why suggestions differ from last week's: what plans are made from is kept weekly, and held against today's."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from app.domain.arrays import Bools, Floats, Ints
from app.domain.forecasts import Forecasts
from app.domain.replenishment import Policy, Stock, Suggestions
from app.domain.replenishment.change import CAUSES, Earlier, explain_change
from app.models.replenishment import PlanBasis
from app.platform import columns, db

WEEK = timedelta(days=7)
_STOCK = ("on_hand", "committed", "incoming")
_POLICY = (
    "lead_time_days",
    "lead_time_sd_days",
    "review_days",
    "service_level",
    "moq",
    "case_size",
    "min_stock",
    "max_stock",
)
_NUMBERS = ("quantity", *_STOCK, *_POLICY, "settling")


def since_last_week(
    made: Suggestions, forecasts: Forecasts, stock: Stock, policy: Policy, shared: Bools, *, today: date
) -> list[dict[str, Any] | None]:
    """For each suggestion the units by cause since the plan of a week ago or more, its day and its quantity.

    `shared` (n,): whose levels are shared out by value. In a store's first week it is the first day's plan. None
    where there was none yet, and where nothing has changed.
    """
    ids, n = np.asarray(made.keys, dtype=np.int64), len(made)
    since = _compared_with(today)
    if since is None:
        return [None] * n
    found = columns.read(
        f"SELECT variant_id, {', '.join(_NUMBERS)} FROM plan_bases WHERE planned_on = %(since)s",  # noqa: S608
        {"variant_id": "bigint", **dict.fromkeys(_NUMBERS, "double")},
        since=since,
    )
    now = _numbers(made, stock, policy)
    before, is_known = _beside(ids, found, now)
    earlier = Earlier(
        before["quantity"],
        Stock(before["on_hand"], before["committed"], before["incoming"]),
        Policy(**{name: before[name] for name in _POLICY}),
        before["settling"],
    )
    parts = explain_change(earlier, stock, forecasts, policy, settling=made.settled.whole, shared=shared)
    units = np.stack([parts[cause] for cause in CAUSES], axis=1).astype(np.int64)
    told = is_known & units.any(axis=1)
    return [
        {"since": since.isoformat(), "before": int(quantity), **dict(zip(CAUSES, row, strict=True))}
        if tell
        else None
        for tell, quantity, row in zip(told, before["quantity"].tolist(), units.tolist(), strict=True)
    ]


def note(made: Suggestions, stock: Stock, policy: Policy, *, today: date) -> None:
    """Keep what today's plan was made from, unless one of the last week is kept; and the one before that."""
    newest = db.rows("SELECT MAX(planned_on) AS day FROM plan_bases")[0].day
    if newest is not None and newest > today - WEEK:
        return
    db.execute("DELETE FROM plan_bases WHERE planned_on < :newest", newest=newest or today)
    values: dict[str, columns.Column] = {
        "variant_id": np.asarray(made.keys, dtype=np.int64),
        "planned_on": today,
        **_numbers(made, stock, policy),
    }
    columns.append(PlanBasis, values, len(made))


def _compared_with(today: date) -> date | None:
    """The day of the newest plan that is a week old; before there is one, of the oldest of an earlier day."""
    day: date | None = db.rows(
        """
        SELECT COALESCE(MAX(planned_on) FILTER (WHERE planned_on <= :week_ago), MIN(planned_on)) AS day
        FROM plan_bases WHERE planned_on < :today
        """,
        week_ago=today - WEEK,
        today=today,
    )[0].day
    return day


def _numbers(made: Suggestions, stock: Stock, policy: Policy) -> dict[str, Floats]:
    n = len(made)
    return {
        "quantity": made.quantity,
        **{name: stock.units(name, n) for name in _STOCK},
        **{name: policy.each(name, n) for name in _POLICY},
        "settling": made.settled.whole,
    }


def _beside(ids: Ints, found: dict[str, Any], now: dict[str, Floats]) -> tuple[dict[str, Floats], Any]:
    """The numbers of then in the order of `ids`, those of `now` where none are known, and which are."""
    order = np.argsort(found["variant_id"])
    place = np.searchsorted(found["variant_id"], ids, sorter=order)
    place = order[np.minimum(place, len(order) - 1)]
    is_known = found["variant_id"][place] == ids
    return {name: np.where(is_known, found[name][place], now[name]) for name in _NUMBERS}, is_known
