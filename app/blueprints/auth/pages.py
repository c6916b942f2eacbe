"""Log in, sign up, confirm, reset and log out: the pages for work outside the Shopify admin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, redirect, request, url_for

from app.blueprints.auth import accounts
from app.blueprints.auth.routes import blueprint
from app.platform import limits, passwords, sessions, web
from app.platform.access import Open, SignedIn
from app.platform.forms import is_address
from app.platform.i18n import gettext
from app.platform.secrets import LinkRefused
from app.services.users import LinkUsed, LoginRefused

_DOOR = Open("whoever comes here has no proof of identity yet")


@blueprint.get("/login", needs=_DOOR)
def login() -> Response:
    """The form; `next` is a page of ours to go on to."""
    return _page("login", go_on=_go_on(request.args))


@blueprint.post("/login", needs=_DOOR, endpoint="log_in")
def log_in() -> Response:
    """Check the password."""
    email, go_on = _typed("email"), _go_on(request.form)
    try:
        accounts.log_in(email, _typed("password"))
    except (LoginRefused, limits.TooManyTries) as error:
        return _refused("login", error, email=email, go_on=go_on)
    return _to(go_on or url_for("dashboard.index"))


@blueprint.get("/signup", needs=_DOOR)
def signup() -> Response:
    """The form."""
    return _page("signup")


@blueprint.post("/signup", needs=_DOOR, endpoint="sign_up")
def sign_up() -> Response:
    """Take a sign-up; the answer is the same whether the address is known or not."""
    email, password = _typed("email"), _typed("password")
    errors = {**_email_errors(email), **_password_errors(password)}
    if errors:
        return _page("signup", status=422, errors=errors, email=email)
    try:
        accounts.sign_up(email, password)
    except limits.TooManyTries as error:
        return _refused("signup", error, email=email)
    return _page(
        "sent", words=gettext("We have sent a mail to %(email)s. Follow the link in it.", email=email)
    )


@blueprint.get("/confirm", needs=_DOOR)
def confirm() -> Response:
    """The form behind the mailed link. Opening it changes nothing: mail scanners open links too."""
    return _page("confirm", token=request.args.get("token", ""))


@blueprint.post("/confirm", needs=_DOOR, endpoint="do_confirm")
def do_confirm() -> Response:
    """Confirm the address and log in."""
    token = _typed("token")
    try:
        accounts.confirm(token, _typed("password"))
    except (LoginRefused, LinkRefused, LinkUsed, limits.TooManyTries) as error:
        return _refused("confirm", error, token=token)
    return _to(url_for("dashboard.index"))


@blueprint.get("/forgot", needs=_DOOR)
def forgot() -> Response:
    """The form."""
    return _page("forgot")


@blueprint.post("/forgot", needs=_DOOR, endpoint="ask_reset")
def ask_reset() -> Response:
    """Mail a link; the answer is the same whether the address is known or not."""
    email = _typed("email")
    errors = _email_errors(email)
    if errors:
        return _page("forgot", status=422, errors=errors, email=email)
    try:
        accounts.ask_reset(email)
    except limits.TooManyTries as error:
        return _refused("forgot", error, email=email)
    return _page(
        "sent", words=gettext("If %(email)s has an account, a mail with a link is on its way.", email=email)
    )


@blueprint.get("/reset", needs=_DOOR)
def reset() -> Response:
    """The form behind the mailed link."""
    return _page("reset", token=request.args.get("token", ""))


@blueprint.post("/reset", needs=_DOOR, endpoint="do_reset")
def do_reset() -> Response:
    """Set the new password and log in."""
    token, password = _typed("token"), _typed("password")
    errors = _password_errors(password)
    if errors:
        return _page("reset", status=422, errors=errors, token=token)
    try:
        accounts.reset(token, password)
    except (LinkRefused, LinkUsed, limits.TooManyTries) as error:
        return _refused("reset", error, token=token)
    return _to(url_for("dashboard.index"))


@blueprint.post("/logout", needs=SignedIn("ends the session that asks"))
def logout() -> Response:
    """Log out here, or everywhere."""
    accounts.log_out(everywhere=bool(request.form.get("everywhere")))
    return _to(url_for("auth.login"))


def _page(
    name: str, *, status: int = 200, errors: Mapping[str, str] | None = None, **values: Any
) -> Response:
    typed = {"email": values.pop("email", "")}
    return web.render(
        f"auth/{name}.html",
        status=status,
        errors=errors or {},
        typed=typed,
        rule=passwords.RULE,
        **{"problem": "", **values},
    )


def _refused(name: str, error: Exception, **values: Any) -> Response:
    if not isinstance(error, limits.TooManyTries):
        return _page(name, status=403, problem=str(error), **values)
    response = _page(name, status=429, problem=str(error), **values)
    response.headers["Retry-After"] = str(error.verdict.wait)
    return response


def _typed(name: str) -> str:
    text = request.form.get(name, "")
    return text if "password" in name else text.strip()


def _email_errors(email: str) -> dict[str, str]:
    return {} if is_address(email) else {"email": gettext("Enter an e-mail address, like name@example.com.")}


def _password_errors(password: str) -> dict[str, str]:
    problem = passwords.problem(password)
    if problem:
        return {"password": problem}
    if password != request.form.get("password_confirmation", ""):
        return {"password_confirmation": gettext("The two passwords differ. Type the same one twice.")}
    return {}


def _go_on(values: Mapping[str, str]) -> str:
    asked = values.get("next", "")
    return asked if sessions.is_local_path(asked) else ""


def _to(path: str) -> Response:
    return redirect(path, 303)  # type: ignore[return-value]
