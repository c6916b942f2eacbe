"""Members: the shop's staff as they first open the app"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.models.stores import Member
from app.platform import db
from app.platform.i18n import gettext
from app.services import audit
from app.services.stores.known import StoreNotFound


class MemberNotFound(LookupError):
    """The current store has no such member."""


class OwnerNeeded(ValueError):
    """A store has one owner at every moment: the role is handed over, never just taken away."""


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
    raise StoreNotFound(gettext("The member could not be created."))


def _roles_for_newcomer(session: Session) -> tuple[str, ...]:
    owners = session.execute(
        select(func.count()).select_from(Member).where(Member.role == "owner")
    ).scalar_one()
    return ("viewer",) if owners else ("owner", "viewer")


def change_role(member_id: int, role: str, *, actor: str) -> None:
    """Give a member another role. Who makes somebody else the owner becomes a manager by it.

    Raises MemberNotFound, OwnerNeeded.
    """
    member = _locked(member_id)
    if member.role == role:
        return
    if member.role == "owner":
        raise OwnerNeeded(gettext("Make somebody else the owner first. You become a manager by it."))
    session = db.session()
    if role == "owner":
        for owner in session.execute(
            select(Member).where(Member.role == "owner").with_for_update()
        ).scalars():
            owner.role = "manager"
        session.flush()
    audit.record(actor=actor, action="member.role", member=member.name, role=[member.role, role])
    member.role = role


def remove_member(member_id: int, *, actor: str) -> None:
    """Take a member off the store; a log-in of theirs loses the way in. Raises MemberNotFound, OwnerNeeded."""
    member = _locked(member_id)
    if member.role == "owner":
        raise OwnerNeeded(gettext("The owner cannot be removed. Make somebody else the owner first."))
    audit.record(actor=actor, action="member.removed", member=member.name, role=member.role)
    db.session().delete(member)


def _locked(member_id: int) -> Member:
    query = select(Member).where(Member.id == member_id).with_for_update()
    found = db.session().execute(query).scalar_one_or_none()
    if found is None:
        raise MemberNotFound(gettext("There is no such member."))
    return found
