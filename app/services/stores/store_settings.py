"""The current store's settings, and what Shopify says of it: zone, scopes, how far back its orders go"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.models.stores import Store, StoreSettings
from app.platform import db, tenancy
from app.services import audit, settling
from app.services.stores.known import StoreNotFound
from app.shopify.rows import ShopRow

# With another of these no target is comparable with the one before.
_OTHER_TARGETS = {"engine", "service_by"}


def settings() -> StoreSettings:
    """The current store's settings, made with their defaults when first asked for."""
    session = db.session()
    found = session.execute(select(StoreSettings)).scalar_one_or_none()
    if found is not None:
        return found
    # The first sync's job and the first page ask at the same moment: what the other one wrote is taken.
    with suppress(IntegrityError), session.begin_nested():
        session.add(StoreSettings())
    return session.execute(select(StoreSettings)).scalar_one()


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
        if changed.keys() & _OTHER_TARGETS:
            settling.forget()
        current.updated_at = now
        audit.record(actor=actor, action="settings.changed", changes={k: list(v) for k, v in changed.items()})
    return changed


def time_zone() -> str:
    """The zone in which the current store's days begin: the merchant's choice, else Shopify's."""
    store = db.session().get(Store, tenancy.require_store())
    return settings().time_zone or (store.time_zone if store else "UTC")


def currency() -> str:
    """The current store's currency code; empty as long as Shopify has not told it."""
    store = db.session().get(Store, tenancy.require_store())
    return store.currency if store else ""


def describe(row: ShopRow) -> None:
    """Take over name, time zone, currency and scopes of the current store."""
    store = db.session().get(Store, tenancy.require_store())
    if store is None:
        raise StoreNotFound("The store is gone.")
    store.name, store.time_zone, store.currency = row.name, row.time_zone, row.currency
    if row.scopes:
        store.scopes = list(row.scopes)


def sees_all_orders() -> bool:
    """Whether Shopify shows us orders older than 60 days."""
    store = db.session().get(Store, tenancy.require_store())
    return store is not None and "read_all_orders" in store.scopes


def history_from() -> date | None:
    """The first store-local day of the current store that we know whole; None: all there ever was."""
    store = db.session().get(Store, tenancy.require_store())
    return None if store is None else store.history_from


def know_history_from(day: date | None) -> None:
    """Note the first store-local day that we know whole."""
    store = db.session().get(Store, tenancy.require_store())
    if store is not None:
        store.history_from = day
