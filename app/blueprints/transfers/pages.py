"""The page of transfers, its table and the same as CSV"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from flask import Response, current_app, request, url_for
from flask_login import current_user

from app.blueprints.transfers.door import blueprint, stored_days
from app.config import Settings
from app.platform import clock, db, downloads, i18n, tenancy, web
from app.platform.access import Open, Permission
from app.platform.i18n import gettext
from app.platform.secrets import LinkSigner
from app.platform.spreadsheets import as_csv
from app.queries import transfers
from app.queries.paging import clean_page
from app.queries.transfers import TransferRow, TransferTable

LINK_SECONDS = 60 * 60


@blueprint.get("/transfers", needs=Permission.REPLENISHMENT_READ)
def index() -> Response:
    """What to move, those first whose destination runs out first."""
    table = transfers.table(**_asked(), page=clean_page(request.args.get("page")))
    values: dict[str, Any] = {"table": table, "is_known": transfers.is_known(), "file_url": _file_url(table)}
    if not web.wants_fragment():
        locations = transfers.places()
        return web.render("transfers/index.html", locations=locations, days=stored_days(locations), **values)
    response = web.render("transfers/_table.html", **values)
    shown = {"sort": table.sort, "search": table.search, "route": table.route, "page": table.page.number}
    response.headers["HX-Push-Url"] = web.page_url("transfers.index", **shown)
    return response


@blueprint.get("/transfers/file", needs=Open("the link is signed, expires and names one store's transfers"))
def file() -> Response:
    """The transfers as CSV. The browser's download carries no ID token, so the link itself is the proof."""
    claims = _signer().open(request.args.get("token", ""), max_age_seconds=LINK_SECONDS)
    filename = f"fluxor-transfers-{clock.now().date().isoformat()}.csv"
    return downloads.download(_lines(claims), filename=filename, mimetype="text/csv")


def _asked() -> dict[str, Any]:
    return {
        "sort": request.args.get("sort", "cover"),
        "search": request.args.get("search", "").strip()[:100],
        "route": request.args.get("route", ""),
    }


def _file_url(table: TransferTable) -> str:
    claims = {
        "store": current_user.store_id,
        "language": i18n.language(),
        "asked": {"sort": table.sort, "search": table.search, "route": table.route},
    }
    return url_for("transfers.file", token=_signer().sign(claims))


def _signer() -> LinkSigner:
    settings = cast(Settings, current_app.extensions["settings"])
    return LinkSigner(settings.secret_key, purpose="transfers")


def _lines(claims: Mapping[str, Any]) -> Iterator[bytes]:
    with tenancy.store_scope(db.session(), int(claims["store"])), i18n.speaking(str(claims["language"])):
        header = [
            gettext("Product"),
            "SKU",
            gettext("From"),
            gettext("To"),
            gettext("Units"),
            gettext("Value"),
            gettext("Days in transit"),
            gettext("Why"),
        ]
        yield from as_csv(header, map(_cells, transfers.lines(**claims["asked"])))


def _cells(row: TransferRow) -> list[Any]:
    why = "; ".join(f"{line.label}: {line.units:+d}" for line in row.ledger)
    return [row.product, row.sku, row.source, row.destination, row.units, row.value, row.transit_days, why]
