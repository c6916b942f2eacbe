"""Members and their roles: who may do what in this store"""

from __future__ import annotations

from typing import Any

from flask import Response, abort, request
from flask_login import current_user

from app.blueprints.settings import invitations
from app.blueprints.settings.door import blueprint
from app.platform import web
from app.platform.access import Permission, Role, actor
from app.platform.i18n import gettext
from app.queries import users
from app.services import stores


@blueprint.get("/settings/members", needs=Permission.SETTINGS_READ)
def members() -> Response:
    """The list."""
    return _render("settings/members.html", invitations=invitations.listed(), errors={}, typed={})


@blueprint.post("/settings/members/<int:member_id>/role", needs=Permission.MEMBERS_MANAGE)
def change_role(member_id: int) -> Response:
    """Give a member another role."""
    role = request.form.get("role", "")
    if all(one.id != member_id for one in users.members()):
        raise stores.MemberNotFound
    if role not in set(Role):
        abort(400)
    stores.change_role(member_id, role, actor=actor())
    if role == Role.OWNER and member_id != current_user.member_id:
        # The page is another one for who is no longer the owner.
        return Response(status=204, headers={"HX-Redirect": web.page_url("settings.members")})
    return web.toast(_render("settings/_members.html"), gettext("Role changed"))


@blueprint.post("/settings/members/<int:member_id>/remove", needs=Permission.MEMBERS_MANAGE)
def remove_member(member_id: int) -> Response:
    """Take a member off the store."""
    stores.remove_member(member_id, actor=actor())
    return web.toast(_render("settings/_members.html"), gettext("Member removed"))


def _render(template: str, **values: Any) -> Response:
    return web.render(template, members=users.members(), own_id=current_user.member_id, **values)
