"""The request loader: a verified ID token becomes one member of one store, and opens that store's scope."""

from __future__ import annotations

import dataclasses
import logging
from datetime import timedelta
from typing import cast

from flask import Request, current_app, g

from app.config import Settings
from app.jobs import sync
from app.platform import clock, db, tenancy
from app.platform.access import Identity, Role
from app.platform.queue import enqueue
from app.platform.secrets import TokenCipher
from app.services import stores
from app.services.stores import StoreRef
from app.shopify.door import Shopify
from app.shopify.id_token import AdminVisit, verify_visit

log = logging.getLogger(__name__)
# A page load carries an ID token that can be exchanged: use it while the old token still lives a little.
_EXCHANGE_BEFORE = timedelta(minutes=10)


def load_identity(request: Request) -> Identity | None:
    """Flask-Login's request loader. None: nobody. Raises IdTokenRefused for what App Bridge must mend."""
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
    return "id_token" in request.args or "shop" in request.args


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
    member = stores.member_for(visit.user_id)
    identity = Identity(
        member_id=member.id,
        store_id=store.id,
        shop=store.shop,
        role=Role(member.role),
        name=member.name,
        embedded=True,
        host=visit.host,
    )
    g.identity = identity
    return identity
