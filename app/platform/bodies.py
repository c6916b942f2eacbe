"""What JSON bodies, query strings and answers have in common: strict models, pages, problems."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from werkzeug.exceptions import UnprocessableEntity

T = TypeVar("T")
LARGEST_ID = 2**63 - 1
PROBLEM_TYPE = "application/problem+json"

# PostgreSQL's text holds no NUL.
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00]*$")]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]


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
