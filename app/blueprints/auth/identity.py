"""The request loader: an ID token or a session becomes one member of one store, and opens that store's scope."""

from __future__ import annotations

import dataclasses
import logging
from datetime import timedelta
from typing import Any, cast

from flask import Request, current_app, g

from app.config import Settings
from app.jobs import sync
from app.platform import clock, db, i18n, sessions, tenancy, web
from app.platform.access import Account, Identity, Role
from app.platform.i18n import gettext
from app.platform.queue import enqueue
from app.platform.secrets import TokenCipher
from app.platform.sessions import SessionRefused
from app.queries import stores as store_queries
from app.queries import users
from app.queries.users import Place
from app.services import stores
from app.services.stores import StoreRef
from app.shopify.door import Shopify
from app.shopify.id_token import AdminVisit, verify_visit

log = logging.getLogger(__name__)
# Doors for programs and for work outside the admin: a `shop` in their query is no visit from the admin.
_OUTSIDE = ("/api/", "/auth/shopify/", "/connect")
# A page load carries an ID token that can be exchanged: use it while the old token still lives a little.
_EXCHANGE_BEFORE = timedelta(minutes=10)


def load_identity(request: Request) -> Identity | Account | None:
    """Flask-Login's request loader. None: nobody. Raises IdTokenRefused for what App Bridge must mend.

    A bearer token says by its issuer whose it is. Without one our cookie counts, except where the admin
    loads a page with its own proof; the API never answers with the admin's detours.
    """
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if bearer and sessions.is_ours(bearer):
        return _from_session(bearer, in_cookie=False)
    cookie = sessions.from_cookie()
    if not bearer and cookie and "id_token" not in request.args:
        found = _from_session(cookie, in_cookie=True)
        if found is not None:
            return found
    if not _comes_from_admin(request):
        return None
    settings = cast(Settings, current_app.extensions["settings"])
    shopify = cast(Shopify, current_app.extensions["shopify"])
    visit = verify_visit(shopify.app, request, app_url=settings.app_url)
    store = stores.find(visit.shop)
    if store is None or not store.is_active or (visit.is_document and _expires_soon(store)):
        store = _install(visit, shopify)
    return _enter(visit, store)


def _comes_from_admin(request: Request) -> bool:
    if request.headers.get("Authorization", "").startswith("Bearer "):
        return True
    if request.path.startswith(_OUTSIDE):
        return False
    return "id_token" in request.args or "shop" in request.args


def _from_session(token: str, *, in_cookie: bool) -> Identity | Account | None:
    """The member, or merely the user, whom a session of ours stands for; None when it is over."""
    try:
        session = sessions.decode(token)
    except SessionRefused as error:
        g.session_problem = str(error)
        return None
    visitor = users.visitor(session.user_id, session.store_id)
    if visitor is None or visitor.version != session.version or sessions.has_ended(session):
        g.session_problem = gettext("This session has ended. Log in again.")
        return None
    g.session, g.session_in_cookie = session, in_cookie
    if visitor.store_id is None or visitor.member_id is None:
        return Account(visitor.user_id, visitor.email)
    tenancy.enter(db.session(), visitor.store_id)
    place = users.place(visitor.member_id)
    assert place is not None  # the link to a member goes with the member
    return _known(place, visitor.store_id, visitor.shop, embedded=False, user_id=visitor.user_id)


def _expires_soon(store: StoreRef) -> bool:
    return store.token_expires_at is None or store.token_expires_at - clock.now() < _EXCHANGE_BEFORE


def _install(visit: AdminVisit, shopify: Shopify) -> StoreRef:
    """Exchange the ID token, keep the access token, and start the first sync of a new or returned store."""
    known = stores.find(visit.shop)
    token = shopify.exchange(visit.id_token)
    cipher = cast(TokenCipher, current_app.extensions["cipher"])
    store_id = stores.install(dataclasses.replace(token, shop=visit.shop), cipher=cipher, now=clock.now())
    db.session().rollback()
    if known is None or not known.is_active:
        log.info("store installed", extra={"store_id": store_id})
        enqueue(sync.begin, store_id, "first", on="urgent", once=f"install-{store_id}-{clock.now():%s}")
    return stores.get(store_id)


def _enter(visit: AdminVisit, store: StoreRef) -> Identity:
    tenancy.enter(db.session(), store.id)
    place = users.place_of_staff(visit.user_id) or users.place(stores.member_for(visit.user_id).id)
    assert place is not None  # it was read or made in this very transaction
    return _known(place, store.id, store.shop, embedded=True, host=visit.host)


def _known(place: Place, store_id: int, shop: str, **manner: Any) -> Identity:
    """Note who asks, where, and with that in which language they are answered."""
    g.identity = Identity(
        member_id=place.id,
        store_id=store_id,
        shop=shop,
        role=Role(place.role),
        name=place.name,
        language=place.language or "",
        store_language=place.store_language,
        **manner,
    )
    web.know(store_queries.store, place.store)
    i18n.settled()
    return cast(Identity, g.identity)
