"""Members: the shop's staff as they first open the app"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.models.stores import Member
from app.platform import db
from app.services import audit
from app.services.stores.known import StoreNotFound


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
