"""The store's data: take all of it away as a file, or have it deleted"""

from __future__ import annotations

from functools import partial
from typing import cast

from flask import Response, current_app, request, url_for
from flask_login import current_user

from app.blueprints.settings.door import blueprint
from app.config import Settings
from app.jobs import erasing
from app.jobs import reports as report_jobs
from app.platform import clock, db, downloads, queue, tenancy, web
from app.platform.access import Open, Permission, actor
from app.platform.i18n import gettext
from app.platform.queue import enqueue
from app.platform.secrets import LinkSigner
from app.queries import reports as read
from app.services import reports, stores

LINK_SECONDS = 15 * 60


@blueprint.get("/settings/data", needs=Permission.SETTINGS_READ)
def data() -> Response:
    """The page, or its list of exports; only an owner sees more than that the owner may ask for it."""
    return _render("settings/_exports.html" if web.wants_fragment() else "settings/data.html")


@blueprint.post("/settings/data/export", needs=Permission.DATA_EXPORT)
def export() -> Response:
    """Ask for an export; a job makes it."""
    queue.ensure_reachable()
    report_id = reports.request(reports.EXPORT, actor=actor(), now=clock.now())
    enqueue(report_jobs.export, current_user.store_id, report_id, on="urgent", once=f"report-{report_id}")
    return _render("settings/_exports.html")


@blueprint.get("/settings/data/download", needs=Open("the link is signed, expires and names one store"))
def download_export() -> Response:
    """The file. The browser's download carries no ID token, so the link itself is the proof."""
    claims = _signer().open(request.args.get("token", ""), max_age_seconds=LINK_SECONDS)
    store_id, report_id = int(claims["store"]), int(claims["report"])
    with tenancy.store_scope(db.session(), store_id):
        found = reports.file(report_id, is_export=True)
    content = downloads.pieces(store_id, partial(reports.piece, report_id))
    return downloads.download(content, filename=found.filename, mimetype="application/zip", size=found.size)


@blueprint.post("/settings/data/delete", needs=Permission.DATA_DELETE)
def delete() -> Response:
    """Delete everything, once the shop's address was typed."""
    shop = current_user.shop
    if request.form.get("confirmation", "").strip().lower() != shop:
        problem = gettext("Type %(shop)s to confirm.", shop=shop)
        return web.render("settings/_delete.html", status=422, problem=problem, is_deleted=False)
    queue.ensure_reachable()
    stores.uninstall(shop=shop, now=clock.now())
    enqueue(erasing.erase, shop, on="urgent", once=f"erase-{current_user.store_id}")
    return web.render("settings/_delete.html", problem="", is_deleted=True)


def _render(template: str) -> Response:
    exports = read.exports() if current_user.may(Permission.DATA_EXPORT) else []
    return web.render(template, exports=exports, export_url=_export_url, problem="", is_deleted=False)


def _export_url(report_id: int) -> str:
    token = _signer().sign({"store": current_user.store_id, "report": report_id})
    return url_for("settings.download_export", token=token)


def _signer() -> LinkSigner:
    return LinkSigner(cast(Settings, current_app.extensions["settings"]).secret_key, purpose="export")
