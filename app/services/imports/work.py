"""The work on a file: check it, apply it, undo it; each whole or not at all, and once, however often it is begun"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from app.domain.sheets import Sheet
from app.models.imports import Import
from app.platform import db, i18n
from app.services import audit
from app.services.imports import outcomes, writing
from app.services.imports.planning import Plan, Planner

Progress = Callable[[int], None]
OPEN = ("queued", "running")


def found(import_id: int, *, lock: bool = False) -> Import | None:
    """An import of the current store, None when there is none of that id."""
    query = select(Import).where(Import.id == import_id)
    return db.session().execute(query.with_for_update() if lock else query).scalar_one_or_none()


def heard(import_id: int, *, done: int) -> None:
    """Note that the work is under way, and how many rows it has read."""
    db.execute(
        "UPDATE imports SET work_status = 'running', rows_done = :done"
        " WHERE id = :id AND work_status IN ('queued', 'running')",
        id=import_id,
        done=done,
    )


def fail(import_id: int, *, reason: str) -> None:
    """Note that the work broke off; it has changed nothing and can be asked for again."""
    db.execute(
        "UPDATE imports SET work_status = 'failed', error = :reason"
        " WHERE id = :id AND work_status IN ('queued', 'running')",
        id=import_id,
        reason=reason,
    )


def _untold(_done: int) -> None:
    """Nobody waits for news of work that is short."""


def perform(import_id: int, *, now: datetime, progress: Progress = _untold) -> bool:
    """Do what is owed, and nothing when that is done; returns whether products or suppliers have changed.

    `progress` may commit: until the end only reads happen. What is written is written in one transaction, under the
    import's lock and only while the work is still owed: two that do it at once, or one after the other's death, make
    it happen once.
    """
    one = found(import_id)
    if one is None or one.work_status not in OPEN:
        return False
    wanted = one.work
    if wanted == "undo":
        return _undo(import_id, now=now)
    plan = _planned(one, progress)
    return _apply(import_id, plan, now=now) if wanted == "apply" else _check(import_id, plan)


def _planned(one: Import, progress: Progress) -> Plan:
    sheet = Sheet(**(one.content or {}))
    with i18n.speaking(i18n.SOURCE):  # what is wrong is said to each reader in their own language later
        made = Planner(one.kind, sheet, dict(one.mapping), dict(one.answers), progress).made()
    progress(len(sheet.rows))
    return made


def _owed(import_id: int, work: str) -> Import | None:
    """The import, locked, if that work on it is still to be done."""
    one = found(import_id, lock=True)
    return one if one is not None and one.work == work and one.work_status in OPEN else None


def _check(import_id: int, plan: Plan) -> bool:
    one = _owed(import_id, "check")
    if one is not None:
        one.outcome, one.work_status, one.error = outcomes.of(plan), "done", ""
        db.session().flush()
    return False


def _apply(import_id: int, plan: Plan, *, now: datetime) -> bool:
    one = _owed(import_id, "apply")
    if one is None:
        return False
    one.work_status, one.error = "done", ""
    if not plan.can_apply:
        one.outcome = outcomes.of(plan)
        one.error = "Something has changed since the file was checked. Look at it again, then import it."
        db.session().flush()
        return False
    one.undo = writing.apply(one, plan, now=now)
    one.status, one.applied_at, one.content, one.outcome = "applied", now, None, None
    one.summary = {
        "products": len(plan.products),
        "suppliers": len(plan.suppliers),
        "new_suppliers": len(plan.new_suppliers),
        "records": len(plan.records),
    }
    db.session().flush()
    audit.record(
        actor=one.asked_by, action="import.applied", import_id=import_id, kind=one.kind, **one.summary
    )
    return bool(plan.products or plan.suppliers)


def _undo(import_id: int, *, now: datetime) -> bool:
    one = _owed(import_id, "undo")
    if one is None:
        return False
    stayed = writing.undo(one, now=now)
    one.status, one.undone_at, one.undo, one.work_status, one.error = "undone", now, {}, "done", ""
    one.summary = {**one.summary, "stayed": stayed}
    db.session().flush()
    audit.record(actor=one.asked_by, action="import.undone", import_id=import_id, stayed=stayed)
    return True
