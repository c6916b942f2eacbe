"""The web side of the machinery: security headers, request context, rendering for HTMX, links that travel."""

from __future__ import annotations

import functools
import json
import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, abort, current_app, g, render_template, request, url_for
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import Map

from app.config import Settings
from app.platform import i18n, logs, spoken

_NO_DEVICES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
T = TypeVar("T")
log = logging.getLogger(__name__)

# `fullmatch`, because `$` would let a trailing newline through into a header.
SHOP = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")


def is_shop_domain(value: str) -> bool:
    """Whether the text is a myshopify domain, exactly."""
    return bool(SHOP.fullmatch(value)) and len(value) <= 255


def install(app: Flask, settings: Settings) -> None:
    """Headers on each answer, a correlation id on each request, and template helpers."""
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.config["MAX_CONTENT_LENGTH"] = 4 * 1024 * 1024
    assets = Assets(Path(app.static_folder or "static"))
    app.jinja_env.globals.update(
        asset=assets.url,
        page_url=page_url,
        nonce=nonce,
        app_bridge_url=settings.shopify_app_bridge_url,
        client_id=settings.shopify_api_key,
        frame_shop=frame_shop,
    )

    @app.before_request
    def _correlate() -> None:
        g.correlation_id = request.headers.get("X-Request-Id", "")[:64] or secrets.token_hex(8)
        g.log_context = logs.context(
            correlation_id=g.correlation_id, path=request.path, method=request.method
        )
        g.log_context.__enter__()

    @app.teardown_request
    def _done(_error: BaseException | None) -> None:
        held = g.pop("log_context", None)
        if held is not None:
            held.__exit__(None, None, None)

    @app.after_request
    def _headers(response: Response) -> Response:
        return secure(response, settings)


def nonce() -> str:
    """This response's script nonce."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def frame_shop() -> str | None:
    """The shop that may frame this answer: the proven one, else a well-formed one from the query.

    The query only widens framing to that one shop's admin; it grants no access to anything.
    """
    identity = g.get("identity")
    if identity is not None:
        return str(identity.shop) if identity.embedded else None
    if "session" in g:
        return None  # logged in outside the admin
    shop = request.args.get("shop", "")
    return shop if is_shop_domain(shop) else None


def secure(response: Response, settings: Settings) -> Response:
    """Add the security headers; framing is allowed for one shop's admin or not at all."""
    bridge = _origin(settings.shopify_app_bridge_url)
    shop = frame_shop()
    ancestors = f"https://{shop} {settings.shopify_admin_origin}" if shop else "'none'"
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = "; ".join(
            [
                "default-src 'self'",
                f"script-src 'self' 'nonce-{nonce()}' {bridge}",
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data: https://cdn.shopify.com",
                f"connect-src 'self' {bridge} {settings.shopify_admin_origin}",
                f"frame-src {settings.shopify_admin_origin}",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                f"frame-ancestors {ancestors}",
            ]
        )
        response.headers.add("Vary", "HX-Request")
        response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers["Permissions-Policy"] = _NO_DEVICES
    if shop is None:
        # A page that no admin frames shares its window with nobody; inside a frame the header says nothing.
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if settings.app_url.startswith("https://"):
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    response.headers["X-Request-Id"] = g.get("correlation_id", "")
    return response


def page_url(endpoint: str, **values: Any) -> str:
    """A link to one of our pages that survives a reload inside the admin.

    The bounce page needs `shop`, and App Bridge needs `host`; an embedded link without them ends in an error.
    """
    links = once(_links)
    address = links.of_row(endpoint, values)
    if address is None:
        address = url_for(
            endpoint, **{key: value for key, value in values.items() if value not in (None, "")}
        )
    return f"{address}{'&' if '?' in address else '?'}{links.kept}" if links.kept else address


@dataclass(frozen=True)
class _Links:
    """What all links of one answer have in common. `kept`: the query that they carry, empty outside the admin."""

    map: Map
    root: str
    kept: str

    def of_row(self, endpoint: str, values: dict[str, Any]) -> str | None:
        """The address of an endpoint that takes one whole number: a table has such links in each of its rows."""
        if len(values) != 1:
            return None
        ((name, value),) = values.items()
        pattern = _pattern(self.map, endpoint, name) if type(value) is int and value >= 0 else None
        return pattern and f"{self.root}{pattern[0]}{value}{pattern[1]}"


@functools.lru_cache(maxsize=1024)
def _pattern(known: Map, endpoint: str, name: str) -> tuple[str, str] | None:
    """What stands before and after the number, where the endpoint has one address and nothing else is in it."""
    rules = list(known.iter_rules(endpoint))
    before, found, after = rules[0].rule.partition(f"<int:{name}>")
    return (before, after) if len(rules) == 1 and found and "<" not in before + after else None


def _links() -> _Links:
    kept, identity = "", g.get("identity")
    if identity is not None and identity.embedded:
        carried = {"shop": identity.shop, "host": identity.host, "embedded": "1", "locale": i18n.asked_for()}
        kept = urlencode({key: value for key, value in carried.items() if value})
    return _Links(current_app.url_map, request.script_root, kept)


def render(template: str, *, status: int = 200, **values: Any) -> Response:
    """Render a page or partial; a partial whose address was opened by itself stands in a page of its own."""
    if request.method == "GET" and "/_" in template and not wants_fragment():
        template, values = "layout/part.html", {**values, "part": template}
    page = render_template(spoken.template(current_app, template), **values)
    return Response(page, status=status, mimetype="text/html")


def wants_fragment() -> bool:
    """Whether HTMX asked for a part of the page rather than the whole of it."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Request-Type") != "full"


def once(question: Callable[[], T]) -> T:
    """The question's answer, asked for once in this request: page and layout need the same facts."""
    answers: dict[Callable[[], Any], Any] = g.setdefault("answers", {})
    if question not in answers:
        answers[question] = question()
    return cast(T, answers[question])


def know(question: Callable[[], T], answer: T) -> None:
    """Keep an answer that came along with another one, so that `once` need not ask."""
    g.setdefault("answers", {})[question] = answer


def moment_of(text: str) -> datetime:
    """An instant from a link of ours; anything else is answered with 400."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        abort(400)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def toast(response: Response, message: str) -> Response:
    """Let the page confirm a success in passing; failures are never toasts, they stay on the page."""
    return trigger(response, toast={"message": message, "target": "body"})


def trigger(response: Response, **events: Any) -> Response:
    """Tell the page's scripts what happened (`HX-Trigger`)."""
    response.headers["HX-Trigger"] = json.dumps(events)
    return response


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Assets:
    """Addresses of installed third-party files, with their content's hash so that they can be cached."""

    def __init__(self, static: Path) -> None:
        self._static = static
        self._manifest: dict[str, str] = {}

    def url(self, name: str) -> str:
        """The address of `name`: an installed file by its manifest, else one of our own."""
        if not self._manifest:
            manifest = self._static / "vendor" / "manifest.json"
            if manifest.is_file():
                self._manifest = json.loads(manifest.read_text())
        if name in self._manifest:
            return url_for("static", filename=f"vendor/{self._manifest[name]}")
        return url_for("static", filename=name, v=self._version(name))

    def _version(self, name: str) -> str:
        """The file's age; a file that is not installed must not take the error page down with it."""
        try:
            return format(int((self._static / name).stat().st_mtime), "x")
        except FileNotFoundError:
            log.error("an installed file is missing: run python -m devtools.assets", extra={"file": name})
            return "missing"
