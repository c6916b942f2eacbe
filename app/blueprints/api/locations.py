"""Locations as JSON: which of them count, and the least of a product at one of them."""

from __future__ import annotations

from typing import Annotated

from flask_login import current_user
from pydantic import Field

from app.blueprints.api.door import blueprint
from app.jobs import forecasts as forecast_jobs
from app.platform import clock
from app.platform.access import Permission, actor
from app.platform.bodies import Done, Model
from app.platform.i18n import gettext
from app.queries import stores, transfers
from app.services import inventory, location_minimums

Units = Annotated[int, Field(ge=0, le=1_000_000)]


class Location(Model):
    """An active location; the stock of one that is left out counts nowhere."""

    id: int
    name: str
    left_out: bool


class Locations(Model):
    """The store's active locations by name."""

    items: list[Location]


class Counting(Model):
    """Whether a location counts."""

    left_out: bool


class Minimum(Model):
    """The least that a location is to hold of a product."""

    units: Units | None = Field(description="Null or 0: no minimum.")


@blueprint.read("/locations", needs=Permission.SETTINGS_READ, tag="Settings", answer=Locations)
def locations() -> Locations:
    """List the active locations, and which are left out."""
    found = transfers.places()
    return Locations(items=[Location(id=one.id, name=one.name, left_out=one.is_left_out) for one in found])


@blueprint.write(
    "/locations/<int:location_id>",
    needs=Permission.SETTINGS_EDIT,
    tag="Settings",
    answer=Done,
    body=Counting,
    also=(409,),
)
def count_location(location_id: int, body: Counting) -> Done:
    """Leave a location out, or count it again; suggestions follow. At least one location has to count."""
    today = clock.today(stores.store().time_zone)
    if inventory.leave_out(location_id, body.left_out, actor=actor(), today=today):
        forecast_jobs.replan_soon(current_user.store_id)
    return Done(
        message=gettext("The location is left out.") if body.left_out else gettext("The location counts.")
    )


@blueprint.write(
    "/products/<int:product_id>/minimums/<int:location_id>",
    needs=Permission.CATALOG_EDIT,
    tag="Settings",
    answer=Done,
    body=Minimum,
)
def set_location_minimum(product_id: int, location_id: int, body: Minimum) -> Done:
    """Set the least that a location is to hold of a product; transfers follow."""
    if location_minimums.change(product_id, {location_id: body.units}, actor=actor(), now=clock.now()):
        forecast_jobs.replan_soon(current_user.store_id)
    return Done(message=gettext("The minimum is set.") if body.units else gettext("There is no minimum."))
