"""The one table of errors: exception → status and words; as a page, an HTMX fragment or a JSON problem."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, jsonify, redirect, request, url_for
from redis.exceptions import ConnectionError as RedisDown
from redis.exceptions import TimeoutError as RedisSlow
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from app.domain.purchasing import ActNotAllowed, TooManyUnits
from app.platform import web
from app.platform.access import NoStoreChosen
from app.platform.api import ApiBlueprint, limit_headers
from app.platform.i18n import gettext, lazy_gettext
from app.platform.limits import TooManyTries
from app.platform.secrets import LinkRefused
from app.platform.sessions import WriteRefused
from app.services.alerts import AlertNotFound, ChannelNotFound, ChannelRemoved
from app.services.catalog import MergeNotFound, VariantNotFound
from app.services.imports import ImportNotFound, UnableToImport
from app.services.overrides import UnableToOverride
from app.services.product_views import ViewNotFound
from app.services.purchasing import (
    OrderChanged,
    OrderNotFound,
    SupplierExists,
    SupplierNotFound,
    UnableToOrder,
)
from app.services.reports import ReportNotFound
from app.services.stores import MemberNotFound, OwnerNeeded, StoreNotFound, UnableToReachShop
from app.services.sync import ReceiptNotFound
from app.services.users import LinkUsed, LoginRefused
from app.shopify.access_token import TokenRefused, TokenUnavailable
from app.shopify.admin import AdminError
from app.shopify.authorization_code import GrantRefused
from app.shopify.id_token import IdTokenRefused

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Problem:
    """What a visitor is told. `detail` None: the exception's own words are fit for the page."""

    status: int
    title: str
    detail: str | None = None


_NOT_FOUND = lazy_gettext("It may have been deleted, or it belongs to another store.")
TABLE: dict[type[Exception], Problem] = {
    StoreNotFound: Problem(404, lazy_gettext("Store not found"), _NOT_FOUND),
    VariantNotFound: Problem(404, lazy_gettext("Product not found"), _NOT_FOUND),
    MergeNotFound: Problem(404, lazy_gettext("Proposal not found")),
    ReceiptNotFound: Problem(404, lazy_gettext("Delivery not found"), _NOT_FOUND),
    ViewNotFound: Problem(404, lazy_gettext("View not found")),
    AlertNotFound: Problem(404, lazy_gettext("Alert not found"), _NOT_FOUND),
    ChannelNotFound: Problem(404, lazy_gettext("Channel not found"), _NOT_FOUND),
    MemberNotFound: Problem(404, lazy_gettext("Member not found"), _NOT_FOUND),
    OwnerNeeded: Problem(409, lazy_gettext("A store needs an owner")),
    ChannelRemoved: Problem(409, lazy_gettext("The channel was removed")),
    ReportNotFound: Problem(404, lazy_gettext("Report not found")),
    SupplierNotFound: Problem(404, lazy_gettext("Supplier not found"), _NOT_FOUND),
    SupplierExists: Problem(409, lazy_gettext("There is such a supplier already")),
    OrderNotFound: Problem(404, lazy_gettext("Purchase order not found"), _NOT_FOUND),
    OrderChanged: Problem(409, lazy_gettext("The order has changed")),
    ActNotAllowed: Problem(409, lazy_gettext("The order's status does not allow this")),
    TooManyUnits: Problem(422, lazy_gettext("Too many units")),
    ImportNotFound: Problem(404, lazy_gettext("Import not found"), _NOT_FOUND),
    UnableToImport: Problem(409, lazy_gettext("This import cannot go on")),
    UnableToOverride: Problem(422, lazy_gettext("This override cannot be set")),
    UnableToOrder: Problem(422, lazy_gettext("This cannot be ordered as it is")),
    LinkRefused: Problem(403, lazy_gettext("This link no longer works")),
    UnableToReachShop: Problem(
        409,
        lazy_gettext("Fluxor has to be opened again"),
        lazy_gettext("Close this page and open Fluxor from your admin."),
    ),
    TokenRefused: Problem(
        403,
        lazy_gettext("Fluxor is not installed in this store"),
        lazy_gettext("Install it from your Shopify admin, then open it again."),
    ),
    GrantRefused: Problem(400, lazy_gettext("The store was not connected")),
    TokenUnavailable: Problem(
        503, lazy_gettext("Shopify does not answer"), lazy_gettext("Wait a minute and load the page again.")
    ),
    AdminError: Problem(
        503, lazy_gettext("Shopify does not answer"), lazy_gettext("Wait a minute and load the page again.")
    ),
    OperationalError: Problem(
        503,
        lazy_gettext("The database cannot be reached"),
        lazy_gettext("Your data is safe. Wait a minute and load the page again."),
    ),
    LoginRefused: Problem(401, lazy_gettext("You are not logged in")),
    LinkUsed: Problem(403, lazy_gettext("This link no longer works")),
    WriteRefused: Problem(403, lazy_gettext("This was not sent from our own pages")),
    TooManyTries: Problem(429, lazy_gettext("Too many tries")),
    RedisDown: Problem(
        503,
        lazy_gettext("Background work is paused"),
        lazy_gettext("Your data is safe. Wait a minute and try again."),
    ),
    RedisSlow: Problem(
        503,
        lazy_gettext("Background work is paused"),
        lazy_gettext("Your data is safe. Wait a minute and try again."),
    ),
}
_HTTP = {
    400: Problem(400, lazy_gettext("This request cannot be read"), lazy_gettext("Go back and try again.")),
    401: Problem(
        401,
        lazy_gettext("Please open Fluxor from your Shopify admin"),
        lazy_gettext("This page is shown to signed-in staff only."),
    ),
    403: Problem(
        403,
        lazy_gettext("You may not do this"),
        lazy_gettext("Ask the owner of the store to give you a role that may."),
    ),
    404: Problem(
        404, lazy_gettext("Page not found"), lazy_gettext("The address may be mistyped, or the page is gone.")
    ),
    405: Problem(
        405,
        lazy_gettext("This address does not take that kind of request"),
        lazy_gettext("Go back and try again."),
    ),
    413: Problem(413, lazy_gettext("This is too large"), lazy_gettext("Send less at once.")),
    422: Problem(
        422, lazy_gettext("Some values cannot be used"), lazy_gettext("Mend the fields that are marked.")
    ),
    429: Problem(429, lazy_gettext("Too many tries"), lazy_gettext("Wait a minute and try again.")),
}
# A program is told what to send, where a person is told what to open.
_API = {
    400: Problem(400, "This request cannot be read", "Send JSON as /api/docs describes it."),
    401: Problem(
        401, "Nobody is logged in", "Log in with POST /api/auth/login and send the token as a bearer token."
    ),
    403: Problem(403, "You may not do this", "Ask the owner of the store for a role that may."),
    404: Problem(404, "There is no such thing", "Look at the address; it may belong to another store."),
    415: Problem(415, "The body is not JSON", "Send it with Content-Type: application/json."),
    422: Problem(422, "Some values cannot be used", "Mend the fields that `errors` names."),
}
_BUG = Problem(
    500,
    lazy_gettext("Something went wrong on our side"),
    lazy_gettext("It has been logged. Try again; nothing was half-written."),
)


