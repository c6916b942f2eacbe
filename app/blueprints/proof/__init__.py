"""Proof: what our orders would have done on the store's own past, beside what the merchant had."""

from __future__ import annotations

from flask import Response, request
from flask_login import current_user

from app.jobs import proof as proof_jobs
from app.platform import clock, queue, web
from app.platform.access import AppBlueprint, Permission, actor
from app.queries import proof
from app.queries.paging import clean_page
from app.services import proof as service

blueprint = AppBlueprint("proof", __name__)


@blueprint.get("/proof", needs=Permission.REPLENISHMENT_READ)
def index() -> Response:
    """The figures of the store and the table of its products."""
    template = "proof/_proof.html" if web.wants_fragment() else "proof/index.html"
    return _render(template)


@blueprint.get("/proof/products", needs=Permission.REPLENISHMENT_READ)
def products() -> Response:
    """The table of products alone, sorted, searched or turned over."""
    table = _asked_for()
    response = web.render("proof/_table.html", table=table)
    shown = {"sort": table.sort, "search": table.search, "show": table.show, "page": table.page.number}
    response.headers["HX-Push-Url"] = web.page_url("proof.index", **shown)
    return response


@blueprint.post("/proof", needs=Permission.FORECASTS_RUN)
def run() -> Response:
    """Ask for a new look back; a job makes it."""
    queue.ensure_reachable()
    proof_jobs.make_soon(current_user.store_id, service.request(actor=actor(), now=clock.now()))
    return _render("proof/_proof.html")


def _render(template: str) -> Response:
    return web.render(template, proof=proof.state(now=clock.now()), table=_asked_for())


def _asked_for() -> proof.ProofTable:
    return proof.table(
        sort=request.values.get("sort", "-gain"),
        search=request.values.get("search", "").strip()[:100],
        show=request.values.get("show", "all"),
        page=clean_page(request.values.get("page")),
    )
