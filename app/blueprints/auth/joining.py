"""Join a store by an invitation's link: with an account that is there, or with one that is made here"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import Response, abort, redirect, request, url_for
from flask_login import current_user

from app.blueprints.auth import accounts
from app.blueprints.auth.routes import blueprint
from app.jobs import invitations as jobs
from app.platform import clock, db, limits, passwords, sessions, tenancy, web
from app.platform.access import Open, SignedIn
from app.platform.i18n import gettext
from app.platform.secrets import LinkRefused
from app.platform.sessions import Session
from app.queries import stores, users
from app.services import invitations
from app.services.invitations import Invited
from app.services.users import LinkUsed

_LINK = Open("the link in a mail is signed and names one store and invitation")


@dataclass(frozen=True)
class _Place:
    """The store that a link leads to, and the invitation as it stands."""

    store_id: int
    store_name: str
    invited: Invited


@blueprint.get("/join", needs=_LINK)
def join() -> Response:
    """Say who invites to what. Opening it changes nothing: mail scanners open links too."""
    return _page(request.args.get("token", ""))


@blueprint.post("/join", needs=_LINK, endpoint="do_join")
def do_join() -> Response:
    """Accept the invitation with a new account; an address that has one logs in with it first."""
    token, password = request.form.get("token", ""), request.form.get("password", "")
    try:
        place = _place(token)
        if place.invited.has_account:
            return _page(token, status=403)
        errors = _password_errors(password)
        if errors:
            return _page(token, status=422, errors=errors)
        return _enter(place, lambda: accounts.open_invited(place.invited.email, password))
    except (LinkRefused, LinkUsed, limits.TooManyTries) as error:
        return _over(str(error))


@blueprint.post("/join/accept", needs=SignedIn("who was invited accepts with their own account"))
def accept() -> Response:
    """Accept the invitation as who is logged in."""
    session = sessions.current()
    if session is None:
        abort(404)  # inside the admin everybody is a member already
    try:
        return _enter(_place(request.form.get("token", "")), lambda: session)
    except (LinkRefused, LinkUsed) as error:
        return _over(str(error), status=422)


def _password_errors(password: str) -> dict[str, str]:
    if problem := passwords.problem(password):
        return {"password": problem}
    if password != request.form.get("password_confirmation", ""):
        return {"password_confirmation": gettext("The two passwords differ. Type the same one twice.")}
    return {}


def _enter(place: _Place, session_of: Callable[[], Session]) -> Response:
    """Become a member, and look at the store. Raises LinkUsed if the invitation is for another address."""
    with tenancy.store_scope(db.session(), place.store_id), db.transaction():
        session = session_of()
        invitations.accept(place.invited.id, session.user_id, store_id=place.store_id, now=clock.now())
    sessions.keep(replace(session, store_id=place.store_id))
    return redirect(url_for("dashboard.index"), 303)  # type: ignore[return-value]


def _place(token: str) -> _Place:
    """Raises LinkRefused, LinkUsed."""
    claims = jobs.signer().open(token, max_age_seconds=int(invitations.LIFETIME.total_seconds()))
    store_id = int(claims["store"])
    with tenancy.store_scope(db.session(), store_id):
        invited = invitations.invited(int(claims["invitation"]), now=clock.now())
        return _Place(store_id, stores.store().name, invited)


def _page(token: str, *, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    try:
        place = _place(token)
    except (LinkRefused, LinkUsed) as error:
        return _over(str(error))
    return web.render(
        "auth/join.html",
        status=status,
        place=place,
        token=token,
        errors=errors or {},
        typed={},
        rule=passwords.RULE,
        problem="",
        logged_in_as=_logged_in_as(),
    )


def _over(problem: str, *, status: int = 403) -> Response:
    return web.render("auth/join.html", status=status, place=None, problem=problem, errors={}, typed={})


def _logged_in_as() -> str:
    """The address of who is logged in; empty for nobody."""
    if not current_user.is_authenticated:  # this question is what reads the session of an open page
        return ""
    session = sessions.current()
    visitor = None if session is None else users.visitor(session.user_id, None)
    return "" if visitor is None else visitor.email
