"""A product's overrides: the one that holds, and what earlier ones, the model and the customers said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.platform import db
from app.words.replenishment import override_value

MOST = 5


@dataclass(frozen=True)
class OverrideView:
    """One override; `sold` counts its days that are over. `model_units` is None where the model said nothing."""

    kind: str
    value: Decimal
    starts_on: date
    until: date
    reason: str
    actor: str
    created_at: datetime
    ended_at: datetime | None
    model_units: float | None
    override_units: float
    sold: int
    holds: bool
    days: int
    days_over: int

    @property
    def number(self) -> str:
        """What was entered, in the reader's words: `12 units a day`."""
        return override_value(self.kind, self.value)


def of_product(variant_id: int, *, today: date) -> list[OverrideView]:
    """The latest overrides of a product, the newest first. One statement."""
    rows = db.rows(
        """
        SELECT o.kind, o.value, o.starts_on, o.until, o.reason, o.actor, o.created_at, o.ended_at,
               o.model_units, o.override_units, COALESCE(d.sold, 0) AS sold,
               o.ended_at IS NULL AND o.until >= :today AS holds, o.until - o.starts_on + 1 AS days,
               GREATEST(LEAST(o.until + 1, CAST(:today AS date)) - o.starts_on, 0) AS days_over
        FROM forecast_overrides o
        LEFT JOIN LATERAL (
            SELECT SUM(units)::bigint AS sold FROM daily_sales s
            WHERE s.store_id = o.store_id AND s.variant_id = o.variant_id
              AND s.day BETWEEN o.starts_on AND LEAST(o.until, CAST(:today AS date) - 1)
        ) d ON true
        WHERE o.variant_id = :id ORDER BY o.id DESC LIMIT :most
        """,
        id=variant_id,
        today=today,
        most=MOST,
    )
    return [OverrideView(**row._asdict()) for row in rows]
