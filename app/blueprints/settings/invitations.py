"""Invitations: ask somebody to join by mail, see what became of it, mail it again, withdraw it"""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_login import current_user

from app.blueprints.settings.door import blueprint
from app.jobs import invitations as jobs
from app.platform import clock, web
from app.platform.access import Permission, actor
from app.platform.forms import Form, is_address
from app.platform.i18n import gettext
from app.queries import invitations as read
from app.services import invitations
from app.services.invitations import UnableToInvite


@blueprint.get("/settings/members/invitations", needs=Permission.SETTINGS_READ)
def list_invitations() -> Response:
    """The open ones, for who may invite; the list asks for itself anew while a mail is under way."""
    return _list()


@blueprint.post("/settings/members/invitations", needs=Permission.MEMBERS_MANAGE)
def invite() -> Response:
    """Invite an address; the mail is a job's."""
    form = Form(request.form)
    email = form.text("email")
    form.choice("role", invitations.ROLES)
    if not is_address(email):
        form.errors["email"] = gettext("Enter an e-mail address, like name@example.com.")
    if form.is_valid:
        try:
            jobs.invite(current_user.store_id, email, form.values["role"], actor=actor(), now=clock.now())
        except UnableToInvite as error:
            form.errors["email"] = str(error)
        else:
            return web.toast(_list(), gettext("Invitation made"))
    return _list(status=422, errors=form.errors, typed={"email": email, "role": form.text("role")})


@blueprint.post("/settings/members/invitations/<int:invitation_id>/again", needs=Permission.MEMBERS_MANAGE)
def invite_again(invitation_id: int) -> Response:
    """Mail a new link to the address of one; the old link ends."""
    jobs.invite_again(current_user.store_id, invitation_id, actor=actor(), now=clock.now())
    return web.toast(_list(), gettext("Invitation made"))


@blueprint.post("/settings/members/invitations/<int:invitation_id>/withdraw", needs=Permission.MEMBERS_MANAGE)
def withdraw_invitation(invitation_id: int) -> Response:
    """Withdraw one; its link opens nothing any more."""
    invitations.withdraw(invitation_id, actor=actor(), now=clock.now())
    return web.toast(_list(), gettext("Invitation withdrawn"))


def listed() -> list[read.InvitationRow]:
    """What the page of members shows of them, to whom may invite; to others nothing."""
    if not current_user.may(Permission.MEMBERS_MANAGE):
        return []
    return read.open_ones(over_before=clock.now() - invitations.LIFETIME)


def _list(*, status: int = 200, **values: Any) -> Response:
    return web.render(
        "settings/_invitations.html",
        status=status,
        invitations=listed(),
        **{"errors": {}, "typed": {}, **values},
    )
