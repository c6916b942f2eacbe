"""What pages and API do alike: sign up, log in, log out, reset, switch; with limits on how often."""

from __future__ import annotations

from typing import cast

from flask import abort, current_app

from app.config import Settings
from app.jobs import users as mails
from app.platform import clock, limits, sessions
from app.platform.limits import Limit
from app.platform.passwords import Hasher
from app.platform.sessions import Session
from app.queries import users as read
from app.services import users
from app.services.users import LoggedIn

# The pair comes first: whoever guesses from elsewhere slows down themselves, not the person they attack.
_PAIR = Limit("login-pair", tries=5, seconds=15 * 60)
_ADDRESS = Limit("login-address", tries=60, seconds=15 * 60)
# Against guessing from many addresses at once. Who logged in before from where they are is not held up.
_ACCOUNT = Limit("login-account", tries=100, seconds=3600)
_SIGN_UPS = Limit("sign-up", tries=20, seconds=3600)
_MAILS = Limit("account-mail", tries=3, seconds=3600)
_KNOWN_SECONDS = 30 * 86_400


def sign_up(email: str, password: str) -> None:
    """Take a sign-up; what happened is told by mail alone. Raises TooManyTries."""
    limits.enforce(_SIGN_UPS, limits.client_address())
    user_id = users.register(email, password, hasher=hasher())
    if limits.take(_MAILS, users.folded(email)).allowed:
        mails.write_later(mails.signed_up, user_id)


def ask_reset(email: str) -> None:
    """Take a wish for a new password; what happened is told by mail alone. Raises TooManyTries."""
    limits.enforce(_SIGN_UPS, limits.client_address())
    if limits.take(_MAILS, users.folded(email)).allowed:
        mails.write_later(mails.forgot, users.id_of(email))


def log_in(email: str, password: str) -> tuple[LoggedIn, Session]:
    """Check the password and begin a session. Raises LoginRefused, TooManyTries."""
    pair = (limits.client_address(), users.folded(email))
    limits.enforce(_PAIR, *pair)
    limits.enforce(_ADDRESS, pair[0])
    if not limits.is_known("login", *pair):
        limits.enforce(_ACCOUNT, pair[1])
    found = users.log_in(email, password, hasher=hasher())
    limits.forgive(_PAIR, *pair)
    limits.remember("login", *pair, seconds=_KNOWN_SECONDS)
    return found, _begin(found)


def confirm(token: str, password: str) -> tuple[LoggedIn, Session]:
    """Confirm an address and log in. Raises LinkRefused, LinkUsed, LoginRefused, TooManyTries."""
    user_id, seal = _opened("confirm", token, mails.CONFIRM_SECONDS)
    limits.enforce(_PAIR, limits.client_address(), f"confirm:{user_id}")
    found = users.confirm(user_id, seal, password, hasher=hasher(), now=clock.now())
    return found, _begin(found)


def open_invited(email: str, password: str) -> Session:
    """Make an account for an address that an invitation's link has confirmed. Raises LinkUsed, TooManyTries.

    The session becomes the browser's once it is kept.
    """
    limits.enforce(_ADDRESS, limits.client_address())
    found = users.open_account(email, password, hasher=hasher(), now=clock.now())
    return sessions.begin(found.user_id, version=found.version, store_id=None)


def reset(token: str, password: str) -> tuple[LoggedIn, Session]:
    """Set a new password and log in. Raises LinkRefused, LinkUsed, TooManyTries."""
    user_id, seal = _opened("reset", token, mails.RESET_SECONDS)
    limits.enforce(_ADDRESS, limits.client_address())
    found = users.reset(user_id, seal, password, hasher=hasher(), now=clock.now())
    return found, _begin(found)


def log_out(*, everywhere: bool = False) -> None:
    """End this session, or all sessions of its user."""
    session = sessions.current()
    if session is None:
        abort(400)  # inside the admin Shopify says who is there; there is nothing of ours to end
    sessions.end(session)
    if everywhere:
        users.end_sessions(session.user_id)
    sessions.drop()


def switch(store_id: int) -> Session:
    """Look at another store of the user. 404 for one that is not theirs."""
    session = sessions.current()
    if session is None or all(store.id != store_id for store in read.stores(session.user_id)):
        abort(404)
    moved = Session(session.user_id, store_id, session.version, session.id, session.expires_at)
    sessions.keep(moved)
    return moved


def hasher() -> Hasher:
    """bcrypt as the deployment wants it."""
    return Hasher(cast(Settings, current_app.extensions["settings"]).bcrypt_cost)


def _begin(found: LoggedIn) -> Session:
    session = sessions.begin(found.user_id, version=found.version, store_id=found.store_id)
    sessions.keep(session)
    return session


def _opened(purpose: str, token: str, seconds: int) -> tuple[int, str]:
    claims = mails.signer(purpose).open(token, max_age_seconds=seconds)
    return int(claims["user"]), str(claims["seal"])
