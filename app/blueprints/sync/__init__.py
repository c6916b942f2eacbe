"""The sync's page: the connection, what was read when, whether our numbers are Shopify's, what waits for a person."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, request
from flask_login import current_user

from app.jobs import reconciliation as comparisons
from app.jobs import sync, webhooks
from app.platform import clock, db, outbox, queue, web
from app.platform.access import AppBlueprint, Permission, actor
from app.platform.i18n import gettext
from app.queries import reconciliation, stores
from app.queries import sync as runs
from app.services import audit, catalog
from app.shopify.authorization_code import scopes

blueprint = AppBlueprint("sync", __name__, url_prefix="/sync")


@blueprint.get("", needs=Permission.SETTINGS_READ)
def index() -> Response:
    """The page, or its part about runs while one is watched."""
    if web.wants_fragment():
        return web.render("sync/_runs.html", **_runs())
    return web.render("sync/index.html", **_runs(), **_comparison(), **_merges(), **_parked(), **_scopes())


@blueprint.post("/read", needs=Permission.SYNC_RUN)
def read() -> Response:
    """Ask Shopify now what has changed."""
    queue.ensure_reachable()
    sync.ask(current_user.store_id, actor=actor())
    return web.toast(web.render("sync/_runs.html", **_runs()), gettext("Reading from Shopify"))


@blueprint.post("/compare", needs=Permission.SYNC_RUN)
def compare() -> Response:
    """Compare our numbers with Shopify's now."""
    queue.ensure_reachable()
    audit.record(actor=actor(), action="comparison.asked")
    has_begun = comparisons.start(current_user.store_id)
    said = gettext("The comparison has begun") if has_begun else gettext("Another run is still at work")
    return web.toast(web.render("sync/_comparison.html", **_comparison()), said)


@blueprint.get("/comparison", needs=Permission.SETTINGS_READ)
def comparison() -> Response:
    """What the last comparison found; asked for again and again while one runs."""
    return web.render("sync/_comparison.html", **_comparison())


@blueprint.post("/merges/<int:merge_id>", needs=Permission.CATALOG_EDIT)
def decide_merge(merge_id: int) -> Response:
    """Let the sales of a deleted product go on as another's, or keep them apart."""
    choice = request.form.get("choice")
    if choice not in ("accept", "decline"):
        abort(400)
    catalog.decide_merge(merge_id, accept=choice == "accept", actor=actor(), now=clock.now())
    if choice == "accept":
        sync.recount_soon(current_user.store_id)
        said = gettext("Sales are counted together")
    else:
        said = gettext("The products stay apart")
    return web.toast(web.render("sync/_merges.html", **_merges()), said)


@blueprint.post("/deliveries/<int:receipt_id>/retry", needs=Permission.SYNC_RUN)
def retry_delivery(receipt_id: int) -> Response:
    """Handle a parked message of Shopify's once more."""
    queue.ensure_reachable()
    audit.record(actor=actor(), action="delivery.retried", receipt_id=receipt_id)
    webhooks.again(current_user.store_id, receipt_id)
    return web.toast(web.render("sync/_parked.html", **_parked()), gettext("It is tried again"))


@blueprint.post("/parked/retry", needs=Permission.SYNC_RUN)
def retry_work() -> Response:
    """Do the parked work of this store once more."""
    queue.ensure_reachable()
    released = outbox.release(store_id=current_user.store_id)
    audit.record(actor=actor(), action="work.retried", jobs=[one.name for one in released])
    db.session().commit()  # a job that starts at once must find its row released
    queue.resend(released)
    return web.toast(web.render("sync/_parked.html", **_parked()), gettext("It is tried again"))


def _runs() -> dict[str, Any]:
    return {"runs": runs.last_runs()}


def _comparison() -> dict[str, Any]:
    return {
        "last": reconciliation.latest(),
        "days": reconciliation.compared_days(time_zone=web.once(stores.store).time_zone),
        "differences": reconciliation.differences(limit=50),
    }


def _merges() -> dict[str, Any]:
    return {"merges": reconciliation.merge_proposals()}


def _parked() -> dict[str, Any]:
    return {
        "trouble": reconciliation.open_trouble(),
        "deliveries": reconciliation.parked_webhooks(limit=50),
        "work": reconciliation.parked_jobs(),
    }


def _scopes() -> dict[str, Any]:
    granted = set(stores.store().scopes)
    return {"missing": sorted(set(scopes()) - granted), "sees_all_orders": "read_all_orders" in granted}
