"""Stores: installing, tokens that renew themselves once, members, settings, uninstalling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.models.stores import Erasure, Member, Store, StoreSettings
from app.platform import db, tenancy
from app.platform.secrets import CannotUnseal, TokenCipher
from app.services import audit
from app.shopify.access_token import AccessToken, TokenRefused
from app.shopify.rows import ShopRow

_RENEW_BEFORE = timedelta(minutes=5)


class StoreNotFound(LookupError):
    """There is no such store, or it has uninstalled us."""


class UnableToReachShop(RuntimeError):
    """We hold no token that Shopify accepts: the merchant has to open the app once."""


@dataclass(frozen=True)
class StoreRef:
    """What jobs and the request loader need of a store."""

    id: int
    shop: str
    is_active: bool
    token_expires_at: datetime | None


def find(shop: str) -> StoreRef | None:
    """The store of that myshopify domain, installed or not."""
    store = db.session().execute(select(Store).where(Store.shop == shop)).scalar_one_or_none()
    return None if store is None else _ref(store)


def get(store_id: int) -> StoreRef:
    """The store. Raises StoreNotFound."""
    store = db.session().get(Store, store_id)
    if store is None:
        raise StoreNotFound(f"There is no store {store_id}.")
    return _ref(store)


def is_installed(store_id: int) -> bool:
    """Whether the store still has us installed (it may be frozen, or have to open the app again)."""
    query = select(Store.status).where(Store.id == store_id)
    return db.session().execute(query).scalar_one_or_none() not in (None, "uninstalled")


def frozen_ids() -> list[int]:
    """The ids of the stores that Shopify had frozen or locked when we last asked."""
    query = select(Store.id).where(Store.status == "frozen", Store.access_token_sealed.is_not(None))
    return list(db.session().execute(query.order_by(Store.id)).scalars())


def active_ids() -> list[int]:
    """The ids of all stores that jobs may work for."""
    query = select(Store.id).where(Store.status == "installed", Store.access_token_sealed.is_not(None))
    return list(db.session().execute(query.order_by(Store.id)).scalars())


@dataclass(frozen=True)
class Health:
    """What an operator asks of a store; `refresh_expires_at` is when the merchant would have to come back."""

    id: int
    shop: str
    status: str
    reason: str
    refresh_expires_at: datetime | None


def health() -> list[Health]:
    """Every store that has not left, with why it is put away, if it is."""
    query = select(Store).where(Store.status != "uninstalled").order_by(Store.id)
    return [
        Health(store.id, store.shop, store.status, store.status_reason, store.refresh_expires_at)
        for store in db.session().execute(query).scalars()
    ]


def _ref(store: Store) -> StoreRef:
    return StoreRef(store.id, store.shop, store.is_active, store.access_expires_at)


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
            select(Store).where(Store.shop == token.shop).with_for_update()
        ).scalar_one_or_none()
        if store is None:
            store = Store(shop=token.shop, scopes=list(token.scopes))
            own.add(store)
        if store.status != "installed" or store.uninstalled_at is not None:
            store.installed_at = now
        store.status, store.status_reason, store.uninstalled_at = "installed", "", None
        _keep(store, token, cipher)
        own.flush()
        return store.id


def _keep(store: Store, token: AccessToken, cipher: TokenCipher) -> None:
    store.access_token_sealed = cipher.seal(token.token, context=f"{store.shop}:access")
    store.refresh_token_sealed = cipher.seal(token.refresh_token, context=f"{store.shop}:refresh")
    store.access_expires_at, store.refresh_expires_at = token.expires_at, token.refresh_expires_at
    store.scopes = list(token.scopes)


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
    then find the new token. A second acquisition would void the first one's refresh token.
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
            _keep(store, renewed, cipher)
            return renewed.token
        store.status, store.status_reason = "reauthorize", str(problem)
    raise problem


def _locked(own: Session, store_id: int, *, even_frozen: bool) -> Store:
    store = own.execute(select(Store).where(Store.id == store_id).with_for_update()).scalar_one_or_none()
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


@dataclass(frozen=True)
class Rotation:
    """How many stores' tokens were sealed anew, and which shops' tokens no key of ours opens, with the reason."""

    changed: int
    unopened: Mapping[str, str]


def rotate_keys(*, cipher: TokenCipher) -> Rotation:
    """Seal every token with the current key. One that does not open is left as it is and does not stop the rest."""
    changed, unopened = 0, {}
    with db.separate_transaction() as own:
        for store in own.execute(select(Store).order_by(Store.id).with_for_update()).scalars():
            if not store.access_token_sealed or not cipher.needs_rotation(store.access_token_sealed):
                continue
            try:
                _keep(store, _unseal(store, cipher), cipher)
            except (CannotUnseal, UnableToReachShop) as error:
                unopened[store.shop] = str(error)
            else:
                changed += 1
    return Rotation(changed, unopened)


def uninstall(*, shop: str, now: datetime, triggered_at: datetime | None = None) -> None:
    """Forget the tokens and stop all work of a store; its data stay until Shopify asks for their deletion.

    News of an uninstallation from before the present installation come too late to count.
    """
    with db.separate_transaction() as own:
        store = own.execute(select(Store).where(Store.shop == shop).with_for_update()).scalar_one_or_none()
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


def describe(row: ShopRow) -> None:
    """Take over name, time zone, currency and scopes of the current store."""
    store = db.session().get(Store, tenancy.require_store())
    if store is None:
        raise StoreNotFound("The store is gone.")
    store.name, store.time_zone, store.currency = row.name, row.time_zone, row.currency
    if row.scopes:
        store.scopes = list(row.scopes)


def member_for(user_id: str) -> Member:
    """The member with this Shopify user id; the first ever becomes owner, later ones viewers."""
    session = db.session()
    member = session.execute(select(Member).where(Member.shopify_user_id == user_id)).scalar_one_or_none()
    if member is not None:
        return member
    for role in _roles_for_newcomer(session):
        member = Member(shopify_user_id=user_id, role=role, name=f"Staff {user_id}")
        try:
            with session.begin_nested():
                session.add(member)
        except IntegrityError:  # somebody else became owner, or this very user arrived twice at once
            found = session.execute(
                select(Member).where(Member.shopify_user_id == user_id)
            ).scalar_one_or_none()
            if found is not None:
                return found
            continue
        audit.record(actor=f"user:{user_id}", action="member.joined", role=role)
        return member
    raise StoreNotFound("The member could not be created.")


def _roles_for_newcomer(session: Session) -> tuple[str, ...]:
    owners = session.execute(
        select(func.count()).select_from(Member).where(Member.role == "owner")
    ).scalar_one()
    return ("viewer",) if owners else ("owner", "viewer")


def settings() -> StoreSettings:
    """The current store's settings, made with their defaults when first asked for."""
    session = db.session()
    found = session.execute(select(StoreSettings)).scalar_one_or_none()
    if found is None:
        found = StoreSettings()
        session.add(found)
        session.flush()
    return found