def install(app: Flask) -> None:
    """Register the table."""
    app.register_error_handler(IdTokenRefused, _id_token_refused)
    app.register_error_handler(NoStoreChosen, _no_store)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _any_error)


def _id_token_refused(error: IdTokenRefused) -> Response:
    """What App Bridge expects: the bounce page for a page load, 401 with the retry header for a fetch."""
    answer = error.answer
    if answer.status == 302:
        return Response(status=302, headers=answer.headers)
    problem = Problem(answer.status, gettext("Please open Fluxor from your Shopify admin"), answer.body)
    response = _render(problem, problem.detail or "")
    response.headers.extend(answer.headers)
    return response


def _no_store(_error: NoStoreChosen) -> Response:
    """Whoever logged in without a store is led to the page that connects one."""
    target = url_for("auth.connect")
    if _wants_problem():
        return _render(Problem(403, "No store is chosen"), f"Connect a store at {target}, or choose one.")
    if web.wants_fragment():
        return Response(status=204, headers={"HX-Redirect": target})
    return redirect(target, 303)  # type: ignore[return-value]


def _http_error(error: HTTPException) -> Response:
    code = error.code or 500
    words = {**_HTTP, **_API} if _is_api() else _HTTP
    problem = words.get(code, Problem(code, error.name, "Go back and try again."))
    detail = g.get("session_problem") if code == 401 else None
    response = _render(problem, detail or problem.detail or "", getattr(error, "errors", None))
    if code == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    if code == 401 and _is_api():
        response.headers["WWW-Authenticate"] = "Bearer"
    if problem.status == 401 and "Authorization" in request.headers:
        response.headers["X-Shopify-Retry-Invalid-Session-Request"] = "1"
    return response


def _any_error(error: Exception) -> Response:
    for kind in type(error).__mro__:
        problem = TABLE.get(kind)
        if problem is not None:
            log.warning("request failed", extra={"error": type(error).__name__, "status": problem.status})
            response = _render(problem, problem.detail if problem.detail is not None else str(error))
            if isinstance(error, TooManyTries):
                response.headers.update(limit_headers(error.verdict))
                response.headers["Retry-After"] = str(error.verdict.wait)
            return response
    log.exception("unexpected error")
    return _render(_BUG, _BUG.detail or "")


def _is_api() -> bool:
    blueprint = current_app.blueprints.get(request.blueprint or "")
    return request.path.startswith("/api/") or isinstance(blueprint, ApiBlueprint)


def _wants_problem() -> bool:
    return _is_api() or request.accept_mimetypes.best == "application/json"


def _render(problem: Problem, detail: str, errors: list[dict[str, str]] | None = None) -> Response:
    if _wants_problem():
        response = jsonify(
            type=f"{current_app.extensions['settings'].app_url}/api/docs#problem-{problem.status}",
            title=str(problem.title),
            status=problem.status,
            detail=str(detail),
            reference=g.get("correlation_id", ""),
            **({"errors": errors} if errors else {}),
        )
        response.status_code = problem.status
        response.mimetype = "application/problem+json"
        return response
    template = "errors/_problem.html" if web.wants_fragment() else "errors/page.html"
    response = web.render(
        template, status=problem.status, problem=problem, detail=detail, reference=g.get("correlation_id", "")
    )
    if web.wants_fragment():
        # What was on the page stays there: the problem has a place of its own.
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#problem", "innerHTML"
        response.headers["HX-Push-Url"] = "false"
    return response
