"""Who a session belongs to, and the stores a user may switch between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.platform import db
from app.queries.stores import VIEW, StoreView, view_of


@dataclass(frozen=True)
class Visitor:
    """A user and, where the session names a store they belong to, their place in it."""

    user_id: int
    email: str
    version: int
    store_id: int | None
    shop: str
    member_id: int | None


@dataclass(frozen=True)
class Place:
    """A member as the access table wants them."""

    id: int
    name: str
    role: str
    language: str | None
    store_language: str
    store: StoreView


@dataclass(frozen=True)
class ConnectedStore:
    """One store of a user."""

    id: int
    shop: str
    name: str
    status: str


@dataclass(frozen=True)
class MailTarget:
    """Where a mail about an account goes."""

    email: str
    is_confirmed: bool


def visitor(user_id: int, store_id: int | None) -> Visitor | None:
    """The user, None when there is no such one. One statement."""
    found = db.rows(
        """
        SELECT u.id AS user_id, u.email, u.version, l.store_id, COALESCE(s.shop, '') AS shop, l.member_id
        FROM users u
        LEFT JOIN store_users l ON l.user_id = u.id AND l.store_id = CAST(:store AS bigint)
        LEFT JOIN stores s ON s.id = l.store_id
        WHERE u.id = :user
        """,
        user=user_id,
        store=store_id,
    )
    return Visitor(**found[0]._asdict()) if found else None


_PLACE = f"""
    SELECT m.id, m.name, m.role, m.language, COALESCE(t.language, '') AS store_language, {VIEW}
    FROM members m JOIN stores s ON s.id = m.store_id
    LEFT JOIN store_settings t ON t.store_id = m.store_id
"""  # noqa: S608


def place(member_id: int) -> Place | None:
    """The current store's member. One statement."""
    found = db.rows(f"{_PLACE} WHERE m.id = :id", id=member_id)
    return _place(found[0]) if found else None


def place_of_staff(shopify_user_id: str) -> Place | None:
    """The current store's member whom Shopify knows by that id. One statement."""
    found = db.rows(f"{_PLACE} WHERE m.shopify_user_id = :id", id=shopify_user_id)
    return _place(found[0]) if found else None


def _place(row: Any) -> Place:
    return Place(row.id, row.name, row.role, row.language, row.store_language, view_of(row))


@dataclass(frozen=True)
class MemberRow:
    """One member as the page of members shows them; `email` is a log-in's, staff is known by Shopify alone."""

    id: int
    name: str
    email: str | None
    role: str
    is_staff: bool
    created_at: datetime


def members() -> list[MemberRow]:
    """The current store's members, the owner first. One statement."""
    found = db.rows(
        "SELECT id, name, email, role, shopify_user_id IS NOT NULL AS is_staff, created_at FROM members"
        " ORDER BY array_position(ARRAY['owner', 'manager', 'viewer'], role), created_at, id"
    )
    return [MemberRow(**row._asdict()) for row in found]


def stores(user_id: int) -> list[ConnectedStore]:
    """The stores the user has connected, by name. One statement."""
    found = db.rows(
        """
        SELECT s.id, s.shop, CASE WHEN s.name = '' THEN s.shop ELSE s.name END AS name, s.status
        FROM store_users l JOIN stores s ON s.id = l.store_id WHERE l.user_id = :user ORDER BY 3, s.id
        """,
        user=user_id,
    )
    return [ConnectedStore(**row._asdict()) for row in found]


def mail_target(user_id: int) -> MailTarget | None:
    """Where to write to the user. One statement."""
    found = db.rows("SELECT email, confirmed_at FROM users WHERE id = :id", id=user_id)
    return MailTarget(found[0].email, found[0].confirmed_at is not None) if found else None
