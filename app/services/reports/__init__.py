"""Reports: asked for by a member, made by a job, downloaded through a link that expires."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from app.models.reports import Report
from app.platform import db
from app.platform.spreadsheets import Counted, as_csv
from app.services import audit
from app.services.reports import columns
from app.services.reports.files import File, Parts, ReportNotFound, file, piece
from app.services.reports.records import record_forecasts

__all__ = [
    "EXPORT",
    "KINDS",
    "File",
    "Parts",
    "ReportNotFound",
    "fail",
    "file",
    "finish",
    "make",
    "piece",
    "record_forecasts",
    "request",
    "wanted",
]

KINDS = ("inventory", "forecast", "reorder", "accuracy", "sales")
# Not one of the reports: it holds everything, so that it is the owner's alone.
EXPORT = "export"


def request(kind: str, *, actor: str, now: datetime) -> int:
    """Note that a report, or an export of all data, is wanted; returns its id."""
    if kind not in (*KINDS, EXPORT):
        raise ValueError(f"There is no report {kind!r}; choose one of {', '.join(KINDS)}.")
    report = Report(kind=kind, requested_by=actor, created_at=now)
    db.session().add(report)
    db.session().flush()
    audit.record(actor=actor, action="report.requested", kind=kind, report_id=report.id)
    return report.id


def wanted(report_id: int) -> Report | None:
    """A report that is still to be made, for the caller alone; None when it is made, or gone."""
    query = select(Report).where(Report.id == report_id, Report.status != "done").with_for_update()
    return db.session().execute(query).scalar_one_or_none()


def make(report_id: int, *, today: date, now: datetime) -> None:
    """Make a requested report in bounded memory; a second call changes nothing.

    All of it is one transaction: a worker that dies in the middle leaves no piece of a file behind.
    """
    report = wanted(report_id)
    if report is None:
        return
    parts, rows = Parts(report_id), Counted(columns.rows(report.kind, today=today))
    for written in as_csv(columns.header(report.kind), rows):
        parts.write(written)
    filename = f"fluxor-{report.kind}-{today.isoformat()}.csv"
    finish(report, parts, rows=rows.count, filename=filename, now=now)


def finish(report: Report, parts: Parts, *, rows: int, filename: str, now: datetime) -> None:
    """Note that a report's file is whole."""
    report.size, report.rows, report.filename = parts.end(), rows, filename
    report.status, report.finished_at = "done", now


def fail(report_id: int, *, reason: str, now: datetime) -> None:
    """Note that a report cannot be made."""
    db.execute(
        "UPDATE reports SET status = 'failed', error = :reason, finished_at = :now WHERE id = :id",
        id=report_id,
        reason=reason,
        now=now,
    )
