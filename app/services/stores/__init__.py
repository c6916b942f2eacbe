"""Stores: installing, tokens that renew themselves once, members, settings, uninstalling."""

from app.services.stores.known import (
    Health,
    StoreNotFound,
    StoreRef,
    UnableToReachShop,
    active_ids,
    all_ids,
    find,
    frozen_ids,
    get,
    health,
    installed_at,
    is_installed,
    require_active,
)
from app.services.stores.life import erase, install, mark_available, mark_unavailable, uninstall
from app.services.stores.members import member_for
from app.services.stores.store_settings import (
    change_settings,
    describe,
    history_from,
    know_history_from,
    sees_all_orders,
    settings,
    time_zone,
)
from app.services.stores.tokens import Rotation, access_token, rotate_keys

__all__ = [
    "Health",
    "Rotation",
    "StoreNotFound",
    "StoreRef",
    "UnableToReachShop",
    "access_token",
    "active_ids",
    "all_ids",
    "change_settings",
    "describe",
    "erase",
    "find",
    "frozen_ids",
    "get",
    "health",
    "history_from",
    "install",
    "installed_at",
    "is_installed",
    "know_history_from",
    "mark_available",
    "mark_unavailable",
    "member_for",
    "require_active",
    "rotate_keys",
    "sees_all_orders",
    "settings",
    "time_zone",
    "uninstall",
]
