"""Errors at the door: every exception becomes a page, an HTMX fragment or a JSON problem, by one table"""

from __future__ import annotations

import logging

from flask import Flask, Response, current_app, g, jsonify, redirect, request, url_for
from werkzeug.exceptions import HTTPException

from app.errors.table import API, BUG, GO_BACK, HTTP, TABLE, Problem
from app.platform import web
from app.platform.access import NoStoreChosen
from app.platform.api import ApiBlueprint, limit_headers
from app.platform.i18n import gettext
from app.platform.limits import TooManyTries
from app.shopify.id_token import IdTokenRefused

log = logging.getLogger(__name__)


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
    problem = Problem(answer.status, gettext("Please open Fluxor from your Shopify admin"))
    response = _render(problem, answer.body)
    response.headers.extend(answer.headers)
    return response


def _no_store(_error: NoStoreChosen) -> Response:
    """Whoever logged in without a store is led to the page that connects one."""
    target = url_for("auth.connect")
    if _wants_problem():
        words = gettext("Connect a store at %(address)s, or choose one.", address=target)
        return _render(Problem(403, gettext("No store is chosen"), words), words)
    if web.wants_fragment():
        return Response(status=204, headers={"HX-Redirect": target})
    return redirect(target, 303)  # type: ignore[return-value]


def _http_error(error: HTTPException) -> Response:
    code = error.code or 500
    known = {**HTTP, **API} if _is_api() else HTTP
    problem = known.get(code, Problem(code, error.name, GO_BACK))
    detail = g.get("session_problem") if code == 401 else None
    response = _render(problem, detail or problem.words(error), getattr(error, "errors", None))
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
            response = _render(problem, problem.words(error))
            if isinstance(error, TooManyTries):
                response.headers.update(limit_headers(error.verdict))
                response.headers["Retry-After"] = str(error.verdict.wait)
            return response
    log.exception("unexpected error")
    return _render(BUG, BUG.words(error))


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
