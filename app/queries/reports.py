"""The history of reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.platform import db


@dataclass(frozen=True)
class ReportRow:
    """One report."""

    id: int
    kind: str
    status: str
    filename: str
    rows: int
    error: str
    requested_by: str
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_running(self) -> bool:
        """Whether a page should look again by itself."""
        return self.status in ("queued", "running")


def exports(limit: int = 5) -> list[ReportRow]:
    """The newest exports of all data. One statement."""
    return _newest(limit, exports=True)


def recent(limit: int = 20) -> list[ReportRow]:
    """The newest reports. One statement."""
    return _newest(limit, exports=False)


def _newest(limit: int, *, exports: bool) -> list[ReportRow]:
    found = db.rows(
        "SELECT id, kind, status, filename, rows, error, requested_by, created_at, finished_at FROM reports"
        " WHERE (kind = 'export') = :exports ORDER BY created_at DESC, id DESC LIMIT :limit",
        limit=limit,
        exports=exports,
    )
    return [ReportRow(**row._asdict()) for row in found]


@dataclass(frozen=True)
class Week:
    """The seven days that ended yesterday, beside the seven before, and where things stand now."""

    first: date
    last: date
    units: int
    revenue: Decimal
    units_before: int
    revenue_before: Decimal
    best: list[tuple[str, int]]  # product and units, at most five
    to_order: int
    order_cost: Decimal | None
    open_alerts: int


_WEEK = """
    SELECT COALESCE(SUM(units) FILTER (WHERE day >= :first), 0) AS units,
           COALESCE(SUM(revenue) FILTER (WHERE day >= :first), 0) AS revenue,
           COALESCE(SUM(units) FILTER (WHERE day < :first), 0) AS units_before,
           COALESCE(SUM(revenue) FILTER (WHERE day < :first), 0) AS revenue_before
    FROM daily_totals WHERE day BETWEEN :before AND :last
"""
_BEST = """
    SELECT v.display_name, SUM(d.units) AS units
    FROM daily_sales d JOIN variants v ON v.store_id = d.store_id AND v.id = d.variant_id
    WHERE d.day BETWEEN :first AND :last GROUP BY v.id, v.display_name HAVING SUM(d.units) > 0
    ORDER BY 2 DESC, 1 LIMIT 5
"""
_STANDING = """
    SELECT (SELECT COUNT(*) FROM suggestions WHERE quantity > 0 AND urgency = 'now') AS to_order,
           (SELECT SUM(cost) FROM suggestions WHERE quantity > 0 AND urgency = 'now') AS order_cost,
           (SELECT COUNT(*) FROM alerts WHERE resolved_at IS NULL AND dismissed_at IS NULL) AS open_alerts
"""


def week(today: date) -> Week:
    """The summary of the week before the store-local day `today`. Three statements."""
    first, last = today - timedelta(days=7), today - timedelta(days=1)
    sold = db.rows(_WEEK, first=first, last=last, before=first - timedelta(days=7))[0]
    best = [(row.display_name, int(row.units)) for row in db.rows(_BEST, first=first, last=last)]
    return Week(first=first, last=last, best=best, **sold._asdict(), **db.rows(_STANDING)[0]._asdict())
