"""Reorder suggestions: the whole table, and the part of it that the dashboard shows too."""

from __future__ import annotations

from flask import Response, request

from app.platform import web
from app.platform.access import AppBlueprint, Permission
from app.queries import replenishment
from app.queries.paging import PAGE_SIZE, clean_page

blueprint = AppBlueprint("replenishment", __name__)
# The table stands on two pages: each has rows of its own and its own address to be pushed.
_HOMES = {"dashboard": 10, "replenishment": PAGE_SIZE}


@blueprint.get("/suggestions", needs=Permission.REPLENISHMENT_READ)
def index() -> Response:
    """What to order, most urgent first."""
    home = request.args.get("home", "")
    home = home if home in _HOMES else "replenishment"
    table = replenishment.table(
        sort=request.args.get("sort", "urgency"),
        search=request.args.get("search", "").strip()[:100],
        show=request.args.get("show", "order"),
        page=clean_page(request.args.get("page")),
        size=_HOMES[home],
    )
    if not web.wants_fragment():
        return web.render("replenishment/index.html", table=table)
    response = web.render("replenishment/_table.html", table=table, home=home)
    shown = {"sort": table.sort, "search": table.search, "show": table.show, "page": table.page.number}
    response.headers["HX-Push-Url"] = web.page_url(f"{home}.index", **shown)
    return response
