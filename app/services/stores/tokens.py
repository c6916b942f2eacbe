"""Tokens that renew themselves once, sealed in the row of their store"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.stores import Store
from app.platform import db
from app.platform.secrets import CannotUnseal, TokenCipher
from app.services.stores.known import UnableToReachShop
from app.shopify.access_token import AccessToken, TokenRefused

_RENEW_BEFORE = timedelta(minutes=5)


def access_token(
    store_id: int,
    *,
    cipher: TokenCipher,
    refresh: Callable[[AccessToken], AccessToken],
    now: datetime,
    refused: str | None = None,
    even_frozen: bool = False,
) -> str:
    """A token that is good for at least five minutes; `refused` is one that Shopify just answered 401 to.

    Single-flight across processes: the store's row is locked while one of them asks Shopify, and the others
    then find the new token. A second acquisition would void the first one's refresh token. The lock leaves the
    row's key alone (FOR NO KEY UPDATE): every row that belongs to the store refers to it, and who writes one,
    perhaps the very job that asks, neither waits for Shopify's answer nor keeps it from being asked for.
    Raises UnableToReachShop, TokenUnavailable.
    """
    with db.separate_transaction() as own:
        store = _locked(own, store_id, even_frozen=even_frozen)
        known = _unseal(store, cipher)
        is_fresh = known.expires_at - now > _RENEW_BEFORE
        if is_fresh and known.token != refused:
            return known.token
        try:
            renewed = refresh(known)
        except TokenRefused as error:
            problem = UnableToReachShop(f"{store.shop} must open Fluxor again: {error}")
        else:
            keep(store, renewed, cipher)
            return renewed.token
        store.status, store.status_reason = "reauthorize", str(problem)
    raise problem


def _locked(own: Session, store_id: int, *, even_frozen: bool) -> Store:
    store = own.execute(
        select(Store).where(Store.id == store_id).with_for_update(key_share=True)
    ).scalar_one_or_none()
    if store is None or not (store.is_active or (even_frozen and store.status == "frozen")):
        raise UnableToReachShop(f"Store {store_id} is not installed.")
    return store


def _unseal(store: Store, cipher: TokenCipher) -> AccessToken:
    if store.access_expires_at is None or store.refresh_expires_at is None:
        raise UnableToReachShop(f"{store.shop} has no token.")
    return AccessToken(
        shop=store.shop,
        token=cipher.unseal(store.access_token_sealed or "", context=f"{store.shop}:access"),
        expires_at=store.access_expires_at,
        refresh_token=cipher.unseal(store.refresh_token_sealed or "", context=f"{store.shop}:refresh"),
        refresh_expires_at=store.refresh_expires_at,
        scopes=tuple(store.scopes),
    )


def keep(store: Store, token: AccessToken, cipher: TokenCipher) -> None:
    """Seal a token into the row of its store."""
    store.access_token_sealed = cipher.seal(token.token, context=f"{store.shop}:access")
    store.refresh_token_sealed = cipher.seal(token.refresh_token, context=f"{store.shop}:refresh")
    store.access_expires_at, store.refresh_expires_at = token.expires_at, token.refresh_expires_at
    store.scopes = list(token.scopes)


@dataclass(frozen=True)
class Rotation:
    """How many stores' tokens were sealed anew, and which shops' tokens no key of ours opens, with the reason."""

    changed: int
    unopened: Mapping[str, str]


def rotate_keys(*, cipher: TokenCipher) -> Rotation:
    """Seal every token with the current key. One that does not open is left as it is and does not stop the rest."""
    changed, unopened = 0, {}
    with db.separate_transaction() as own:
        for store in own.execute(select(Store).order_by(Store.id).with_for_update(key_share=True)).scalars():
            if not store.access_token_sealed or not cipher.needs_rotation(store.access_token_sealed):
                continue
            try:
                keep(store, _unseal(store, cipher), cipher)
            except (CannotUnseal, UnableToReachShop) as error:
                unopened[store.shop] = str(error)
            else:
                changed += 1
    return Rotation(changed, unopened)
