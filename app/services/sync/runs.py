"""Runs of the sync: one open at a time, advanced step by step, resumable where they stand."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.models.sync import SyncRun
from app.platform import db

_OPEN = ("queued", "running")


def begin(kind: str, *, now: datetime, since: datetime | None = None) -> SyncRun | None:
    """Open a run, or None while another one of this store is open."""
    session = db.session()
    run = SyncRun(
        kind=kind,
        status="queued",
        since=since,
        started_at=now,
        touched_at=now,
        done={},
        operations={},
        cursors={},
    )
    try:
        with session.begin_nested():
            session.add(run)
    except IntegrityError:
        return None
    return run


def run_of(run_id: int) -> SyncRun | None:
    """The run."""
    return db.session().execute(select(SyncRun).where(SyncRun.id == run_id)).scalar_one_or_none()


def due(run_id: int, step: int) -> SyncRun | None:
    """The run, if `step` is the one that is due; None for a repeated or overtaken job."""
    run = run_of(run_id)
    if run is None or run.step != step or run.status not in _OPEN:
        return None
    return run


def progress(run_id: int, counts: dict[str, int], *, now: datetime) -> None:
    """Note how far the run is, for the merchant who watches and for the sweep that looks for the dead."""
    db.execute(
        "UPDATE sync_runs SET done = done || CAST(:counts AS jsonb), touched_at = :now WHERE id = :id",
        counts=json.dumps(counts),
        now=now,
        id=run_id,
    )


def save(run_id: int, step: int, *, counts: dict[str, int], cursors: dict[str, Any], now: datetime) -> bool:
    """Note what is stored and where to go on, in the transaction that stores it; False when overtaken."""
    touched = db.execute(
        "UPDATE sync_runs SET done = done || CAST(:counts AS jsonb), cursors = cursors || CAST(:cursors AS jsonb),"
        " touched_at = :now, attempts = 0 WHERE id = :id AND step = :step AND status IN ('queued', 'running')",
        counts=json.dumps(counts),
        cursors=json.dumps(cursors),
        now=now,
        id=run_id,
        step=step,
    )
    return bool(touched)


def advance(run: SyncRun, *, stage: str, now: datetime) -> int:
    """Note that the run is now in `stage`; returns the number of the step to do next."""
    if stage != run.stage:
        run.attempts, run.error = 0, ""
    run.status, run.stage, run.touched_at = "running", stage, now
    run.step += 1
    return run.step


def try_again(run: SyncRun, *, reason: str, is_fault: bool, now: datetime) -> int:
    """Note why the present step could not be done; returns how often in a row it has failed."""
    run.error, run.touched_at = reason, now
    run.attempts += int(is_fault)
    return run.attempts


def finish(run: SyncRun, *, now: datetime) -> None:
    """Close the run as done."""
    run.status, run.stage, run.finished_at, run.touched_at, run.error = "done", "done", now, now, ""


def fail(run: SyncRun, *, reason: str, now: datetime) -> None:
    """Close the run as failed, with a reason fit for the merchant."""
    run.status, run.error, run.finished_at, run.touched_at = "failed", reason, now, now


def close_open(*, reason: str, now: datetime) -> int:
    """Close the open run, if there is one: its work must stop at once."""
    return db.execute(
        "UPDATE sync_runs SET status = 'failed', error = :reason, finished_at = :now, touched_at = :now"
        " WHERE status IN ('queued', 'running')",
        reason=reason,
        now=now,
    )


def last_success() -> datetime | None:
    """When the last successful run began: what changed since then is what an incremental run asks for.

    Reconciliations do not count: they look at the last weeks' orders, not at all that changed.
    """
    return (
        db.session()
        .execute(
            select(SyncRun.started_at)
            .where(SyncRun.status == "done", SyncRun.kind != "reconciliation")
            .order_by(SyncRun.started_at.desc())
            .limit(1)
        )
        .scalar_one_or_none()
    )


def never_began(*, since: datetime) -> bool:
    """Whether no run has begun since the store was installed: the job that should have opened one was lost."""
    query = select(SyncRun.id).where(SyncRun.started_at >= since).limit(1)
    return db.session().execute(query).scalar_one_or_none() is None


def is_overdue(*, now: datetime, after: timedelta) -> bool:
    """Whether the last run of any kind began longer ago than that, and none is open."""
    latest = select(SyncRun.started_at, SyncRun.status).order_by(SyncRun.started_at.desc()).limit(1)
    found = db.session().execute(latest).one_or_none()
    return found is not None and found.status not in _OPEN and found.started_at < now - after


def stalled(*, now: datetime, after: timedelta) -> list[SyncRun]:
    """Open runs that nobody has touched for a while: their job died or was lost. They are locked."""
    query = select(SyncRun).where(SyncRun.status.in_(_OPEN), SyncRun.touched_at < now - after)
    return list(db.session().execute(query.with_for_update(skip_locked=True)).scalars())


def run_waiting_for(operation_id: str) -> tuple[int, int] | None:
    """(run, step) of the open run whose present part waits for this bulk operation."""
    query = select(SyncRun).where(SyncRun.status.in_(_OPEN))
    run = db.session().execute(query.with_for_update()).scalar_one_or_none()
    if run is None or run.operations.get(run.stage) != operation_id:
        return None
    return run.id, run.step
