"""What jobs need from the process: Shopify for one store, the cipher, the mailer."""

from __future__ import annotations

from typing import cast

from flask import current_app

from app.config import Settings
from app.platform import clock, queue, tenancy
from app.platform.mail import Mailer
from app.platform.outbound import Outbound
from app.platform.secrets import TokenCipher
from app.services import stores
from app.shopify.admin import AdminClient
from app.shopify.door import Shopify


def settings() -> Settings:
    """The deployment's settings."""
    return cast(Settings, current_app.extensions["settings"])


def shopify() -> Shopify:
    """The door to Shopify."""
    return cast(Shopify, current_app.extensions["shopify"])


def cipher() -> TokenCipher:
    """The cipher of the stored tokens."""
    return cast(TokenCipher, current_app.extensions["cipher"])


def mailer() -> Mailer:
    """The mailer."""
    return cast(Mailer, current_app.extensions["mailer"])


def outbound() -> Outbound:
    """The way to addresses that merchants typed."""
    return cast(Outbound, current_app.extensions["outbound"])


def app_address() -> str:
    """Where the current store's merchant opens us: what links in messages lead to."""
    return settings().admin_url(stores.get(tenancy.require_store()).shop)


def fresh_token(store_id: int, *, refused: str | None = None, even_frozen: bool = False) -> str:
    """A good access token of the store. Raises UnableToReachShop, TokenUnavailable."""
    return stores.access_token(
        store_id,
        cipher=cipher(),
        refresh=shopify().refresh,
        now=clock.now(),
        refused=refused,
        even_frozen=even_frozen,
    )


def admin(store_id: int, *, priority: str) -> AdminClient:
    """The store's Admin API. Raises UnableToReachShop when we hold no token for it."""
    token = fresh_token(store_id)
    return shopify().admin(
        stores.get(store_id).shop,
        token,
        redis=queue.connection(),
        priority=priority,
        renew=lambda: fresh_token(store_id, refused=token),
    )


def probe(store_id: int) -> AdminClient:
    """The Admin API of a frozen shop, for the one call that finds out whether it is open again."""
    token = fresh_token(store_id, even_frozen=True)
    return shopify().admin(
        stores.get(store_id).shop,
        token,
        redis=queue.connection(),
        priority="periodic",
        renew=lambda: fresh_token(store_id, refused=token, even_frozen=True),
        is_probe=True,
    )
