"""Locations as JSON: which of them count, how far away they are, and the least of a product at one of them."""

from __future__ import annotations

from typing import Annotated

from flask_login import current_user
from pydantic import Field

from app.blueprints.api.door import blueprint
from app.jobs import forecasts as forecast_jobs
from app.jobs import locations as location_jobs
from app.platform import clock
from app.platform.access import Permission, actor
from app.platform.bodies import Done, Model, left_out
from app.platform.i18n import gettext
from app.queries import transfers
from app.services import inventory, location_minimums

Units = Annotated[int, Field(ge=0, le=1_000_000)]


class Location(Model):
    """An active location; the stock of one that is left out counts nowhere."""

    id: int
    name: str
    left_out: bool
    changing: bool = Field(description="It is being left out or counted again; that takes a moment.")
    transit_days: int | None = Field(
        description="Days that a transfer takes to it. Null: the store's transfer_days."
    )


class Locations(Model):
    """The store's active locations by name."""

    items: list[Location]


class LocationChange(Model):
    """What is to change; what is left out stays."""

    left_out: bool = left_out()
    transit_days: Annotated[int, Field(ge=0, le=inventory.MOST_TRANSIT_DAYS)] | None = Field(
        None, description="Days that a transfer takes to it. Null: the store's transfer_days."
    )


class Minimum(Model):
    """The least that a location is to hold of a product."""

    units: Units | None = Field(description="Null or 0: no minimum.")


@blueprint.read("/locations", needs=Permission.SETTINGS_READ, tag="Settings", answer=Locations)
def locations() -> Locations:
    """List the active locations, which are left out, and the days to each."""
    found = transfers.places()
    return Locations(items=[_location(one) for one in found])


def _location(one: transfers.Place) -> Location:
    return Location(
        id=one.id,
        name=one.name,
        left_out=one.is_left_out,
        changing=one.is_changing,
        transit_days=one.transit_days,
    )


@blueprint.write(
    "/locations/<int:location_id>",
    needs=Permission.SETTINGS_EDIT,
    tag="Settings",
    answer=Done,
    body=LocationChange,
    also=(409,),
)
def change_location(location_id: int, body: LocationChange) -> Done:
    """Leave a location out or count it again, set the days to it; suggestions follow. At least one has to count."""
    changed, sent = False, body.model_fields_set
    if "left_out" in sent:
        changed = inventory.leave_out(location_id, body.left_out, actor=actor())
        if changed:
            location_jobs.count_soon(current_user.store_id)
    if "transit_days" in sent and inventory.change_transit({location_id: body.transit_days}, actor=actor()):
        changed = True
        forecast_jobs.replan_soon(current_user.store_id)
    return Done(message=gettext("The location is changed.") if changed else gettext("Nothing to change"))


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
