"""Reports as JSON: list them, ask for one, download it"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from flask import Response
from flask_login import current_user
from pydantic import Field

from app.blueprints.api.door import blueprint
from app.jobs import reports as report_jobs
from app.platform import clock, downloads, queue
from app.platform.access import Permission, actor
from app.platform.api import paged
from app.platform.bodies import Done, Id, Model, OneOf, Paged, PageQuery, Query
from app.platform.i18n import gettext
from app.platform.queue import enqueue
from app.queries.api import work
from app.services import reports as service


class ReportWanted(Model):
    """Which report to make."""

    kind: Annotated[str, OneOf(service.KINDS)]


class Report(Model):
    """One CSV report; download it once its status is `done`."""

    id: int
    kind: str
    status: Literal["queued", "running", "done", "failed"]
    filename: str
    rows: int
    error: str
    requested_by: str
    timestamp: datetime = Field(description="When it was asked for.")
    finished_at: datetime | None


class Reports(Paged[Report]):
    """One page of reports, newest first."""


class ReportQueued(Done):
    """A report will be made by a job."""

    report_id: int


class DownloadQuery(Query):
    """Which file."""

    report_id: Id


@blueprint.read("/reports", needs=Permission.REPORTS_READ, tag="Reports", answer=Reports, query=PageQuery)
def reports(query: PageQuery) -> dict[str, Any]:
    """List the reports that were asked for."""
    return paged(work.reports(page=query.page, size=query.per_page), query)


@blueprint.write(
    "/reports",
    needs=Permission.REPORTS_CREATE,
    tag="Reports",
    answer=ReportQueued,
    body=ReportWanted,
    status=202,
)
def create_report(body: ReportWanted) -> ReportQueued:
    """Ask for a CSV report."""
    queue.ensure_reachable()
    report_id = service.request(body.kind, actor=actor(), now=clock.now())
    enqueue(report_jobs.make, current_user.store_id, report_id, on="urgent", once=f"report-{report_id}")
    return ReportQueued(
        message=gettext("The report is being made. GET /api/reports says when."), report_id=report_id
    )


@blueprint.read(
    "/reports/download",
    needs=Permission.REPORTS_READ,
    tag="Reports",
    answer=None,
    query=DownloadQuery,
    media="text/csv",
    also=(404,),
)
def download_report(query: DownloadQuery) -> Response:
    """Download a finished report."""
    found, store_id = service.file(query.report_id), current_user.store_id
    content = downloads.pieces(store_id, partial(service.piece, found.report_id))
    response = downloads.download(content, filename=found.filename, mimetype="text/csv", size=found.size)
    # Said here, since the answer is not there to be hashed; a finished report never changes.
    response.set_etag(f"report-{found.report_id}-{found.size}")
    response.headers["Cache-Control"] = "private, no-cache"
    return response
