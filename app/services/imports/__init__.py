"""Files that merchants bring: uploaded, read as one kind, previewed, applied in one go, undone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select

from app.domain import sheets
from app.domain.sheets import Sheet
from app.models.imports import Import
from app.platform import db
from app.platform.i18n import gettext
from app.services import audit
from app.services.imports import kinds, writing
from app.services.imports.kinds import KINDS
from app.services.imports.planning import Plan, Planner

__all__ = ["KINDS", "ImportNotFound", "Plan", "UnableToImport", "answer", "apply", "plan", "undo", "upload"]


_KEPT = timedelta(days=7)


class ImportNotFound(LookupError):
    """The current store has no such import."""


class UnableToImport(ValueError):
    """The file cannot be used as it is, or the import is over; the message says what to do."""


def upload(filename: str, content: bytes, *, kind: str | None, actor: str, now: datetime) -> int:
    """Keep a file for its preview, without the columns that name people; returns the import's id.

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
        mapping=kinds.mapped(chosen, sheet.columns),
        answers={},
        undo={},
        summary={},
        actor=actor,
        created_at=now,
    )
    db.session().add(found)
    db.session().flush()
    return found.id


def get(import_id: int, *, lock: bool = False) -> Import:
    """An import of the current store. Raises ImportNotFound."""
    query = select(Import).where(Import.id == import_id)
    found = db.session().execute(query.with_for_update() if lock else query).scalar_one_or_none()
    if found is None:
        raise ImportNotFound(f"There is no import {import_id} in this store.")
    return found


def answer(import_id: int, mapping: Mapping[str, str], answers: Mapping[str, str]) -> None:
    """Say which column holds which field, and what the file leaves open. Raises ImportNotFound, UnableToImport."""
    found = _open(import_id)
    columns = (found.content or {}).get("columns", [])
    known = KINDS[found.kind].aliases
    found.mapping = {name: column for name, column in mapping.items() if name in known and column in columns}
    found.answers = dict(answers)
    db.session().flush()


def plan(import_id: int) -> Plan:
    """What applying it would do now. Raises ImportNotFound, UnableToImport."""
    found = get(import_id)
    if found.content is None:
        raise UnableToImport(gettext("This import was applied already."))
    return Planner(found.kind, Sheet(**found.content), found.mapping, found.answers).made()


def apply(import_id: int, *, actor: str, now: datetime) -> Plan:
    """Do all that the plan says, or nothing. Raises ImportNotFound, UnableToImport."""
    found = _open(import_id)
    made = plan(import_id)
    if not made.can_apply:
        raise UnableToImport(
            gettext("This import changes nothing, or something in it has to be mended first.")
        )
    found.undo = writing.apply(found, made, now=now)
    found.status, found.applied_at, found.content = "applied", now, None
    found.summary = {
        "products": len(made.products),
        "suppliers": len(made.suppliers),
        "new_suppliers": len(made.new_suppliers),
        "records": len(made.records),
    }
    db.session().flush()
    audit.record(actor=actor, action="import.applied", import_id=import_id, kind=found.kind, **found.summary)
    return made


def undo(import_id: int, *, actor: str, now: datetime) -> int:
    """Put back what the import changed; returns how many values stay, for somebody changed them since then.

    Raises ImportNotFound, UnableToImport.
    """
    found = get(import_id, lock=True)
    if found.status != "applied":
        raise UnableToImport(gettext("Only an import that was applied can be undone."))
    stayed = writing.undo(found, now=now)
    found.status, found.undone_at, found.undo = "undone", now, {}
    db.session().flush()
    audit.record(actor=actor, action="import.undone", import_id=import_id, stayed=stayed)
    return stayed


def _open(import_id: int) -> Import:
    found = get(import_id, lock=True)
    if found.status != "preview":
        raise UnableToImport(gettext("This import was applied already. Bring the file again to change more."))
    return found
