"""What was imported, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.platform import db

_SHOWN = 50


@dataclass(frozen=True)
class ImportRow:
    """One import without its rows."""

    id: int
    kind: str
    filename: str
    status: str
    columns: list[str]
    mapping: dict[str, str]
    answers: dict[str, str]
    summary: dict[str, Any]
    actor: str
    created_at: datetime
    applied_at: datetime | None
    undone_at: datetime | None


_COLUMNS = """
    SELECT id, kind, filename, status, COALESCE(content -> 'columns', '[]'::jsonb) AS columns, mapping, answers,
           summary, actor, created_at, applied_at, undone_at
    FROM imports
"""


def latest() -> list[ImportRow]:
    """The latest imports, newest first."""
    found = db.rows(f"{_COLUMNS} ORDER BY created_at DESC, id DESC LIMIT :most", most=_SHOWN)
    return [ImportRow(**row._asdict()) for row in found]


def one(import_id: int) -> ImportRow | None:
    """One import, None when this store has no such one."""
    found = db.rows(f"{_COLUMNS} WHERE id = :id", id=import_id)
    return ImportRow(**found[0]._asdict()) if found else None


def names(variant_ids: list[int]) -> dict[int, str]:
    """The products' names, for a preview."""
    found = db.rows("SELECT id, display_name FROM variants WHERE id = ANY(:ids)", ids=variant_ids)
    return {row.id: row.display_name for row in found}
