"""Which stores there are, and which of them jobs may work for"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.models.stores import Store
from app.platform import db


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
    # Written by hand, because each request of the admin begins with it: an ORM read weighs every class's criteria.
    found = db.rows(
        "SELECT id, shop, status = 'installed' AND access_token_sealed IS NOT NULL AS is_active,"
        " access_expires_at AS token_expires_at FROM stores WHERE shop = :shop",
        shop=shop,
    )
    return StoreRef(**found[0]._asdict()) if found else None


def get(store_id: int) -> StoreRef:
    """The store. Raises StoreNotFound."""
    store = db.session().get(Store, store_id)
    if store is None:
        raise StoreNotFound(f"There is no store {store_id}.")
    return _ref(store)


def installed_at(store_id: int) -> datetime:
    """When the present installation began. Raises StoreNotFound."""
    store = db.session().get(Store, store_id)
    if store is None:
        raise StoreNotFound(f"There is no store {store_id}.")
    return store.installed_at


def is_installed(store_id: int) -> bool:
    """Whether the store still has us installed (it may be frozen, or have to open the app again)."""
    query = select(Store.status).where(Store.id == store_id)
    return db.session().execute(query).scalar_one_or_none() not in (None, "uninstalled")


def require_active(store_id: int) -> None:
    """Raises UnableToReachShop when the store was uninstalled, or put away, since the work began."""
    status = db.session().execute(select(Store.status).where(Store.id == store_id)).scalar_one_or_none()
    if status != "installed":
        raise UnableToReachShop(f"Store {store_id} is {status or 'gone'}.")


def all_ids() -> list[int]:
    """The ids of all stores that we hold anything of, also of those that have left."""
    return list(db.session().execute(select(Store.id).order_by(Store.id)).scalars())


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
