"""The simulator's web application: Shopify's routes, storage, Mailgun, admin and control pages."""

from __future__ import annotations

import hmac
import logging
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, request, send_file
from werkzeug.exceptions import HTTPException

from simulator.admin.pages import blueprint as admin_pages
from simulator.bulk.operations import signature
from simulator.control.api import blueprint as control_api
from simulator.control.pages import blueprint as control_pages
from simulator.faults.registry import BadFault
from simulator.graphql.endpoint import handle
from simulator.identity import endpoint as oauth
from simulator.mail.mailgun import blueprint as mail
from simulator.schema import SchemaUnavailable
from simulator.store.stock import Refused
from simulator.world import UnknownShop, World

log = logging.getLogger(__name__)
shopify = Blueprint("shopify", __name__)


def create_app(world: World) -> Flask:
    """The WSGI application of a world."""
    app = Flask("simulator", template_folder=str(Path(__file__).parent / "templates"), static_folder=None)
    app.extensions["world"] = world
    for blueprint in (shopify, mail, admin_pages, control_api, control_pages):
        app.register_blueprint(blueprint)
    app.register_error_handler(
        UnknownShop,
        lambda error: _problem(f"no shop {error.args[0]} is simulated; GET /control/shops lists them", 404),
    )
    for kind in (Refused, BadFault, ValueError, KeyError):
        app.register_error_handler(kind, lambda error: _problem(_text(error), 422))
    app.register_error_handler(SchemaUnavailable, lambda error: _problem(str(error), 503))
    return app


def _text(error: Exception) -> str:
    return f"the request lacks {error.args[0]!r}" if isinstance(error, KeyError) else str(error)


def _problem(message: str, status: int) -> tuple[Response, int]:
    return jsonify(errors=message), status


def _world() -> World:
    world: World = current_app.extensions["world"]
    return world


@shopify.post("/shops/<shop>/admin/api/<version>/graphql.json")
def graphql(shop: str, version: str) -> Response:
    """The Admin API."""
    return handle(_world(), _world().shop(shop), version)


@shopify.post("/shops/<shop>/admin/oauth/access_token")
def access_token(shop: str) -> Response:
    """Token exchange, refresh, authorization code."""
    return oauth.access_token(_world(), _world().shop(shop))


@shopify.route("/shops/<shop>/admin/oauth/authorize", methods=["GET", "POST"])
def authorize(shop: str) -> Any:
    """The authorization-code grant."""
    return oauth.authorize(_world(), _world().shop(shop))


@shopify.get("/storage/<handle_>/<name>")
def storage(handle_: str, name: str) -> Response:
    """A bulk result: signed, 7 days, with ranges. It wants no access token and answers none."""
    world = _world()
    shop = world.shop(handle_)
    expires = request.args.get("expires", default=0, type=int)
    right = hmac.compare_digest(
        signature(world, f"{handle_}/{name}", expires).encode(), request.args.get("signature", "").encode()
    )
    if not right:
        return _storage_error(403, "SignatureDoesNotMatch", "Access denied.")
    if expires < world.clock.now() or world.faults.draw(("result_expired",), shop.domain):
        return _storage_error(400, "ExpiredToken", "The provided token has expired.")
    path = shop.folder / "storage" / name
    if Path(name).name != name or not path.is_file():
        return _storage_error(404, "NoSuchKey", "The specified key does not exist.")
    world.faults.pause("result_slow", shop.domain)
    if world.faults.draw(("result_truncated",), shop.domain):
        return _truncated(path)
    return send_file(path, mimetype="application/jsonl", conditional=True, etag=True)


def _storage_error(status: int, code: str, message: str) -> Response:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f"<?xml version='1.0' encoding='UTF-8'?>{error}"
    return Response(body, status, content_type="application/xml")


def _truncated(path: Path) -> Response:
    """As a dropped connection: the length promises the whole file, the body ends in the middle of a line."""
    size = path.stat().st_size
    start = 0
    given = request.range
    if given and given.ranges and given.ranges[0][0] is not None:
        start = min(given.ranges[0][0], size)

    def part() -> Any:
        with path.open("rb") as stream:
            stream.seek(start)
            left = max(1, (size - start) * 3 // 5)
            while left > 0 and (block := stream.read(min(65_536, left))):
                left -= len(block)
                yield block

    headers = {"Content-Length": str(size - start), "Accept-Ranges": "bytes"}
    if start:
        headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
    return Response(part(), 206 if start else 200, headers=headers, content_type="application/jsonl")


@shopify.get("/health")
def health() -> Response:
    """Says that the simulator serves."""
    return jsonify(ok=True, now=_world().clock.now())


@shopify.app_errorhandler(HTTPException)
def http_error(error: HTTPException) -> Any:
    """JSON for programs, Werkzeug's page for people."""
    if request.path.startswith(("/control/", "/shops/", "/v3/")):
        return jsonify(errors=error.description or error.name), error.code or 500
    return error


__all__ = ["create_app"]
