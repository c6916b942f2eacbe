"""Connect a store from outside the admin: to Shopify with a single-use state, and back with a signed code."""

from __future__ import annotations

import hmac
import logging
import secrets
from dataclasses import dataclass
from typing import cast

from flask import current_app, request
from flask_login import current_user

from app.config import Settings
from app.jobs import sync
from app.platform import clock, db, limits, sessions, tenancy
from app.platform.i18n import gettext
from app.platform.queue import enqueue
from app.platform.secrets import LinkRefused, LinkSigner, TokenCipher
from app.platform.sessions import Session
from app.services import stores, users
from app.shopify.authorization_code import GrantRefused, verify_return
from app.shopify.door import Shopify

log = logging.getLogger(__name__)
_COOKIE = "fluxor_connect"
_SECONDS = 600


@dataclass(frozen=True)
class Connected:
    """A store that has just been connected."""

    store_id: int
    shop: str
    token: str


def begin(shop: str, *, redirect_path: str) -> str:
    """Shopify's page that asks the merchant; this browser alone can bring the answer back."""
    state = secrets.token_urlsafe(24)
    claims = {"state": state, "shop": shop, "user": current_user.user_id}
    sessions.set_cookie(_COOKIE, _signer().sign(claims), seconds=_SECONDS)
    return _shopify().grant_address(shop, redirect_path=redirect_path, state=state)


def finish() -> Connected:
    """Take Shopify's answer: check it, exchange the code, make the user a member, start the first sync.

    Raises GrantRefused, TokenUnavailable.
    """
    now = clock.now()
    given = verify_return(_settings(), list(request.args.items(multi=True)), now=now)
    _check_state(given)
    shop, user_id = given["shop"], int(current_user.user_id)
    known = stores.find(shop)
    was_active = known is not None and known.is_active
    # A second authorization voids the token of the first: of two at once, the later one must be stored last.
    with db.only_one(f"connect:{shop}"):
        token = _shopify().exchange_code(shop, given["code"], now=now)
        store_id = stores.install(token, cipher=_cipher(), now=now)
    _join(user_id, store_id)
    if not was_active:
        enqueue(sync.begin, store_id, "first", on="urgent", once=f"install-{store_id}-{now:%s}")
    log.info("store connected", extra={"store_id": store_id})
    return Connected(store_id, shop, sessions.keep(_moved(store_id)))


def _join(user_id: int, store_id: int) -> None:
    with tenancy.store_scope(db.session(), store_id):
        users.join_store(user_id, store_id=store_id)
        db.session().commit()


def _moved(store_id: int) -> Session:
    held = sessions.current()
    assert held is not None  # both doors to this flow ask for a session first
    return Session(held.user_id, store_id, held.version, held.id, held.expires_at)


def _check_state(given: dict[str, str]) -> None:
    """The answer belongs to a question that this browser and this user asked, and comes back once."""
    sessions.set_cookie(_COOKIE, "", seconds=0)
    try:
        claims = _signer().open(request.cookies.get(_COOKIE, ""), max_age_seconds=_SECONDS)
    except LinkRefused as error:
        raise GrantRefused(
            gettext("This did not begin in this browser, or took too long. Start again.")
        ) from error
    same = hmac.compare_digest(str(claims["state"]).encode(), given["state"].encode("utf-8", "replace"))
    if not same or claims["shop"] != given["shop"] or claims["user"] != current_user.user_id:
        raise GrantRefused(gettext("This answer belongs to another question. Start again."))
    if not limits.first_time("connect", given["state"], seconds=2 * _SECONDS):
        raise GrantRefused(gettext("This answer was used before. Start again."))


def _signer() -> LinkSigner:
    return LinkSigner(_settings().secret_key, purpose="connect")


def _settings() -> Settings:
    return cast(Settings, current_app.extensions["settings"])


def _shopify() -> Shopify:
    return cast(Shopify, current_app.extensions["shopify"])


def _cipher() -> TokenCipher:
    return cast(TokenCipher, current_app.extensions["cipher"])
