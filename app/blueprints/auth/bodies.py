"""The JSON bodies, queries and answers of accounts and stores."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from app.platform import passwords
from app.platform.access import Permission, Role
from app.platform.bodies import Email, Model, Query
from app.platform.i18n import gettext


def _new_password(text: str) -> str:
    problem = passwords.problem(text)
    if problem:
        raise ValueError(problem)
    return text


Password = Annotated[str, Field(max_length=passwords.LONGEST, json_schema_extra={"format": "password"})]
NewPassword = Annotated[Password, AfterValidator(_new_password), Field(description=str(passwords.RULE))]
Token = Annotated[str, Field(max_length=2000)]


class SignUp(Model):
    """A wish to sign up; the password twice."""

    email: Email
    password: NewPassword
    password_confirmation: Password

    @model_validator(mode="after")
    def _agree(self) -> SignUp:
        if self.password != self.password_confirmation:
            raise ValueError(gettext("The two passwords differ. Send the same one twice."))
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
