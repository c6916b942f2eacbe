"""Invitations as JSON: who was asked to join, and asking somebody, once more or no more"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from flask_login import current_user
from pydantic import Field

from app.blueprints.api.door import blueprint
from app.jobs import invitations as jobs
from app.platform import clock
from app.platform.access import Permission, actor
from app.platform.api import paged
from app.platform.bodies import Done, Email, Model, OneOf, Paged, PageQuery
from app.platform.i18n import gettext
from app.queries.api import people as read
from app.services import invitations as service

_TAG = "Members"
_NEEDS = Permission.MEMBERS_MANAGE
GivenRole = Annotated[str, OneOf(service.ROLES)]


class Invitation(Model):
    """An address that was asked to join and has not done so yet."""

    id: int
    email: str
    role: GivenRole = Field(description="What the address becomes by accepting.")
    invited_by: str
    status: Literal["queued", "sending", "sent", "failed"] = Field(description="Of the mail.")
    error: str = Field(description="Why the mail was not sent, or not yet; empty: nothing is wrong.")
    timestamp: datetime = Field(description="When it was made.")
    sent_at: datetime | None
    ends_at: datetime = Field(description="From then on the link opens nothing.")


class Invitations(Paged[Invitation]):
    """One page of invitations, newest first."""


class InvitationWanted(Model):
    """Whom to invite."""

    email: Email
    role: GivenRole


class InvitationChange(Model):
    """What is to change."""

    role: GivenRole


@blueprint.read("/invitations", needs=Permission.SETTINGS_READ, tag=_TAG, answer=Invitations, query=PageQuery)
def list_invitations(query: PageQuery) -> dict[str, Any]:
    """List the invitations that nobody has accepted or withdrawn.

    For who may invite; to others the list is empty.
    """
    if not current_user.may(_NEEDS):
        return paged({"items": [], "total": 0}, query)
    found = read.invitations(lifetime=service.LIFETIME, page=query.page, size=query.per_page)
    return paged(found, query)


@blueprint.write(
    "/invitations",
    needs=_NEEDS,
    tag=_TAG,
    answer=Invitation,
    body=InvitationWanted,
    status=201,
    also=(409,),
)
def invite(body: InvitationWanted) -> dict[str, Any]:
    """Invite an address: it gets one mail with a link that works for a week, once.

    The link is in the mail alone. 20 invitations a day; 409 for a member's address or one that is invited.
    """
    store_id, now = current_user.store_id, clock.now()
    return _shown(jobs.invite(store_id, body.email, body.role, actor=actor(), now=now))


@blueprint.change(
    "/invitations/<int:invitation_id>",
    needs=_NEEDS,
    tag=_TAG,
    answer=Invitation,
    body=InvitationChange,
    also=(409,),
)
def change_invitation(invitation_id: int, body: InvitationChange) -> dict[str, Any]:
    """Let an invitation give another role. No mail is sent: the page behind the link names the role."""
    service.change_role(invitation_id, body.role, actor=actor(), now=clock.now())
    return _shown(invitation_id)


@blueprint.write(
    "/invitations/<int:invitation_id>/resend",
    needs=_NEEDS,
    tag=_TAG,
    answer=Invitation,
    status=201,
    also=(409,),
)
def resend_invitation(invitation_id: int) -> dict[str, Any]:
    """Invite the same address anew for another week, with a new link and a new id; the old link ends."""
    made = jobs.invite_again(current_user.store_id, invitation_id, actor=actor(), now=clock.now())
    return _shown(made)


@blueprint.write("/invitations/<int:invitation_id>/withdraw", needs=_NEEDS, tag=_TAG, answer=Done)
def withdraw_invitation(invitation_id: int) -> Done:
    """Withdraw an invitation: its link opens nothing any more. One that is over stays as it is."""
    service.withdraw(invitation_id, actor=actor(), now=clock.now())
    return Done(message=gettext("Invitation withdrawn"))


def _shown(invitation_id: int) -> dict[str, Any]:
    return read.invitation(invitation_id, lifetime=service.LIFETIME)
