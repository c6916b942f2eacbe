"""Stand-alone sessions: a signed token of 24 hours in a cookie or a bearer header, and how it ends early.

The token is ours alone: another issuer, audience and key than Shopify's ID tokens, so neither passes for
the other. The cookie is unreadable to scripts, stays on our site, and is refused for writes that another
site's page set off.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlsplit

import jwt
from flask import Flask, Response, after_this_request, current_app, g, request

from app.config import Settings
from app.platform import clock, queue
from app.platform.i18n import gettext

LIFETIME = timedelta(hours=24)
ISSUER, AUDIENCE = "fluxor", "fluxor.session"
_CLAIMS = ("iss", "aud", "sub", "jti", "ver", "iat", "exp")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# A page of another site cannot send these without our permission (they need a CORS preflight).
_OWN_HEADERS = ("HX-Request", "X-Requested-With")


class SessionRefused(ValueError):
    """A token of ours that is forged, expired or ended; the message is fit for a page."""


class WriteRefused(ValueError):
    """A write that may have been set off by another site's page."""


@dataclass(frozen=True)
class Session:
    """What a token says: a user, the store they look at (None: none yet), and its own id and end."""

    user_id: int
    store_id: int | None
    version: int
    id: str
    expires_at: datetime


def derived_key(secret_key: str, purpose: str) -> bytes:
    """A key for one purpose alone, so that no token or signature can serve for another."""
    return hmac.new(secret_key.encode(), f"fluxor.{purpose}".encode(), hashlib.sha256).digest()


def begin(user_id: int, *, version: int, store_id: int | None) -> Session:
    """A new session."""
    return Session(user_id, store_id, version, secrets.token_urlsafe(16), clock.now() + LIFETIME)


def encode(session: Session) -> str:
    """The token (HS256)."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(session.user_id),
        "store": session.store_id,
        "jti": session.id,
        "ver": session.version,
        "iat": int((session.expires_at - LIFETIME).timestamp()),
        "exp": int(session.expires_at.timestamp()),
    }
    return jwt.encode(claims, _key("session"), "HS256")


def is_ours(token: str) -> bool:
    """Whether a token claims to be ours; the claim is not believed, it only chooses who checks it."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return False
    return bool(claims.get("iss") == ISSUER)


def decode(token: str) -> Session:
    """Check a token. Raises SessionRefused; ended ones are found by `has_ended`."""
    options: Any = {"require": list(_CLAIMS), "verify_exp": False, "verify_iat": False}
    try:
        claims = jwt.decode(
            token, _key("session"), algorithms=["HS256"], audience=AUDIENCE, issuer=ISSUER, options=options
        )
        store = claims.get("store")
        found = Session(
            user_id=int(claims["sub"]),
            store_id=None if store is None else int(store),
            version=int(claims["ver"]),
            id=str(claims["jti"]),
            expires_at=datetime.fromtimestamp(int(claims["exp"]), UTC),
        )
    except (jwt.InvalidTokenError, TypeError, ValueError, OverflowError, OSError) as error:
        raise SessionRefused(gettext("This session is not valid. Log in again.")) from error
    if found.expires_at <= clock.now():
        raise SessionRefused(gettext("Your session has expired. Log in again."))
    return found


def end(session: Session) -> None:
    """Refuse the token from now on, though it would live longer."""
    rest = max(1, int((session.expires_at - clock.now()).total_seconds()) + 1)
    queue.connection().set(f"session:ended:{session.id}", 1, ex=rest)


def has_ended(session: Session) -> bool:
    """Whether `end` was called. Raises Redis's errors: a session that may be over is not let in."""
    return bool(queue.connection().exists(f"session:ended:{session.id}"))


def from_cookie() -> str | None:
    """The token in this request's cookie."""
    return request.cookies.get(cookie_name()) or None


def cookie_name() -> str:
    """`__Host-` binds the cookie to this very host; browsers allow the prefix with https alone."""
    return "__Host-fluxor_session" if _is_secure() else "fluxor_session"


def keep(session: Session) -> str:
    """Put the session into this answer's cookie; returns the token."""
    token = encode(session)
    rest = max(0, int((session.expires_at - clock.now()).total_seconds()))
    set_cookie(cookie_name(), token, seconds=rest)
    return token


def drop() -> None:
    """Take the cookie back with this answer."""
    set_cookie(cookie_name(), "", seconds=0)


def set_cookie(name: str, value: str, *, seconds: int) -> None:
    """Send a cookie that scripts cannot read and other sites' posts do not carry."""

    @after_this_request
    def _set(response: Response) -> Response:
        response.set_cookie(
            name, value, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=_is_secure()
        )
        return response


def current() -> Session | None:
    """The session that this request has proven; None inside the admin."""
    return cast("Session | None", g.get("session"))


def form_token() -> str:
    """What a plain form of a logged-in page carries to prove that it is ours; empty without a session."""
    session = current()
    if session is None:
        return ""
    return hmac.new(_key("form"), session.id.encode(), hashlib.sha256).hexdigest()


def install(app: Flask) -> None:
    """Refuse writes that another site's page set off."""
    app.before_request(_same_site)
    app.jinja_env.globals["form_token"] = form_token


def _same_site() -> None:
    """Browsers name the page a write comes from; whoever sends a token in a header is no browser's victim."""
    if request.method in _SAFE or "Authorization" in request.headers:
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin != _origin(_settings().app_url):
        raise WriteRefused(gettext("Load the page again and repeat what you did there."))
    if origin is None and request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise WriteRefused(gettext("Load the page again and repeat what you did there."))
    if g.get("session_in_cookie") and not _is_proven():
        raise WriteRefused(gettext("Load the page again; a program sends the header X-Requested-With."))


def _is_proven() -> bool:
    if any(name in request.headers for name in _OWN_HEADERS):
        return True
    return hmac.compare_digest(request.form.get("form_token", "").encode(), form_token().encode())


def is_local_path(text: str) -> bool:
    """Whether an address to go on to is a page of ours and nothing else (no host, no scheme, no tricks)."""
    if not text.startswith("/") or text.startswith(("//", "/\\")) or len(text) > 2000:
        return False
    return text.isprintable() and "\\" not in text and not urlsplit(text).netloc


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _key(purpose: str) -> bytes:
    return derived_key(_settings().secret_key, purpose)


def _is_secure() -> bool:
    return _settings().app_url.startswith("https://")


def _settings() -> Settings:
    return cast(Settings, current_app.extensions["settings"])
