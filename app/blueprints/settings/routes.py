"""The settings page."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, request
from flask_login import current_user

from app.blueprints.settings import form as settings_form
from app.blueprints.settings.door import blueprint
from app.domain.forecasts import ENGINES
from app.domain.replenishment.service_cost import USUAL_LEVELS
from app.jobs import alerts as alert_jobs
from app.jobs import settings as setting_jobs
from app.platform import clock, queue, web
from app.platform.access import Permission, SignedIn, actor
from app.platform.forms import Form
from app.platform.i18n import LANGUAGES, gettext
from app.queries import alerts, service_levels, stores
from app.services import users
from app.services.stores import change_settings


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
    setting_jobs.follow_up(current_user.store_id, changed)
    response = web.render("settings/_form.html", **_form_values())
    return web.toast(response, gettext("Settings saved") if changed else gettext("Nothing to change"))


@blueprint.get("/settings/mail", needs=Permission.SETTINGS_READ)
def mail() -> Response:
    """What became of the last mail."""
    return web.render("settings/_mail.html", mail=alerts.last_mail())


@blueprint.post("/settings/test-mail", needs=Permission.SETTINGS_EDIT)
def test_mail() -> Response:
    """Send a test e-mail to the addresses that are stored."""
    recipients = stores.settings().alert_emails
    if not recipients:
        problem = gettext("Enter and save an address first.")
        return web.render("settings/_mail.html", status=422, mail=alerts.last_mail(), problem=problem)
    queue.ensure_reachable()
    alert_jobs.send_test(recipients, actor=actor(), now=clock.now())
    return web.render("settings/_mail.html", mail=alerts.last_mail())


@blueprint.post("/settings/language", needs=SignedIn("a member chooses the language of their own pages"))
def choose_language() -> Response:
    """Choose the language of one's own pages; it changes nothing for others."""
    code = request.form.get("own_language", "")
    member_id = getattr(current_user, "member_id", None)
    if member_id is None or (code and code not in LANGUAGES):
        abort(400)
    users.choose_language(member_id, code or None)
    # The whole page speaks it at once.
    return Response(status=204, headers={"HX-Redirect": web.page_url("settings.index")})


def _form_values(form: Form | None = None) -> dict[str, Any]:
    typed = settings_form.shown(form) if form else None
    stored = stores.settings()
    return {
        "values": typed or settings_form.stored(stored),
        "stored": stored,
        "errors": form.errors if form else {},
        "service_costs": service_levels.costs(),
        "usual_levels": USUAL_LEVELS,
        "engines": list(ENGINES),
        "channels": alerts.channels(),
        "languages": list(LANGUAGES.items()),
        "own_language": current_user.language,
        "zones": settings_form.zone_choices(),
        "hours": [(str(hour), f"{hour:02d}:00") for hour in range(24)],
        "typed": {},
    }
