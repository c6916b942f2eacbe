"""Events as JSON: promotions and closures, past and coming; name one, take it back, call days ordinary"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from flask_login import current_user
from pydantic import Field, StringConstraints

from app.blueprints.api.door import blueprint
from app.jobs import forecasts as forecast_jobs
from app.platform import clock
from app.platform.access import Permission, actor
from app.platform.api import paged
from app.platform.bodies import NO_NUL, Done, Invalid, Model, Paged, PageQuery
from app.platform.i18n import gettext
from app.queries import stores
from app.queries.api import demand as read
from app.services import events as service

_TAG = "Events"
Scope = Literal["all", "vendor", "tag", "skus"]


class EventsQuery(PageQuery):
    """Which events."""

    show: Literal["all", "coming", "past"] = Field(
        "all", description="Those whose last day is still to come, or is over."
    )


class Event(Model):
    """Days that are not like others. Units are null where the forecast has nothing to say of them (yet)."""

    id: int
    name: str
    kind: Literal["event", "closed"]
    first_day: date
    last_day: date
    scope: Scope
    target: str = Field(description="The vendor, the tag, or SKUs with commas; empty for all products.")
    lift_percent: float | None = Field(description="What was expected by whoever named it.")
    found: bool = Field(description="Read from the sales, named by nobody.")
    ordinary: bool = Field(description="Its days count as days like all others.")
    products: int | None
    sold_units: float | None = Field(description="On those of its days that are over.")
    usual_units: float | None = Field(description="What these days would have sold without it.")
    measured_percent: float | None
    used_percent: float | None = Field(description="The change that the forecast expects of the days ahead.")
    coming_usual_units: float | None
    coming_units: float | None
    created_by: str


class Events(Paged[Event]):
    """One page of events, the latest first."""


class EventWanted(Model):
    """An event or a closure. A closure concerns all products and sells nothing: no scope, no lift."""

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=NO_NUL)
    ] = Field(description="Events of one name learn from each other.")
    kind: Literal["event", "closed"] = "event"
    first_day: date
    last_day: date
    scope: Scope = "all"
    target: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=service.MOST_TEXT, pattern=NO_NUL),
    ] = ""
    lift_percent: Annotated[float, Field(ge=-100, le=1000, allow_inf_nan=False)] | None = Field(
        None, description="40: 40 % more than usual; null: as measured at earlier events of this name."
    )


class Ordinary(Model):
    """Whether closed days that were found in the sales count as days like all others."""

    ordinary: bool


@blueprint.read("/events", needs=Permission.FORECASTS_READ, tag=_TAG, answer=Events, query=EventsQuery)
def list_events(query: EventsQuery) -> dict[str, Any]:
    """List the events: what they sold, and what the forecast expects of them."""
    found = read.events(show=query.show, today=_today(), page=query.page, size=query.per_page)
    return paged(found, query)


@blueprint.write(
    "/events",
    needs=Permission.REPLENISHMENT_DECIDE,
    tag=_TAG,
    answer=Event,
    body=EventWanted,
    status=201,
)
def name_event(body: EventWanted) -> dict[str, Any]:
    """Name an event or a closure, past or coming; the forecast is made anew."""
    _check_days(body)
    try:
        made = service.add(**body.model_dump(), actor=actor(), now=clock.now())
    except service.NoSuchProducts:
        words = gettext("No product has it. Check how it is written in Shopify.")
        raise Invalid([{"field": "target", "detail": words}]) from None
    forecast_jobs.forecast_soon(current_user.store_id)
    return read.event(made.id)


@blueprint.write(
    "/events/<int:event_id>/remove", needs=Permission.REPLENISHMENT_DECIDE, tag=_TAG, answer=Done
)
def remove_event(event_id: int) -> Done:
    """Take back an event that somebody named; its days count like all others again."""
    service.remove(event_id, actor=actor(), now=clock.now())
    forecast_jobs.forecast_soon(current_user.store_id)
    return Done(message=gettext("Event removed"))


@blueprint.write(
    "/events/<int:event_id>/ordinary",
    needs=Permission.REPLENISHMENT_DECIDE,
    tag=_TAG,
    answer=Event,
    body=Ordinary,
)
def call_event_ordinary(event_id: int, body: Ordinary) -> dict[str, Any]:
    """Say whether an event's days count as days like all others; the forecast is made anew."""
    service.call_ordinary(event_id, body.ordinary, actor=actor())
    forecast_jobs.forecast_soon(current_user.store_id)
    return read.event(event_id)


def _check_days(body: EventWanted) -> None:
    earliest, latest = service.days_allowed(_today())
    if not earliest <= body.first_day <= latest:
        words = gettext(
            "Send a day from %(first)s to %(last)s.", first=earliest.isoformat(), last=latest.isoformat()
        )
        raise Invalid([{"field": "first_day", "detail": words}])
    last = min(body.first_day + timedelta(days=service.LONGEST_DAYS - 1), latest)
    if not body.first_day <= body.last_day <= last:
        words = gettext(
            "Send a day from %(first)s to %(last)s.", first=body.first_day.isoformat(), last=last.isoformat()
        )
        raise Invalid([{"field": "last_day", "detail": words}])


def _today() -> date:
    return clock.today(stores.store().time_zone)
