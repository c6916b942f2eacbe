"""Members as JSON: who may do what in the store, another role, and taking somebody off"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from app.blueprints.api.door import blueprint
from app.platform.access import Permission, Role, actor
from app.platform.api import paged
from app.platform.bodies import Done, Model, Paged, PageQuery
from app.platform.i18n import gettext
from app.queries.api import people as read
from app.services import stores

_TAG = "Members"


class Member(Model):
    """Somebody who may use the store."""

    id: int
    name: str
    email: str | None = Field(description="Of a log-in; null: staff, whom Shopify knows.")
    role: Role
    is_staff: bool
    timestamp: datetime = Field(description="When they joined.")


class Members(Paged[Member]):
    """One page of members, the owner first."""


class MemberChange(Model):
    """What is to change."""

    role: Role


@blueprint.read("/members", needs=Permission.SETTINGS_READ, tag=_TAG, answer=Members, query=PageQuery)
def list_members(query: PageQuery) -> dict[str, Any]:
    """List the members and their roles."""
    return paged(read.members(page=query.page, size=query.per_page), query)


@blueprint.change(
    "/members/<int:member_id>",
    needs=Permission.MEMBERS_MANAGE,
    tag=_TAG,
    answer=Member,
    body=MemberChange,
    also=(409,),
)
def change_member(member_id: int, body: MemberChange) -> dict[str, Any] | None:
    """Give a member another role. Who makes somebody else the owner becomes a manager by it."""
    stores.change_role(member_id, body.role, actor=actor())
    return read.member(member_id)


@blueprint.write(
    "/members/<int:member_id>/remove",
    needs=Permission.MEMBERS_MANAGE,
    tag=_TAG,
    answer=Done,
    also=(409,),
)
def remove_member(member_id: int) -> Done:
    """Take a member off the store; a log-in of theirs loses the way in. The owner stays."""
    stores.remove_member(member_id, actor=actor())
    return Done(message=gettext("Member removed"))
