"""The settings page."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import Response, request
from flask_login import current_user

from app.blueprints.settings import form as settings_form
from app.domain.forecasts import ENGINES
from app.jobs import alerts as alert_jobs
from app.jobs import forecasts as forecast_jobs
from app.jobs import sync as sync_jobs
from app.platform import clock, queue, web
from app.platform.access import AppBlueprint, Permission, actor
from app.platform.forms import Form
from app.platform.queue import enqueue
from app.queries import alerts, stores
from app.services.stores import change_settings

blueprint = AppBlueprint("settings", __name__)


@blueprint.get("/settings", needs=Permission.SETTINGS_READ)
def index() -> Response:
    """The page."""
    return web.render("settings/index.html", mail=alerts.last_mail(), **_form_values())


@blueprint.post("/settings", needs=Permission.SETTINGS_EDIT)
def change() -> Response:
    """Change the settings and set in motion what follows from them."""
    form = settings_form.read(request.form)
    if not form.is_valid:
        return web.render("settings/_form.html", status=422, **_form_values(form))
    changed = change_settings(form.values, actor=actor(), now=clock.now())
    _follow_up(changed)
    response = web.render("settings/_form.html", **_form_values())
    return web.toast(response, "Settings saved" if changed else "Nothing to change")


@blueprint.get("/settings/mail", needs=Permission.SETTINGS_READ)
def mail() -> Response:
    """What became of the last mail."""
    return web.render("settings/_mail.html", mail=alerts.last_mail())


@blueprint.post("/settings/test-mail", needs=Permission.SETTINGS_EDIT)
def test_mail() -> Response:
    """Send a test e-mail to the addresses that are stored."""
    recipients = stores.settings().alert_emails
    if not recipients:
        problem = "Enter and save an address first."
        return web.render("settings/_mail.html", status=422, mail=alerts.last_mail(), problem=problem)
    queue.ensure_reachable()
    alert_jobs.send_test(current_user.store_id, recipients, now=clock.now())
    return web.render("settings/_mail.html", mail=alerts.last_mail())


def _follow_up(changed: Collection[str]) -> None:
    store_id = current_user.store_id
    if "time_zone" in changed:
        enqueue(sync_jobs.recount, store_id, on="urgent", once=f"recount-{store_id}")
    elif "engine" in changed:
        forecast_jobs.forecast_soon(store_id)
    elif set(changed) - {"alert_emails"}:
        forecast_jobs.replan_soon(store_id)


def _form_values(form: Form | None = None) -> dict[str, Any]:
    typed = {name: form.text(name) for name in settings_form.NAMES} if form else None
    return {
        "values": typed or settings_form.stored(stores.settings()),
        "errors": form.errors if form else {},
        "engines": list(ENGINES),
        "zones": settings_form.zones(),
    }
