"""The least of a product at each location: set on its page, where several locations stock it"""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_login import current_user

from app.blueprints.catalog.door import blueprint, product_of
from app.jobs import forecasts as forecast_jobs
from app.platform import clock, web
from app.platform.access import Permission, actor
from app.platform.forms import Form
from app.platform.i18n import gettext
from app.queries import transfers
from app.services import location_minimums

_MOST_UNITS = 1_000_000


@blueprint.post("/products/<int:variant_id>/minimums", needs=Permission.CATALOG_EDIT)
def change_minimums(variant_id: int) -> Response:
    """Change the product's minimum at each location whose field was sent; transfers follow."""
    product, places = product_of(variant_id), transfers.at_locations(variant_id)
    names = {f"minimum_{place.id}": place.id for place in transfers.places()}
    sent = [name for name in names if name in request.form]
    form = Form(request.form)
    for name in sent:
        form.whole(name, low=0, high=_MOST_UNITS, optional=True)
    values: dict[str, Any] = {"product": product, "places": places}
    if not form.is_valid:
        values |= {"typed": {name: form.text(name) for name in sent}, "errors_of_minimums": form.errors}
        return web.render("catalog/_minimums.html", status=422, **values)
    wanted = {names[name]: form.values[name] for name in sent}
    changed = location_minimums.change(variant_id, wanted, actor=actor(), now=clock.now())
    if changed:
        forecast_jobs.replan_soon(current_user.store_id)
        values |= {"places": transfers.at_locations(variant_id), "replanning_since": clock.now()}
    response = web.render("catalog/_minimums.html", **values)
    return web.toast(response, gettext("Saved") if changed else gettext("Nothing to change"))