def change_settings(values: Mapping[str, Any], *, actor: str, now: datetime) -> dict[str, tuple[Any, Any]]:
    """Change settings that were checked before; returns what changed as name → (old, new)."""
    current = settings()
    changed = {
        name: (getattr(current, name), value)
        for name, value in values.items()
        if getattr(current, name) != value
    }
    for name, (_, value) in changed.items():
        setattr(current, name, value)
    if changed:
        current.updated_at = now
        audit.record(actor=actor, action="settings.changed", changes={k: list(v) for k, v in changed.items()})
    return changed


def history_from() -> date | None:
    """The first store-local day of the current store that we know whole; None: all there ever was."""
    store = db.session().get(Store, tenancy.require_store())
    return None if store is None else store.history_from


def know_history_from(day: date | None) -> None:
    """Note the first store-local day that we know whole."""
    store = db.session().get(Store, tenancy.require_store())
    if store is not None:
        store.history_from = day


def sees_all_orders() -> bool:
    """Whether Shopify shows us orders older than 60 days."""
    store = db.session().get(Store, tenancy.require_store())
    return store is not None and "read_all_orders" in store.scopes


def require_active(store_id: int) -> None:
    """Raises UnableToReachShop when the store was uninstalled, or put away, since the work began."""
    status = db.session().execute(select(Store.status).where(Store.id == store_id)).scalar_one_or_none()
    if status != "installed":
        raise UnableToReachShop(f"Store {store_id} is {status or 'gone'}.")


def time_zone() -> str:
    """The zone in which the current store's days begin: the merchant's choice, else Shopify's."""
    store = db.session().get(Store, tenancy.require_store())
    return settings().time_zone or (store.time_zone if store else "UTC")
