"""Invitations: an address is invited once, mailed once, and becomes a member through the link or is withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.models.invitations import Invitation
from app.platform import db
from app.platform.i18n import gettext
from app.services import audit, outbox, users
from app.services.users import LinkUsed

ROLES = ("viewer", "manager")
LIFETIME = timedelta(days=7)
MOST_OPEN = 50
_WAITS = (
    Invitation.accepted_at.is_(None),
    Invitation.withdrawn_at.is_(None),
)


class UnableToInvite(ValueError):
    """This address cannot be invited; the message says why and what to do."""


class InvitationOver(ValueError):
    """The invitation was accepted or withdrawn, or its week has passed; the message says what to do."""


class InvitationNotFound(LookupError):
    """The current store has no such invitation."""


@dataclass(frozen=True)
class Outgoing:
    """An invitation whose mail is ours to send now."""

    email: str
    role: str
    language: str
    invited_by: str


@dataclass(frozen=True)
class Invited:
    """An invitation that can be accepted, and whether somebody logs in with its address already."""

    id: int
    email: str
    role: str
    invited_by: str
    has_account: bool


def invite(email: str, role: str, *, language: str, actor: str, now: datetime) -> int:
    """Invite an address; returns the invitation's id, whose mail is to be sent. Raises UnableToInvite."""
    address = users.folded(email)
    _end_old(now)
    if db.rows("SELECT id FROM members WHERE lower(email) = :email LIMIT 1", email=address):
        raise UnableToInvite(gettext("This address belongs to a member already."))
    open_ones = db.rows(
        "SELECT email FROM invitations WHERE accepted_at IS NULL AND withdrawn_at IS NULL FOR UPDATE"
    )
    if any(one.email == address for one in open_ones):
        raise UnableToInvite(
            gettext("This address is invited already. Withdraw the invitation to send another one.")
        )
    if len(open_ones) >= MOST_OPEN:
        raise UnableToInvite(
            gettext("There are %(most)s invitations already. Withdraw one first.", most=MOST_OPEN)
        )
    made = Invitation(email=address, role=role, language=language, invited_by=actor, created_at=now)
    db.session().add(made)
    db.session().flush()
    audit.record(actor=actor, action="member.invited", email=address, role=role)
    return made.id


def withdraw(invitation_id: int, *, actor: str, now: datetime) -> None:
    """Withdraw an invitation: its link opens nothing any more. One that has ended stays as it is.

    Raises InvitationNotFound.
    """
    _require(invitation_id)
    found = _open(invitation_id)
    if found is None:
        return
    _close(found, now)
    audit.record(actor=actor, action="member.invitation_withdrawn", email=found.email)


def invite_again(invitation_id: int, *, language: str, actor: str, now: datetime) -> int:
    """Invite the address of an invitation anew, for another week; the old link opens nothing any more.

    Returns the new invitation's id, whose mail is to be sent. Raises InvitationNotFound, UnableToInvite.
    """
    withdraw(invitation_id, actor=actor, now=now)
    old = db.rows("SELECT email, role FROM invitations WHERE id = :id", id=invitation_id)[0]
    return invite(old.email, old.role, language=language, actor=actor, now=now)


def change_role(invitation_id: int, role: str, *, actor: str, now: datetime) -> None:
    """Let an invitation that waits make another role of its address. Raises InvitationNotFound, InvitationOver."""
    _require(invitation_id)
    found = _open(invitation_id)
    if found is None or _is_old(found, now):
        raise InvitationOver(gettext("This invitation is over. Invite the address again."))
    if found.role == role:
        return
    audit.record(actor=actor, action="member.invitation_role", email=found.email, role=[found.role, role])
    found.role = role


def claim(invitation_id: int, *, now: datetime) -> Outgoing | None:
    """Take the mail of an invitation for sending; None when somebody else has it, or it is withdrawn.

    The caller commits this before it asks the mail service, so that a second job leaves the mail alone.
    """
    query = select(Invitation).where(Invitation.id == invitation_id, Invitation.status == "queued", *_WAITS)
    found = db.session().execute(query.with_for_update()).scalar_one_or_none()
    if found is None:
        return None
    found.status, found.claimed_at = "sending", now
    return Outgoing(found.email, found.role, found.language, found.invited_by)


def note_sent(invitation_id: int, *, now: datetime) -> None:
    """Note that the mail service took the mail."""
    db.execute(
        "UPDATE invitations SET status = 'sent', sent_at = :now, error = '' WHERE id = :id",
        id=invitation_id,
        now=now,
    )


def refuse(invitation_id: int, *, reason: str) -> None:
    """Note that the mail service refused the mail for good."""
    db.execute(
        "UPDATE invitations SET status = 'failed', error = :reason WHERE id = :id",
        id=invitation_id,
        reason=reason,
    )


def release(invitation_id: int, *, reason: str) -> None:
    """Put a mail back after the mail service could not be reached."""
    outbox.release("invitations", invitation_id, reason=reason)


def unsent(*, now: datetime, waits: timedelta) -> list[int]:
    """Invitations whose mail's job was lost; what nobody knows about is said rather than sent a second time."""
    return outbox.unsent("invitations", now=now, waits=waits)


def invited(invitation_id: int, *, now: datetime) -> Invited:
    """The invitation behind a link. Raises LinkUsed for one that is over."""
    found = _open(invitation_id)
    if found is None or _is_old(found, now):
        raise LinkUsed(gettext("This invitation is over."))
    return Invited(found.id, found.email, found.role, found.invited_by, users.has_account(found.email))


def accept(invitation_id: int, user_id: int, *, store_id: int, now: datetime) -> None:
    """Make the user, whose address is the invited one, a member of the current store. Raises LinkUsed."""
    known = invited(invitation_id, now=now)
    users.join_as(user_id, known.email, known.role, store_id=store_id)
    db.execute("UPDATE invitations SET accepted_at = :now WHERE id = :id", id=invitation_id, now=now)


def _require(invitation_id: int) -> None:
    if not db.rows("SELECT id FROM invitations WHERE id = :id", id=invitation_id):
        raise InvitationNotFound(gettext("There is no such invitation."))


def _is_old(found: Invitation, now: datetime) -> bool:
    return found.created_at + LIFETIME <= now


def _open(invitation_id: int) -> Invitation | None:
    query = select(Invitation).where(Invitation.id == invitation_id, *_WAITS)
    return db.session().execute(query.with_for_update()).scalar_one_or_none()


def _close(found: Invitation, now: datetime) -> None:
    found.withdrawn_at = now
    if found.status == "queued":
        found.status = "failed"


def _end_old(now: datetime) -> None:
    """What nobody accepted in time makes room for a new invitation."""
    db.execute(
        "UPDATE invitations SET withdrawn_at = :now,"
        " status = CASE status WHEN 'queued' THEN 'failed' ELSE status END"
        " WHERE accepted_at IS NULL AND withdrawn_at IS NULL AND created_at <= :limit",
        now=now,
        limit=now - LIFETIME,
    )
