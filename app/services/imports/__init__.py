"""Files that merchants bring: uploaded, read as one kind, checked, applied in one go, undone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from app.domain import sheets
from app.models.imports import Import
from app.platform import db, outbox
from app.platform.i18n import gettext
from app.queries import imports as queries
from app.services.imports import kinds, work
from app.services.imports.kinds import KINDS
from app.services.imports.outcomes import SHOWN
from app.services.imports.work import fail, heard, perform

__all__ = [
    "AT_ONCE_ROWS",
    "KINDS",
    "SHOWN",
    "ImportNotFound",
    "UnableToImport",
    "answer",
    "ask",
    "fail",
    "heard",
    "is_short",
    "perform",
    "upload",
]

# A file of at most so many rows is worked on while its reader waits: that takes no longer than a page.
AT_ONCE_ROWS = 200
_KEPT = timedelta(days=7)


class ImportNotFound(LookupError):
    """The current store has no such import."""


class UnableToImport(ValueError):
    """The file cannot be used as it is, or the import is over; the message says what to do."""


def upload(filename: str, content: bytes, *, kind: str | None, actor: str, now: datetime) -> int:
    """Keep a file, without the columns that name people, and owe its check; returns the import's id.

    `kind` None: the headers say what it is. Raises sheets.CannotRead, UnableToImport.
    """
    sheet = kinds.without_people(sheets.read(content))
    chosen = kind or kinds.recognised(sheet.columns)
    if chosen not in KINDS:
        raise UnableToImport(gettext("The headers do not tell what is in the file. Choose it from the list."))
    # What nobody imported within a week nobody wants; its rows are the merchant's and go.
    db.execute("DELETE FROM imports WHERE status = 'preview' AND created_at < :limit", limit=now - _KEPT)
    found = Import(
        kind=chosen,
        filename=filename[:200],
        status="preview",
        content={"columns": sheet.columns, "rows": sheet.rows, "numbers": sheet.numbers},
        rows=len(sheet.rows),
        mapping=kinds.mapped(chosen, sheet.columns),
        answers={},
        undo={},
        summary={},
        actor=actor,
        created_at=now,
    )
    _owe(found, "check", actor=actor)
    db.session().add(found)
    db.session().flush()
    return found.id


def answer(import_id: int, mapping: Mapping[str, str], answers: Mapping[str, str], *, actor: str) -> None:
    """Say which column holds which field, and what the file leaves open; owes a new check.

    Raises ImportNotFound, UnableToImport.
    """
    found = _free(import_id, "preview")
    columns = (found.content or {}).get("columns", [])
    known = KINDS[found.kind].aliases
    found.mapping = {name: column for name, column in mapping.items() if name in known and column in columns}
    found.answers, found.outcome = dict(answers), None
    _owe(found, "check", actor=actor)
    db.session().flush()


def ask(import_id: int, wanted: str, *, actor: str) -> None:
    """Owe that the import is applied (`apply`) or undone (`undo`). Raises ImportNotFound, UnableToImport."""
    found = _free(import_id, "preview" if wanted == "apply" else "applied")
    if wanted == "apply" and not (found.outcome or {}).get("can_apply"):
        raise UnableToImport(
            gettext("This import changes nothing, or something in it has to be mended first.")
        )
    _owe(found, wanted, actor=actor)
    db.session().flush()


def is_short(import_id: int) -> bool:
    """Whether the work on the file takes no longer than a page."""
    found = db.rows("SELECT rows FROM imports WHERE id = :id", id=import_id)
    return bool(found) and found[0].rows <= AT_ONCE_ROWS


def _owe(found: Import, wanted: str, *, actor: str) -> None:
    found.work, found.work_status, found.rows_done, found.error = wanted, "queued", 0, ""
    found.asked_by = actor


def _free(import_id: int, status: str) -> Import:
    """The import, locked, if nothing is being done with it and its status is the one that is needed."""
    found, state = work.found(import_id, lock=True), queries.one(import_id)
    if found is None or state is None:
        raise ImportNotFound(f"There is no import {import_id} in this store.")
    if state.is_busy:
        raise UnableToImport(gettext("This file is being worked on. Wait until that is done."))
    if found.status != status:
        raise UnableToImport(
            gettext("This import was applied already. Bring the file again to change more.")
            if status == "preview"
            else gettext("Only an import that was applied can be undone.")
        )
    outbox.unpark(f"{queries.JOB}{import_id}")
    return found
