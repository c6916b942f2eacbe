"""How long things are kept: what nobody looks at any more is deleted, a little at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.platform import db

# What goes, after how many days, and the condition under which it may go.
_KEPT: tuple[tuple[str, str, int, str], ...] = (
    ("reports", "created_at", 90, "true"),
    ("sync_runs", "started_at", 90, "status IN ('done', 'failed')"),
    ("sync_troubles", "mended_at", 365, "mended_at IS NOT NULL"),
    ("alert_mails", "created_at", 180, "status IN ('sent', 'failed')"),
    ("invitations", "created_at", 180, "status <> 'queued'"),
    ("audit_entries", "at", 730, "true"),
    ("forecast_records", "origin", 730, "true"),
    ("location_stock_outs", "until_day", 365, "until_day IS NOT NULL"),
)
# A store of 50,000 products notes as many forecasts a week: a day's deletions have to keep up with that.
_AT_ONCE = 20_000


def prune(*, now: datetime) -> dict[str, int]:
    """Delete what has been kept long enough in the current store; returns how many rows of each table went.

    The newest finished run of each kind stays, however old it is: the next one begins where it ended.
    """
    gone = {}
    for table, column, days, condition in _KEPT:
        newest = ""
        if table == "sync_runs":
            newest = " AND id NOT IN (SELECT max(id) FROM sync_runs WHERE status = 'done' GROUP BY kind)"
        gone[table] = db.execute(
            f"DELETE FROM {table} WHERE ctid IN (SELECT ctid FROM {table} WHERE {column} < :before"  # noqa: S608
            f" AND {condition}{newest} ORDER BY {column} LIMIT :at_once)",
            before=now - timedelta(days=days),
            at_once=_AT_ONCE,
        )
    return gone
