"""What is set of locations: which of them count, and how many days a transfer takes to each"""

from __future__ import annotations

from flask import Response, request
from flask_login import current_user

from app.blueprints.transfers.door import blueprint, stored_days
from app.jobs import forecasts as forecast_jobs
from app.jobs import locations as location_jobs
from app.platform import clock, web
from app.platform.access import Permission, actor
from app.platform.forms import Form
from app.platform.i18n import gettext
from app.queries import transfers
from app.services import inventory
from app.services.inventory import MOST_TRANSIT_DAYS
from app.services.stores import change_settings


@blueprint.get("/transfers/locations", needs=Permission.REPLENISHMENT_READ)
def locations() -> Response:
    """Which locations count; what the page asks for while that is changing."""
    return _counting(request.args.get("changed") == "1")


@blueprint.post("/transfers/locations/<int:location_id>", needs=Permission.SETTINGS_EDIT)
def count(location_id: int) -> Response:
    """Leave a location out, or count it again, in a job; suggestions follow."""
    changed = inventory.leave_out(location_id, request.form.get("left_out") == "1", actor=actor())
    if changed:
        location_jobs.count_soon(current_user.store_id)
    return _counting(changed)


def _counting(changed: bool) -> Response:
    return web.render("transfers/_locations.html", locations=transfers.places(), changed=changed)


@blueprint.post("/transfers/transit", needs=Permission.SETTINGS_EDIT)
def change_transit() -> Response:
    """Change how many days a transfer takes, to any location and to each whose field was sent; transfers follow."""
    form, places = Form(request.form), transfers.places()
    form.whole("transfer_days", low=0, high=MOST_TRANSIT_DAYS)
    sent = {f"transit_{place.id}": place.id for place in places if f"transit_{place.id}" in request.form}
    for name in sent:
        form.whole(name, low=0, high=MOST_TRANSIT_DAYS, optional=True)
    if not form.is_valid:
        typed = stored_days(places) | {name: form.text(name) for name in ("transfer_days", *sent)}
        return web.render(
            "transfers/_transit.html", status=422, locations=places, days=typed, errors=form.errors
        )
    own = {place: form.values[name] for name, place in sent.items()}
    of_store = change_settings(
        {"transfer_days": form.values["transfer_days"]}, actor=actor(), now=clock.now()
    )
    changed = inventory.change_transit(own, actor=actor()) or bool(of_store)
    if changed:
        forecast_jobs.replan_soon(current_user.store_id)
    places = transfers.places()
    days = stored_days(places)
    response = web.render("transfers/_transit.html", locations=places, days=days, changed=changed)
    return web.toast(response, gettext("Saved") if changed else gettext("Nothing to change"))
