"""Events: promotions and closures, past and coming; what they sold, and what the forecast expects of them"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Response, request
from flask_login import current_user

from app.jobs import forecasts as forecast_jobs
from app.platform import clock, web
from app.platform.access import AppBlueprint, Permission, actor
from app.platform.forms import Form
from app.platform.i18n import gettext
from app.queries import events, stores
from app.services import events as service

blueprint = AppBlueprint("events", __name__)


@blueprint.get("/events", needs=Permission.FORECASTS_READ)
def index() -> Response:
    """The coming and the past ones, and the form of a new one."""
    return web.render("events/index.html", **_values())


@blueprint.post("/events", needs=Permission.REPLENISHMENT_DECIDE)
def add() -> Response:
    """Name an event; the forecast is made anew."""
    form = _read()
    if form.is_valid:
        try:
            service.add(**form.values, actor=actor(), now=clock.now())
        except service.NoSuchProducts:
            form.errors["target"] = gettext("No product has it. Check how it is written in Shopify.")
    if not form.is_valid:
        return web.render("events/_events.html", status=422, **_values(form))
    return _changed(gettext("Event saved"))


@blueprint.post("/events/<int:event_id>/remove", needs=Permission.REPLENISHMENT_DECIDE)
def remove(event_id: int) -> Response:
    """Take an event back; its days count like all others again."""
    service.remove(event_id, actor=actor(), now=clock.now())
    return _changed(gettext("Event removed"))


@blueprint.post("/events/<int:event_id>/ordinary", needs=Permission.REPLENISHMENT_DECIDE)
def call_ordinary(event_id: int) -> Response:
    """Say whether closed days that were found in the sales count as days like all others."""
    service.call_ordinary(event_id, request.form.get("ordinary") == "1", actor=actor())
    return _changed(gettext("Saved"))


def _changed(words: str) -> Response:
    forecast_jobs.forecast_soon(current_user.store_id)
    return web.toast(web.render("events/_events.html", is_changed=True, **_values()), words)


def _today() -> date:
    return clock.today(web.once(stores.store).time_zone)


def _read() -> Form:
    form, today = Form(request.form), _today()
    form.choice("kind", ("event", "closed"))
    form.words("name", most=60, optional=False)
    earliest, latest = service.days_allowed(today)
    form.day("first_day", earliest=earliest, latest=latest)
    first = form.values.get("first_day", earliest)
    form.day("last_day", earliest=first, latest=min(first + timedelta(days=service.LONGEST_DAYS - 1), latest))
    form.choice("scope", ("all", "vendor", "tag", "skus"))
    form.words(
        "target",
        most=service.MOST_TEXT,
        optional=form.text("scope") in ("", "all") or form.text("kind") == "closed",
    )
    form.decimal("lift_percent", low=-100, high=1000, optional=True)
    return form


def _values(form: Form | None = None) -> dict[str, Any]:
    return {
        "events": events.listed(today=_today()),
        "typed": form.typed if form else {},
        "errors": form.errors if form else {},
    }
