"""The list of products: search, filters, order, columns and saved views; and the same as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from flask import Response, current_app, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from app.blueprints.catalog.door import blueprint, today
from app.config import Settings
from app.platform import clock, db, downloads, i18n, tenancy, web
from app.platform.access import Open, Permission
from app.platform.secrets import LinkSigner
from app.platform.spreadsheets import as_csv
from app.queries import catalog, stores
from app.queries.catalog import Asked
from app.queries.paging import clean_page

LINK_SECONDS = 60 * 60


def asked_for(values: MultiDict[str, str]) -> Asked:
    """What a query string or the list's own form asks for; `field`, `op` and `value` add one filter."""
    lists = {"is": values.getlist("is"), "not": values.getlist("not")}
    if values.get("field") and "value" in values:
        lists["not" if values.get("op") == "not" else "is"].append(f"{values['field']}:{values['value']}")
    flat = values.to_dict() | {"columns": ",".join(values.getlist("columns"))}
    return catalog.read(flat, lists["is"], lists["not"])


def block(asked: Asked, page: int, **values: Any) -> dict[str, Any]:
    """What the list's template needs."""
    table = catalog.table(asked, today=today(), page=page)
    return {
        "table": table,
        "columns": catalog.COLUMNS,
        # Said once for all rows.
        "labels": {name: str(catalog.COLUMNS[name].label) for name in asked.columns},
        "views": catalog.views(current_user.member_id),
        "query": encoded(asked),
        "supplier_names": catalog.supplier_names(
            [int(one.value) for one in asked.filters if one.field == "supplier"]
        ),
        "file_url": _file_url(asked),
        **values,
    }


def encoded(asked: Asked) -> str:
    """The query string that stands for it, always the same for the same list."""
    return urlencode({name: value for name, value in asked.query().items() if value}, doseq=True)


@blueprint.get("/products", needs=Permission.CATALOG_READ)
def index() -> Response:
    """The list."""
    asked, page = asked_for(request.args), clean_page(request.args.get("page"))
    if not web.wants_fragment():
        return web.render("catalog/index.html", **block(asked, page))
    values = block(asked, page)
    response = web.render("catalog/_table.html", **values)
    shown = asked.query() | {"page": values["table"].page.number}
    response.headers["HX-Push-Url"] = web.page_url("catalog.index", **shown)
    return response


@blueprint.get("/products/values", needs=Permission.CATALOG_READ)
def filter_values() -> Response:
    """What one field of the filter can be."""
    field = request.args.get("field", "")
    return web.render("catalog/_values.html", field=field, found=catalog.values(field))


def _file_url(asked: Asked) -> str:
    claims = {"store": current_user.store_id, "query": encoded(asked), "language": i18n.language()}
    return url_for("catalog.file", token=_signer().sign(claims))


def _signer() -> LinkSigner:
    settings = cast(Settings, current_app.extensions["settings"])
    return LinkSigner(settings.secret_key, purpose="product-list")


@blueprint.get("/products/file", needs=Open("the link is signed, expires and names one store's list"))
def file() -> Response:
    """The list as CSV. The browser's download carries no ID token, so the link itself is the proof."""
    claims = _signer().open(request.args.get("token", ""), max_age_seconds=LINK_SECONDS)
    filename = f"fluxor-products-{clock.now().date().isoformat()}.csv"
    return downloads.download(_lines(claims), filename=filename, mimetype="text/csv")


def _lines(claims: Mapping[str, Any]) -> Iterator[bytes]:
    values = MultiDict(parse_qsl(str(claims["query"]), keep_blank_values=True))
    with tenancy.store_scope(db.session(), int(claims["store"])), i18n.speaking(str(claims["language"])):
        asked = asked_for(values)
        labels = [str(catalog.COLUMNS[name].label) for name in asked.columns]
        rows = catalog.lines(asked, today=clock.today(stores.store().time_zone))
        yield from as_csv([i18n.gettext("Product"), "SKU", *labels], rows)
