"""What was imported, and by whom; what is being done with it, and what its check found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.platform import db

# Before an import's id: the name of the job that works on it.
JOB = "import-"
_SHOWN = 50


@dataclass(frozen=True)
class ImportRow:
    """One import without its rows. `work` is done last or being done; `rows_done` of its `rows` are read."""

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
    work: str
    work_status: str
    rows: int
    rows_done: int
    error: str

    @property
    def is_busy(self) -> bool:
        """Whether something is to be done with it, so that a page looks again by itself."""
        return self.work_status in ("queued", "running")


@dataclass(frozen=True)
class Outcome:
    """What a check found: what would change, how many of each, and what is wrong; rows as a spreadsheet counts."""

    can_apply: bool = False
    rows: int = 0
    not_executed: int = 0
    known: int = 0
    products: int = 0
    suppliers: int = 0
    records: int = 0
    new_suppliers: list[str] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)
    unmatched: list[tuple[int, str]] = field(default_factory=list)
    ambiguous: list[tuple[int, str]] = field(default_factory=list)
    questions: dict[str, list[str]] = field(default_factory=dict)
    # Supplier → deliveries, median days, spread.
    lead_times: dict[str, tuple[int, int, float]] = field(default_factory=dict)
    missing: list[list[str]] = field(default_factory=list)
    # The first products that change, with their new values.
    changes: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    @property
    def changes_something(self) -> bool:
        """Whether anything would be different afterwards."""
        return bool(self.products or self.suppliers or self.new_suppliers or self.records)


# A job that has failed too often waits for a person. A preview without an outcome is the release before's, which
# kept none: it is to be checked once more.
WORK_STATUS = """
    CASE WHEN o.parked_at IS NOT NULL THEN 'failed'
         WHEN i.status = 'preview' AND i.outcome IS NULL AND i.work_status = 'done' THEN 'failed'
         ELSE i.work_status END AS work_status
"""
TABLES = f"imports i LEFT JOIN outbox o ON o.name = '{JOB}' || i.id"
_COLUMNS = f"""
    SELECT i.id, i.kind, i.filename, i.status, COALESCE(i.content -> 'columns', '[]'::jsonb) AS columns, i.mapping,
           i.answers, i.summary, i.actor, i.created_at, i.applied_at, i.undone_at, i.work, {WORK_STATUS}, i.rows,
           i.rows_done, i.error
    FROM {TABLES}
"""  # noqa: S608


def latest() -> list[ImportRow]:
    """The latest imports, newest first."""
    found = db.rows(f"{_COLUMNS} ORDER BY i.created_at DESC, i.id DESC LIMIT :most", most=_SHOWN)
    return [ImportRow(**row._asdict()) for row in found]


def one(import_id: int) -> ImportRow | None:
    """One import, None when this store has no such one."""
    found = db.rows(f"{_COLUMNS} WHERE i.id = :id", id=import_id)
    return ImportRow(**found[0]._asdict()) if found else None


def outcome(import_id: int) -> Outcome | None:
    """What the last check of an import found, None before there is one and after it was applied."""
    found = db.rows("SELECT outcome FROM imports WHERE id = :id AND outcome IS NOT NULL", id=import_id)
    if not found:
        return None
    kept = dict(found[0].outcome)
    return Outcome(**kept | {"changes": [(variant, _money(values)) for variant, values in kept["changes"]]})


def _money(values: dict[str, Any]) -> dict[str, Any]:
    return {name: Decimal(value) if name == "unit_cost" else value for name, value in values.items()}


def names(variant_ids: list[int]) -> dict[int, str]:
    """The products' names, for a preview."""
    found = db.rows("SELECT id, display_name FROM variants WHERE id = ANY(:ids)", ids=variant_ids)
    return {row.id: row.display_name for row in found}
