"""The OpenAPI document and a reference page made from it."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple, cast

from flask import Flask, Response, current_app, jsonify

from app.blueprints.api.door import blueprint
from app.config import API_VERSION, Settings
from app.platform import api, openapi, web
from app.platform.access import Open

_PUBLIC = Open("how to call the API is no secret; the document holds no data")


class Listed(NamedTuple):
    """One operation of the document, as the page lists it."""

    tag: str
    path: str
    method: str
    one: dict[str, Any]


@blueprint.get("/openapi.json", needs=_PUBLIC)
def openapi_document() -> Response:
    """The document."""
    return jsonify(_document())


@blueprint.get("/docs", needs=_PUBLIC)
def docs() -> Response:
    """The reference page."""
    document = _document()
    operations = [
        Listed(one["tags"][0], path, method, one)
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    ]
    return web.render("api/docs.html", document=document, operations=operations, problems=openapi.PROBLEMS)


def _document() -> dict[str, Any]:
    app = cast(Any, current_app)._get_current_object()
    settings = cast(Settings, current_app.extensions["settings"])
    return _made(app, settings.app_url)


@functools.lru_cache(maxsize=4)
def _made(app: Flask, app_url: str) -> dict[str, Any]:
    # Made when first asked for: a web process that nobody asks starts without it.
    return openapi.document(api.operations(app), app_url=app_url, version=API_VERSION)
