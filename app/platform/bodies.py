"""What JSON bodies, query strings and answers have in common: strict models, pages, problems."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core.core_schema import CoreSchema, literal_schema
from werkzeug.exceptions import UnprocessableEntity

from app.platform.forms import is_address
from app.platform.i18n import gettext

T = TypeVar("T")
LARGEST_ID = 2**63 - 1
PROBLEM_TYPE = "application/problem+json"

# PostgreSQL's text holds no NUL.
NO_NUL = r"^[^\x00]*$"


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError(gettext("Enter an e-mail address, like name@example.com."))
    return text


Email = Annotated[str, AfterValidator(_address), Field(max_length=254, json_schema_extra={"format": "email"})]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=NO_NUL)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_NUL)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=NO_NUL)]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]


def left_out(**options: Any) -> Any:
    """A field of a change that need not be sent; it must not be null. Look at `model_fields_set` for it."""
    return Field(default_factory=lambda: None, **options)


class OneOf:
    """`Annotated[str, OneOf(options)]`: one of the words that another module lists."""

    def __init__(self, options: Collection[str]) -> None:
        self.options = list(options)

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        """A literal, so that the document lists the words too."""
        return literal_schema(self.options)


class Model(BaseModel):
    """Base of all bodies and answers: unknown names are an error, not a silence."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Query(BaseModel):
    """Base of all query strings; unknown names are let be."""

    model_config = ConfigDict(extra="ignore")


class PageQuery(Query):
    """Which part of a list."""

    page: int = Field(1, ge=1, le=100_000, description="Pages count from 1.")
    per_page: int = Field(50, ge=1, le=200, description="How many items a page holds.")


class Paged(Model, Generic[T]):
    """One page of a list; the `Link` header names the others."""

    items: list[T]
    page: int
    per_page: int
    total: int = Field(description="How many items there are on all pages.")


class Done(Model):
    """Something was done, or will be done by a job."""

    success: bool = True
    message: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="An address that explains this kind of problem.")
    title: str
    status: int
    detail: str = Field(description="What happened here, and what to do next.")
    reference: str = Field(description="Name it when you ask for help.")
    errors: list[dict[str, str]] | None = Field(None, description="Each field that cannot be used, and why.")


class Invalid(UnprocessableEntity):
    """A body or query that cannot be used; `errors` says which field and why."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__()
        self.errors = errors
