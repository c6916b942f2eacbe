"""JSON routes: checked input, problems for answers that are no success, ETags, limits, and what the document tells.

A route is declared once, with its models; the OpenAPI document (`openapi.py`) is read off the declarations.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from flask import Flask, Response, abort, current_app, request
from flask_login import current_user
from pydantic import TypeAdapter, ValidationError
from redis.exceptions import RedisError

from app.config import Settings
from app.platform import limits
from app.platform.access import AppBlueprint, Need, Open
from app.platform.bodies import LARGEST_ID, Invalid, Paged, PageQuery, Query
from app.platform.complaints import complaint
from app.platform.limits import Limit, TooManyTries, Verdict

log = logging.getLogger(__name__)
View = Callable[..., Any]
V = TypeVar("V", bound=View)
_MINUTE = 60


@dataclass(frozen=True)
class Operation:
    """One declared route, as the document lists it."""

    method: str
    rule: str
    name: str
    tag: str
    need: Need
    view: View
    answer: Any
    status: int
    query: type[Query] | None
    body: Any
    media: str
    also: tuple[int, ...]


@dataclass(frozen=True)
class Shape:
    """The optional parts of a declaration."""

    query: type[Query] | None = None
    body: Any = None
    status: int = 200
    media: str = "application/json"
    also: tuple[int, ...] = field(default=())
    limit: Limit | None = None


class ApiBlueprint(AppBlueprint):
    """A blueprint of JSON routes, under /api unless told otherwise."""

    def __init__(self, name: str, import_name: str, *, prefix: str = "/api") -> None:
        super().__init__(name, import_name, url_prefix=prefix or None)
        self.prefix = prefix
        self.operations: list[Operation] = []

    def read(self, rule: str, *, needs: Need, tag: str, answer: Any, **shape: Any) -> Callable[[V], V]:
        """Declare a GET route; see Shape for the rest."""
        return self._add("GET", rule, needs, tag, answer, Shape(**shape))

    def write(self, rule: str, *, needs: Need, tag: str, answer: Any, **shape: Any) -> Callable[[V], V]:
        """Declare a POST route; see Shape for the rest."""
        return self._add("POST", rule, needs, tag, answer, Shape(**shape))

    def change(self, rule: str, *, needs: Need, tag: str, answer: Any, **shape: Any) -> Callable[[V], V]:
        """Declare a PATCH route: what the body leaves out stays as it is; see Shape for the rest."""
        return self._add("PATCH", rule, needs, tag, answer, Shape(**shape))

    def _add(
        self, method: str, rule: str, needs: Need, tag: str, answer: Any, shape: Shape
    ) -> Callable[[V], V]:
        def register(view: V) -> V:
            name = view.__name__
            self._declare(rule, method, needs, {"endpoint": name})(_wrapped(view, needs, answer, shape))
            self.operations.append(
                Operation(
                    method=method,
                    rule=f"{self.prefix}{rule}",
                    name=f"{self.name}.{name}",
                    tag=tag,
                    need=needs,
                    view=view,
                    answer=answer,
                    status=shape.status,
                    query=shape.query,
                    body=shape.body,
                    media=shape.media,
                    also=shape.also,
                )
            )
            return view

        return register


def operations(app: Flask) -> list[Operation]:
    """All JSON routes of the app, by address."""
    found = [one for blueprint in app.blueprints.values() for one in getattr(blueprint, "operations", [])]
    return sorted(found, key=lambda one: (one.rule, one.method))


def _wrapped(view: View, needs: Need, answer: Any, shape: Shape) -> View:
    body = None if shape.body is None else TypeAdapter(shape.body)
    writer: TypeAdapter[Any] | None = None if answer is None else TypeAdapter(answer)

    @functools.wraps(view)
    def call(**path: Any) -> Response:
        verdict = _count(needs, shape.limit)
        if any(isinstance(value, int) and value > LARGEST_ID for value in path.values()):
            abort(404)
        arguments = dict(path)
        if shape.query is not None:
            arguments["query"] = _checked(shape.query.model_validate, request.args.to_dict())
        if body is not None:
            arguments["body"] = _read_body(body)
        found = view(**arguments)
        if isinstance(found, Response):
            response = found
        else:
            assert writer is not None
            found = writer.validate_python(found)
            response = Response(writer.dump_json(found), status=shape.status, mimetype="application/json")
        return _finished(response, found, verdict)

    return call


def _read_body(body: TypeAdapter[Any]) -> Any:
    if not request.is_json:
        abort(415)
    return _checked(functools.partial(body.validate_json, strict=True), request.get_data())


def _checked(check: Callable[[Any], Any], given: Any) -> Any:
    try:
        return check(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        if any(one["type"] == "json_invalid" for one in found):
            abort(400)
        # Without what was sent: it may be a password.
        raise Invalid(
            [{"field": ".".join(map(str, one["loc"])), "detail": complaint(one)} for one in found[:20]]
        ) from None


def _finished(response: Response, found: Any, verdict: Verdict | None) -> Response:
    if isinstance(found, Paged):
        link_pages(response, found)
    if request.method == "GET" and response.status_code == 200:
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.vary.update(("Authorization", "Cookie"))
        response.add_etag()
        response = cast(Response, response.make_conditional(request))
    elif request.method != "GET":
        response.headers["Cache-Control"] = "no-store"
    if verdict is not None:
        response.headers.update(limit_headers(verdict))
    return response


def limit_headers(verdict: Verdict) -> dict[str, str]:
    """How many requests are left, and in how many seconds all are free again."""
    return {
        "RateLimit-Limit": str(verdict.limit),
        "RateLimit-Remaining": str(verdict.left),
        "RateLimit-Reset": str(verdict.reset),
    }


def link_pages(response: Response, found: Paged[Any]) -> None:
    """Name the other pages (RFC 8288)."""
    last = max(1, -(-found.total // found.per_page))
    pages = {"first": 1, "prev": found.page - 1, "next": found.page + 1, "last": last}
    for name, number in pages.items():
        if 1 <= number <= last:
            response.headers.add("Link", f'<{_page_address(number)}>; rel="{name}"')


def _page_address(number: int) -> str:
    settings = cast(Settings, current_app.extensions["settings"])
    return f"{settings.app_url}{request.path}?{urlencode({**request.args.to_dict(), 'page': number})}"


def _count(needs: Need, special: Limit | None) -> Verdict | None:
    """Count the request. Without Redis the API stays open: this limit spares the machine, it guards nothing."""
    settings = cast(Settings, current_app.extensions["settings"])
    limit = special or Limit("api", settings.api_per_minute, _MINUTE)
    who = limits.client_address() if isinstance(needs, Open) else current_user.get_id()
    try:
        verdict = limits.take(limit, who)
    except RedisError:
        log.warning("requests are not counted while Redis is away")
        return None
    if not verdict.allowed:
        raise TooManyTries(verdict)
    return verdict


def paged(found: Mapping[str, Any], query: PageQuery) -> dict[str, Any]:
    """The fields of a Paged answer from a slice of rows and the query that asked for it."""
    return {**found, "page": query.page, "per_page": query.per_page}
