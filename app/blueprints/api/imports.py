"""Imports as JSON: bring a CSV file, see what it would change, apply it, undo it; and the runs of the sync"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from flask_login import current_user
from pydantic import Field, StringConstraints

from app.blueprints.api.door import blueprint
from app.domain.sheets import CannotRead
from app.jobs import imports as jobs
from app.platform import clock
from app.platform.access import Permission, actor
from app.platform.api import paged
from app.platform.bodies import Invalid, Model, Name, OneOf, Paged, PageQuery
from app.queries import imports as queries
from app.queries.api import work as read
from app.services import imports as service
from app.services.imports import KINDS, ImportNotFound
from app.words.failures import said
from app.words.imports import unreadable

_TAG, _READ, _EDIT = "Imports", Permission.CATALOG_READ, Permission.CATALOG_EDIT
Kind = Annotated[str, OneOf(KINDS)]
Columns = Annotated[dict[str, str], Field(max_length=50)]


class Import(Model):
    """A file that was brought, without its rows."""

    id: int
    kind: str
    filename: str
    status: Literal["preview", "applied", "undone"]
    columns: list[str] = Field(description="The headers of the file, while it is a preview.")
    mapping: dict[str, str] = Field(description="Which column holds which field.")
    answers: dict[str, str]
    summary: dict[str, int] = Field(description="What it changed, once it is applied.")
    actor: str
    rows: int
    work: Literal["", "check", "apply", "undo"] = Field(
        description="What is being done with it, or was last."
    )
    work_status: Literal["queued", "running", "done", "failed"] = Field(
        description="How that stands. Long files are worked on in the background: ask again while it is"
        " `queued` or `running`."
    )
    rows_done: int = Field(description="How many rows that work has read.")
    error: str = Field(description="Why it failed, or why nothing was imported.")
    timestamp: datetime = Field(description="When the file came.")
    applied_at: datetime | None
    undone_at: datetime | None


class Imports(Paged[Import]):
    """One page of imports, newest first."""


class RowProblem(Model):
    """A row that cannot be used; rows count as a spreadsheet counts them."""

    row: int
    detail: str


class ImportPreview(Model):
    """What applying it would do."""

    can_apply: bool
    rows: int
    products: int = Field(description="How many products would change.")
    suppliers: int = Field(description="How many suppliers would change.")
    new_suppliers: list[str]
    records: int
    errors: list[RowProblem]
    unmatched: list[RowProblem] = Field(description="Rows of products that the store does not have.")
    ambiguous: list[RowProblem] = Field(description="Rows that fit several products.")
    questions: dict[str, list[str]] = Field(
        description="What the file leaves open, with the possible answers."
    )
    missing: list[list[str]] = Field(description="Of each group one field needs a column.")


class ImportDetail(Import):
    """One import; `preview` is null while the file is being checked, and once it was applied."""

    preview: ImportPreview | None


class File(Model):
    """A CSV file as text, and what is in it; null: the headers say so."""

    filename: Name
    content: Annotated[str, StringConstraints(min_length=1, max_length=2_000_000)]
    kind: Kind | None = None


class Answers(Model):
    """Which column holds which field, and how dates and decimals are written where that is open."""

    mapping: Columns
    dates: str = ""
    decimals: str = ""


@blueprint.read("/imports", needs=_READ, tag=_TAG, answer=Imports, query=PageQuery)
def imports(query: PageQuery) -> dict[str, Any]:
    """List the files that were brought."""
    return paged(read.imports(page=query.page, size=query.per_page), query)


@blueprint.read("/imports/<int:import_id>", needs=_READ, tag=_TAG, answer=ImportDetail)
def one_import(import_id: int) -> dict[str, Any]:
    """Show one import, before it is applied with what it would change."""
    return _shown(import_id)


@blueprint.write("/imports", needs=_EDIT, tag=_TAG, answer=ImportDetail, body=File, status=201, also=(409,))
def bring_import(body: File) -> dict[str, Any]:
    """Bring a CSV file; it is checked. Nothing changes before it is applied."""
    try:
        import_id = service.upload(
            body.filename, body.content.encode(), kind=body.kind, actor=actor(), now=clock.now()
        )
    except CannotRead as problem:
        raise Invalid([{"field": "content", "detail": unreadable(str(problem))}]) from None
    jobs.soon(current_user.store_id, import_id)
    return _shown(import_id)


@blueprint.write(
    "/imports/<int:import_id>/columns",
    needs=_EDIT,
    tag=_TAG,
    answer=ImportDetail,
    body=Answers,
    also=(409,),
)
def answer_import(import_id: int, body: Answers) -> dict[str, Any]:
    """Say which column holds which field; a new check follows."""
    given = {"dates": body.dates, "decimals": body.decimals}
    answers = {name: text for name, text in given.items() if text}
    service.answer(import_id, body.mapping, answers, actor=actor())
    jobs.soon(current_user.store_id, import_id)
    return _shown(import_id)


@blueprint.write("/imports/<int:import_id>/apply", needs=_EDIT, tag=_TAG, answer=ImportDetail, also=(409,))
def apply_import(import_id: int) -> dict[str, Any]:
    """Do all that the preview says, or nothing."""
    service.ask(import_id, "apply", actor=actor())
    jobs.soon(current_user.store_id, import_id)
    return _shown(import_id)


@blueprint.write("/imports/<int:import_id>/undo", needs=_EDIT, tag=_TAG, answer=ImportDetail, also=(409,))
def undo_import(import_id: int) -> dict[str, Any]:
    """Put back what an import changed; what somebody changed since then stays."""
    service.ask(import_id, "undo", actor=actor())
    jobs.soon(current_user.store_id, import_id)
    return _shown(import_id)


def _shown(import_id: int) -> dict[str, Any]:
    found = queries.one(import_id)
    if found is None:
        raise ImportNotFound(f"There is no import {import_id} in this store.")
    names = Import.model_fields.keys() - {"timestamp", "error"}
    shown = {name: getattr(found, name) for name in names}
    shown |= {"timestamp": found.created_at, "error": said(found.error)}
    return shown | {"preview": None if found.is_busy else _preview(import_id)}


def _preview(import_id: int) -> ImportPreview | None:
    found = queries.outcome(import_id)
    if found is None:
        return None
    return ImportPreview(
        can_apply=found.can_apply,
        rows=found.rows,
        products=found.products,
        suppliers=found.suppliers,
        new_suppliers=found.new_suppliers,
        records=found.records,
        errors=_problems(found.errors),
        unmatched=_problems(found.unmatched),
        ambiguous=_problems(found.ambiguous),
        questions=found.questions,
        missing=found.missing,
    )


def _problems(found: list[tuple[int, str]]) -> list[RowProblem]:
    return [RowProblem(row=row, detail=said(words)) for row, words in found]
