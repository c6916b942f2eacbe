"""The merchant's own numbers whose days are over, beside the model's and what was sold: who was closer"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from app.platform import db
from app.words.replenishment import override_value

WEEKS = 52
MOST = 100


@dataclass(frozen=True)
class OwnNumber:
    """One override that held until its last day; units of all its days."""

    variant_id: int
    product: str
    sku: str
    kind: str
    value: Decimal
    starts_on: date
    until: date
    reason: str
    actor: str
    model_units: float
    own_units: float
    sold: int

    @property
    def number(self) -> str:
        """What was entered, in the reader's words."""
        return override_value(self.kind, self.value)

    @property
    def is_closer(self) -> bool:
        """Whether the merchant's number was as near as the model's, or nearer."""
        return abs(self.own_units - self.sold) <= abs(self.model_units - self.sold)


@dataclass(frozen=True)
class OwnNumbers:
    """The latest ones, at most MOST; errors as shares of what was sold, None where nothing was."""

    rows: list[OwnNumber]
    model_error: float | None
    own_error: float | None

    @property
    def closer(self) -> int:
        """How often the merchant was as near as the model, or nearer."""
        return sum(one.is_closer for one in self.rows)


def own_numbers(*, today: date, time_zone: str) -> OwnNumbers:
    """The overrides of the last year that held for all their days, the latest first. One statement.

    Those that were ended early, or where the model said nothing, allow no comparison.
    """
    found = db.rows(
        """
        SELECT o.variant_id, v.display_name AS product, v.sku, o.kind, o.value, o.starts_on, o.until, o.reason,
               o.actor, o.model_units, o.override_units AS own_units, COALESCE(d.sold, 0) AS sold
        FROM forecast_overrides o
        JOIN variants v ON v.store_id = o.store_id AND v.id = o.variant_id
        LEFT JOIN LATERAL (
            SELECT SUM(s.units)::bigint AS sold FROM daily_sales s
            WHERE s.store_id = o.store_id AND s.variant_id = o.variant_id
              AND s.day BETWEEN o.starts_on AND o.until
        ) d ON true
        WHERE o.until < :today AND o.until >= :since AND o.model_units IS NOT NULL AND v.deleted_at IS NULL
          AND (o.ended_at IS NULL OR (o.ended_at AT TIME ZONE :zone)::date > o.until)
        ORDER BY o.until DESC, o.id DESC LIMIT :most
        """,
        today=today,
        since=today - timedelta(weeks=WEEKS),
        zone=time_zone,
        most=MOST,
    )
    rows = [OwnNumber(**row._asdict()) for row in found]
    sold = sum(one.sold for one in rows)
    if sold <= 0:
        return OwnNumbers(rows, None, None)
    return OwnNumbers(
        rows,
        sum(abs(one.model_units - one.sold) for one in rows) / sold,
        sum(abs(one.own_units - one.sold) for one in rows) / sold,
    )
