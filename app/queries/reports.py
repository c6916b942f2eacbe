"""The history of reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
