"""Accounts and stores as JSON: sign up, log in and out, who am I, connect and choose a store."""

from __future__ import annotations

from flask import abort
from flask_login import current_user

from app.blueprints.auth import accounts, connecting
from app.blueprints.auth.bodies import (
    Authorization,
    AuthorizeQuery,
    CallbackQuery,
    Confirm,
    ConnectedAnswer,
    Credentials,
    LoggedInAnswer,
    LogOutQuery,
    Me,
    Person,
    SignUp,
    StoreChoice,
    Stores,
)
from app.platform import sessions
from app.platform.access import Account, Open, Permission, SignedIn
from app.platform.api import ApiBlueprint
from app.platform.bodies import Done
from app.platform.i18n import gettext
from app.platform.sessions import Session
from app.queries import users
from app.queries.users import ConnectedStore
from app.services.users import LoggedIn
from app.shopify.authorization_code import clean_shop

blueprint = ApiBlueprint("auth_api", __name__)
_DOOR = Open("whoever comes here has no proof of identity yet")
_OWN = SignedIn("a user's own account and stores")
CALLBACK = "/api/shopify/callback"


@blueprint.write("/auth/signup", needs=_DOOR, tag="Accounts", answer=Done, body=SignUp, status=202)
def signup(body: SignUp) -> Done:
    """Sign up. The answer is the same whether the address is known or not; what follows comes by mail."""
    accounts.sign_up(body.email, body.password)
    return Done(
        message=gettext("We have sent a mail. Follow the link in it, or send its token to /api/auth/confirm.")
    )


@blueprint.write(
    "/auth/confirm", needs=_DOOR, tag="Accounts", answer=LoggedInAnswer, body=Confirm, also=(401, 403)
)
def confirm(body: Confirm) -> LoggedInAnswer:
    """Confirm an address by the token of the mailed link, and log in."""
    return _session(*accounts.confirm(body.token, body.password))


@blueprint.write(
    "/auth/login", needs=_DOOR, tag="Accounts", answer=LoggedInAnswer, body=Credentials, also=(401,)
)
def login(body: Credentials) -> LoggedInAnswer:
    """Log in. Tries are limited; `Retry-After` says when the next one counts."""
    return _session(*accounts.log_in(body.email, body.password))


@blueprint.write("/auth/logout", needs=_OWN, tag="Accounts", answer=Done, query=LogOutQuery, also=(404,))
def logout(query: LogOutQuery) -> Done:
    """Log out: the token ends now."""
    _require_session()
    accounts.log_out(everywhere=query.everywhere)
    return Done(message=gettext("You are logged out."))


@blueprint.read("/auth/me", needs=_OWN, tag="Accounts", answer=Me)
def me() -> Me:
    """Tell who is asking, in which store, and what they may do."""
    visitor = current_user._get_current_object()
    if isinstance(visitor, Account):
        person = Person(id=visitor.user_id, name=visitor.name)
        return Me(user=person, store_id=None, shop=None, role=None, permissions=[])
    return Me(
        user=Person(id=visitor.user_id, name=visitor.name),
        store_id=visitor.store_id,
        shop=visitor.shop,
        role=visitor.role,
        permissions=sorted(permission for permission in Permission if visitor.may(permission)),
    )


@blueprint.read(
    "/shopify/authorize", needs=_OWN, tag="Stores", answer=Authorization, query=AuthorizeQuery, also=(404,)
)
def authorize(query: AuthorizeQuery) -> Authorization:
    """Begin to connect a store: open the address in the browser that asked."""
    _require_session()
    shop = clean_shop(query.shop)
    if shop is None:
        abort(404)
    url = connecting.begin(shop, redirect_path=CALLBACK)
    return Authorization(success=True, authorization_url=url)


@blueprint.read(
    "/shopify/callback",
    needs=_OWN,
    tag="Stores",
    answer=ConnectedAnswer,
    query=CallbackQuery,
    also=(400, 404),
)
def callback(query: CallbackQuery) -> ConnectedAnswer:
    """Take Shopify's answer: the store is connected and its first sync begins."""
    _require_session()
    found = connecting.finish()
    return ConnectedAnswer(success=True, store_id=found.store_id, shop=found.shop, token=found.token)


@blueprint.read("/shopify/stores", needs=_OWN, tag="Stores", answer=Stores)
def stores() -> Stores:
    """List the stores that the user has connected."""
    session = sessions.current()
    found: list[ConnectedStore] = [] if session is None else users.stores(session.user_id)
    return Stores(
        items=[StoreChoice.model_validate(store) for store in found],
        current_store_id=getattr(current_user, "store_id", None),
    )


@blueprint.write("/shopify/stores/<int:store_id>/select", needs=_OWN, tag="Stores", answer=LoggedInAnswer)
def select(store_id: int) -> LoggedInAnswer:
    """Look at another store of the user: the new token is for it."""
    return _answer(accounts.switch(store_id))


def _require_session() -> None:
    """Inside the admin the store is connected already."""
    if sessions.current() is None:
        abort(404)


def _session(_found: LoggedIn, session: Session) -> LoggedInAnswer:
    return _answer(session)


def _answer(session: Session) -> LoggedInAnswer:
    return LoggedInAnswer(
        success=True,
        token=sessions.encode(session),
        expires_at=session.expires_at.replace(microsecond=0),
        store_id=session.store_id,
    )
