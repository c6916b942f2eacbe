"""Alerts: what is low, since when, and what was mailed about it; dismissing, snoozing, checking now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, abort, request
from flask_login import current_user

from app.jobs import alerts as alert_jobs
from app.jobs import channels
from app.platform import clock, db, queue, tenancy, web
from app.platform.access import AppBlueprint, Open, Permission, actor
from app.platform.i18n import gettext
from app.queries import alerts, replenishment
from app.queries.alerts import AlertTable
from app.queries.paging import clean_page
from app.services import alerts as service

blueprint = AppBlueprint("alerts", __name__)
_SNOOZES = {"24": timedelta(hours=24), "168": timedelta(days=7)}
_PATIENCE = timedelta(minutes=5)
_MOST_AT_ONCE = 20


@blueprint.get("/alerts", needs=Permission.ALERTS_READ)
def index() -> Response:
    """The list, open ones first asked for."""
    table = _table()
    if not web.wants_fragment():
        return web.render("alerts/index.html", table=table)
    response = web.render("alerts/_table.html", table=table)
    response.headers["HX-Push-Url"] = web.page_url("alerts.index", show=table.show, page=table.page.number)
    return response


@blueprint.post("/alerts/<int:alert_id>/dismiss", needs=Permission.ALERTS_MANAGE)
def dismiss(alert_id: int) -> Response:
    """Take one alert off the list."""
    service.dismiss(alert_id, actor=actor(), now=clock.now())
    return web.toast(web.render("alerts/_table.html", table=_table()), gettext("Alert dismissed"))


@blueprint.post("/alerts/dismiss", needs=Permission.ALERTS_MANAGE)
def dismiss_shown() -> Response:
    """Take the alerts of the dashboard's banner off the pages."""
    ids = [int(text) for text in request.form.getlist("alert") if text.isdecimal() and len(text) < 19]
    for alert_id in ids[:_MOST_AT_ONCE]:
        service.dismiss(alert_id, actor=actor(), now=clock.now())
    return web.render("alerts/_banner.html", worst=alerts.worst(), open_alerts=alerts.open_count())


@blueprint.post("/alerts/<int:alert_id>/snooze", needs=Permission.ALERTS_MANAGE)
def snooze(alert_id: int) -> Response:
    """Send no message about one product for a while."""
    pause = _SNOOZES.get(request.form.get("hours", ""))
    if pause is None:
        abort(400)
    service.snooze(alert_id, until=clock.now() + pause, actor=actor())
    said = (
        gettext("No message about it for 24 hours")
        if pause.days < 2
        else gettext("No message about it for 7 days")
    )
    return web.toast(web.render("alerts/_table.html", table=_table()), said)


@blueprint.post("/alerts/send", needs=Permission.ALERTS_MANAGE)
def check_now() -> Response:
    """Look for low stock now and mail what is new."""
    queue.ensure_reachable()
    alert_jobs.check_soon(current_user.store_id, actor=actor())
    return web.toast(
        web.render("alerts/_check.html", checking_since=clock.now()), gettext("Checking your stock")
    )


@blueprint.get("/alerts/check", needs=Permission.ALERTS_READ)
def checked() -> Response:
    """The alerts once they come from a plan newer than `after`; nothing while they do not."""
    after = web.moment_of(request.args.get("after", ""))
    planned_at = replenishment.planned_at()
    is_checked = planned_at is not None and planned_at > after
    if not is_checked and clock.now() - after <= _PATIENCE:
        return Response(status=204)
    return web.render("alerts/_checked.html", table=_table(), is_checked=is_checked, is_late=not is_checked)


_MAILED = Open("the link in a mail is signed and names one store and address")


@blueprint.get("/alerts/unsubscribe", needs=_MAILED)
def unsubscribe() -> Response:
    """Ask whether to take an address off the list. Opening the link changes nothing: mail scanners open links too."""
    token = request.args.get("token", "")
    return web.render(
        "alerts/unsubscribe.html", address=_opened(token)["address"], token=token, is_done=False
    )


@blueprint.post("/alerts/unsubscribe", needs=_MAILED, endpoint="do_unsubscribe")
def do_unsubscribe() -> Response:
    """Take an address off the list; mail programs send this by themselves too (RFC 8058)."""
    claims = _opened(request.values.get("token", ""))
    with tenancy.store_scope(db.session(), int(claims["store"])), db.transaction():
        service.unsubscribe(str(claims["address"]), now=clock.now())
    return web.render("alerts/unsubscribe.html", address=claims["address"], token="", is_done=True)


def _opened(token: str) -> dict[str, Any]:
    return channels.unsubscribing().open(token, max_age_seconds=channels.UNSUBSCRIBE_SECONDS)


def _table() -> AlertTable:
    return alerts.table(show=request.values.get("show", "open"), page=clean_page(request.values.get("page")))
