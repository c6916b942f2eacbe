"""CSV reports: ask for one, watch it being made, download it by a signed link that expires."""

from __future__ import annotations

from functools import partial
from typing import cast

from flask import Response, current_app, request, url_for
from flask_login import current_user

from app.config import Settings
from app.jobs import reports as report_jobs
from app.platform import clock, db, downloads, queue, tenancy, web
from app.platform.access import AppBlueprint, Open, Permission, actor
from app.platform.forms import Form
from app.platform.queue import enqueue
from app.platform.secrets import LinkSigner
from app.queries import reports
from app.services import reports as service

blueprint = AppBlueprint("reports", __name__)
LINK_SECONDS = 15 * 60


@blueprint.get("/reports", needs=Permission.REPORTS_READ)
def index() -> Response:
    """The history."""
    template = "reports/_history.html" if web.wants_fragment() else "reports/index.html"
    return _render(template)


@blueprint.post("/reports", needs=Permission.REPORTS_CREATE)
def create() -> Response:
    """Ask for a report; a job makes it."""
    form = Form(request.form)
    form.choice("kind", service.KINDS)
    if not form.is_valid:
        return _render("reports/_panel.html", status=422, errors=form.errors)
    queue.ensure_reachable()
    report_id = service.request(form.values["kind"], actor=actor(), now=clock.now())
    enqueue(report_jobs.make, current_user.store_id, report_id, on="urgent", once=f"report-{report_id}")
    return _render("reports/_panel.html")


@blueprint.get("/reports/download", needs=Open("the link is signed, expires and names one store"))
def download() -> Response:
    """The file. The browser's download carries no ID token, so the link itself is the proof."""
    claims = _signer().open(request.args.get("token", ""), max_age_seconds=LINK_SECONDS)
    store_id, report_id = int(claims["store"]), int(claims["report"])
    with tenancy.store_scope(db.session(), store_id):
        found = service.file(report_id)
    content = downloads.pieces(store_id, partial(service.piece, report_id))
    return downloads.download(content, filename=found.filename, mimetype="text/csv", size=found.size)


def _render(template: str, *, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    return web.render(
        template,
        status=status,
        reports=reports.recent(),
        kinds=service.KINDS,
        errors=errors or {},
        download_url=download_url,
    )


def download_url(report_id: int) -> str:
    """A link to one report of the current store that works for LINK_SECONDS."""
    return url_for(
        "reports.download", token=_signer().sign({"store": current_user.store_id, "report": report_id})
    )


def _signer() -> LinkSigner:
    settings = cast(Settings, current_app.extensions["settings"])
    return LinkSigner(settings.secret_key, purpose="report")
