"""Accounts and stores as JSON: sign up, log in and out, who am I, connect and choose a store."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from flask import abort
from flask_login import current_user
from pydantic import AfterValidator, Field, model_validator

from app.blueprints.auth import accounts, connecting
from app.platform import passwords, sessions
from app.platform.access import Account, Open, Permission, Role, SignedIn
from app.platform.api import ApiBlueprint, Done, Model, Query
from app.platform.forms import is_address
from app.platform.sessions import Session
from app.queries import users
from app.queries.users import ConnectedStore
from app.services.users import LoggedIn
from app.shopify.authorization_code import clean_shop

blueprint = ApiBlueprint("auth_api", __name__)
_DOOR = Open("whoever comes here has no proof of identity yet")
_OWN = SignedIn("a user's own account and stores")
CALLBACK = "/api/shopify/callback"


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError("Enter an e-mail address, like name@example.com.")
    return text


def _new_password(text: str) -> str:
    problem = passwords.problem(text)
    if problem:
        raise ValueError(problem)
    return text


Email = Annotated[str, AfterValidator(_address), Field(max_length=254, json_schema_extra={"format": "email"})]
Password = Annotated[str, Field(max_length=passwords.LONGEST, json_schema_extra={"format": "password"})]
NewPassword = Annotated[Password, AfterValidator(_new_password), Field(description=passwords.RULE)]
Token = Annotated[str, Field(max_length=2000)]


class SignUp(Model):
    """A wish to sign up; the password twice."""

    email: Email
    password: NewPassword
    password_confirmation: Password

    @model_validator(mode="after")
    def _agree(self) -> SignUp:
        if self.password != self.password_confirmation:
            raise ValueError("The two passwords differ. Send the same one twice.")
        return self


class Confirm(Model):
    """The token of the mailed link, and the password chosen at sign-up."""

    token: Token
    password: Password


class Credentials(Model):
    """Who logs in."""

    email: Annotated[str, Field(max_length=254, pattern=r"^[^\x00]*$")]
    password: Password


class LogOutQuery(Query):
    """Which sessions to end."""

    everywhere: bool = Field(False, description="All sessions of the user, not this one alone.")


class StoreChoice(Model):
    """One store of the user."""

    id: int
    shop: str
    name: str
    status: Literal["installed", "uninstalled", "frozen", "reauthorize"]


class Stores(Model):
    """The stores that the user has connected, and which one this session looks at."""

    items: list[StoreChoice]
    current_store_id: int | None


class LoggedInAnswer(Model):
    """A session. The cookie that comes along holds the same token."""

    success: bool
    token: str
    expires_at: datetime
    store_id: int | None = Field(description="The store it looks at; null: connect one first.")


class Person(Model):
    """A user; inside the admin Shopify knows them, so there is neither id nor address of ours."""

    id: int | None
    name: str


class Me(Model):
    """Who is asking."""

    user: Person
    store_id: int | None
    shop: str | None
    role: Role | None
    permissions: list[Permission]


class AuthorizeQuery(Query):
    """Which store to connect."""

    shop: Annotated[str, Field(max_length=255, description="A myshopify domain.")]


class CallbackQuery(Query):
    """What Shopify sends back."""

    code: Annotated[str, Field(max_length=255)]
    shop: Annotated[str, Field(max_length=255)]
    state: Annotated[str, Field(max_length=255)]
    hmac: Annotated[str, Field(max_length=255)]
    timestamp: Annotated[str, Field(max_length=20)]
    host: Annotated[str, Field(max_length=255)] = ""


class Authorization(Model):
    """Where the merchant grants access. This browser has to bring the answer back."""

    success: bool
    authorization_url: str


class ConnectedAnswer(Model):
    """A store was connected; the new token looks at it."""

    success: bool
    store_id: int
    shop: str
    token: str


@blueprint.write("/auth/signup", needs=_DOOR, tag="Accounts", answer=Done, body=SignUp, status=202)
def signup(body: SignUp) -> Done:
    """Sign up. The answer is the same whether the address is known or not; what follows comes by mail."""
    accounts.sign_up(body.email, body.password)
    return Done(message="We have sent a mail. Follow the link in it, or send its token to /api/auth/confirm.")


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
    return Done(message="You are logged out.")


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
