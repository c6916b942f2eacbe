"""The list of products."""

from __future__ import annotations

from flask import Response, request

from app.blueprints.catalog.door import blueprint
from app.platform import web
from app.platform.access import Permission
from app.queries import catalog
from app.queries.paging import clean_page


@blueprint.get("/products", needs=Permission.CATALOG_READ)
def index() -> Response:
    """The list."""
    table = catalog.table(
        sort=request.args.get("sort", "product"),
        search=request.args.get("search", "").strip()[:100],
        page=clean_page(request.args.get("page")),
    )
    if not web.wants_fragment():
        return web.render("catalog/index.html", table=table)
    response = web.render("catalog/_table.html", table=table)
    shown = {"sort": table.sort, "search": table.search, "page": table.page.number}
    response.headers["HX-Push-Url"] = web.page_url("catalog.index", **shown)
    return response
