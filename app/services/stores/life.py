"""From installation to erasure: a store comes, is frozen and thawed, leaves, and is forgotten"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.models.stores import Erasure, Store
from app.platform import db
from app.platform.secrets import TokenCipher
from app.services.stores.tokens import keep
from app.shopify.access_token import AccessToken


def install(token: AccessToken, *, cipher: TokenCipher, now: datetime) -> int:
    """Create or revive the store that gave us this token; returns its id.

    Runs in a transaction of its own: two first page loads at once must end in one store.
    """
    try:
        return _install(token, cipher=cipher, now=now)
    except IntegrityError:  # the other page load was faster; the row is there now
        return _install(token, cipher=cipher, now=now)


def _install(token: AccessToken, *, cipher: TokenCipher, now: datetime) -> int:
    with db.separate_transaction() as own:
        store = own.execute(
            select(Store).where(Store.shop == token.shop).with_for_update(key_share=True)
        ).scalar_one_or_none()
        if store is None:
            store = Store(shop=token.shop, scopes=list(token.scopes))
            own.add(store)
        if store.status != "installed" or store.uninstalled_at is not None:
            store.installed_at = now
        store.status, store.status_reason, store.uninstalled_at = "installed", "", None
        keep(store, token, cipher)
        own.flush()
        return store.id


def uninstall(*, shop: str, now: datetime, triggered_at: datetime | None = None) -> None:
    """Forget the tokens and stop all work of a store; its data stay until Shopify asks for their deletion.

    News of an uninstallation from before the present installation come too late to count.
    """
    with db.separate_transaction() as own:
        store = own.execute(
            select(Store).where(Store.shop == shop).with_for_update(key_share=True)
        ).scalar_one_or_none()
        if store is None or (triggered_at is not None and triggered_at < store.installed_at):
            return
        store.status, store.uninstalled_at = "uninstalled", now
        store.access_token_sealed = store.refresh_token_sealed = None
        store.access_expires_at = store.refresh_expires_at = None


def mark_unavailable(store_id: int, *, reason: str) -> None:
    """Note that Shopify has frozen or locked the shop; jobs stop until it is opened again."""
    with db.separate_transaction() as own:
        store = own.get(Store, store_id)
        if store is not None and store.status == "installed":
            store.status, store.status_reason = "frozen", reason


def mark_available(store_id: int) -> None:
    """Note that a frozen or locked shop answers again."""
    with db.separate_transaction() as own:
        store = own.get(Store, store_id)
        if store is not None and store.status == "frozen":
            store.status, store.status_reason = "installed", ""


def erase(*, shop: str, requested_at: datetime, webhook_id: str, now: datetime) -> None:
    """Delete a store and, by its foreign keys, all that belongs to it (Shopify's shop/redact).

    That it was asked for and done stays on record: the shop's address and the moments, nothing else.
    """
    with db.separate_transaction() as own:
        store = own.execute(select(Store).where(Store.shop == shop)).scalar_one_or_none()
        if store is not None:
            own.delete(store)
            own.add(Erasure(shop=shop, requested_at=requested_at, erased_at=now, webhook_id=webhook_id))
