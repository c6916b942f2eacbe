"""What shapes demand, as the JSON API lists it: events, and large one-off orders"""

from __future__ import annotations

from datetime import date
from typing import Any

from app.platform import db
from app.queries.api.slices import slice_of

_EVENT = (
    "id, name, kind, first_day, last_day, scope, target, lift_percent, is_found AS found,"
    " is_ordinary AS ordinary, products, sold_units, usual_units, measured_percent, used_percent,"
    " coming_usual_units, coming_units, created_by"
)


def events(*, show: str, today: date, page: int, size: int) -> dict[str, Any]:
    """Events that nobody took back, the latest first: `all`, `coming` (the last day is not over) or `past`."""
    where = {"all": "true", "coming": "last_day >= :today", "past": "last_day < :today"}[show]
    return slice_of(
        _EVENT,
        f"FROM events WHERE removed_at IS NULL AND {where}",
        "last_day DESC, id DESC",
        page,
        size,
        today=today,
    )


def event(event_id: int) -> dict[str, Any]:
    """One event of the store, which has to be there. One statement."""
    found: dict[str, Any] = db.rows(f"SELECT {_EVENT} FROM events WHERE id = :id", id=event_id)[0]._asdict()  # noqa: S608
    return found


def large_orders(*, product_id: int | None, page: int, size: int) -> dict[str, Any]:
    """Order lines that were held to be one-off wholesale, the latest first."""
    return slice_of(
        "l.line_id, l.variant_id AS product_id, v.display_name AS product_name, v.sku, l.day, l.units,"
        " l.usual_units, l.is_counted AS counted, l.decided_by",
        "FROM wholesale_lines l JOIN variants v ON v.store_id = l.store_id AND v.id = l.variant_id"
        " WHERE CAST(:product AS bigint) IS NULL OR l.variant_id = :product",
        "l.day DESC, l.line_id DESC",
        page,
        size,
        product=product_id,
    )
