"""Accuracy: how near past forecasts came, by demand class and product, beside the plain average and own numbers"""

from __future__ import annotations

from flask import Response, request

from app.platform import clock, web
from app.platform.access import AppBlueprint, Permission
from app.queries import accuracy, stores
from app.queries.paging import clean_page

blueprint = AppBlueprint("accuracy", __name__)


@blueprint.get("/accuracy", needs=Permission.FORECASTS_READ)
def index() -> Response:
    """The figures of the store, its merchant's own numbers, and the table of its products."""
    zone = web.once(stores.store).time_zone
    return web.render(
        "accuracy/index.html",
        summary=accuracy.summary(),
        own=accuracy.own_numbers(today=clock.today(zone), time_zone=zone),
        table=_asked_for(),
    )


@blueprint.get("/accuracy/products", needs=Permission.FORECASTS_READ)
def products() -> Response:
    """The table of products alone, sorted, searched or turned over."""
    table = _asked_for()
    response = web.render("accuracy/_table.html", table=table)
    shown = {"sort": table.sort, "search": table.search, "show": table.show, "page": table.page.number}
    response.headers["HX-Push-Url"] = web.page_url("accuracy.index", **shown)
    return response


def _asked_for() -> accuracy.Table:
    return accuracy.table(
        sort=request.args.get("sort", "-sold"),
        search=request.args.get("search", "").strip()[:100],
        show=request.args.get("show", "all"),
        page=clean_page(request.args.get("page")),
    )
