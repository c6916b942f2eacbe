"""The outbox: a kept job is a row before it is in Redis, and until its effect is committed.

The row is written by the transaction that asks for the work and deleted by the transaction that does it, so no
crash between database and Redis loses the work. `number` grows with each wish: one that comes while the job runs
leaves the row standing. A job that fails too often is parked, where `flask doctor` shows it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Row

from app.platform import db, logs

MAX_ATTEMPTS = 8
_COLUMNS = "name, job, arguments, queue, attempts, asked_at, error"


@dataclass(frozen=True)
class Wish:
    """A kept job: its name, the dotted path of its function, and the ids that it is called with."""

    name: str
    job: str
    arguments: list[Any]
    queue: str
    store_id: int | None = None
    attempts: int = 0
    asked_at: datetime | None = None
    error: str = ""


def write(wishes: Sequence[Wish]) -> None:
    """Keep wishes in the current transaction; a known one gets a new number. Sorted, so that no two deadlock."""
    for wish in sorted(wishes, key=lambda one: one.name):
        db.execute(
            "INSERT INTO outbox (name, store_id, job, arguments, queue, number, attempts, asked_at, error)"
            " SELECT :name, s.id, :job, CAST(:arguments AS jsonb), :queue, 1, 0, now(), ''"
            " FROM (SELECT 1) AS one LEFT JOIN stores s ON s.id = :store_id"
            " WHERE CAST(:store_id AS bigint) IS NULL OR s.id IS NOT NULL"
            " ON CONFLICT (name) DO UPDATE SET number = outbox.number + 1, parked_at = NULL,"
            # A new wish gives a parked job one more try, not eight.
            " attempts = LEAST(outbox.attempts, :all_but_one)",
            name=wish.name,
            store_id=wish.store_id,
            job=wish.job,
            arguments=json.dumps(wish.arguments),
            queue=wish.queue,
            all_but_one=MAX_ATTEMPTS - 1,
        )


def begin(name: str, *, counts: bool) -> int | None:
    """Count an attempt before it is made, so that one which kills its worker is counted as well.

    Returns the wish's number, 0 when nothing is owed under that name, and None when it is, or is now, parked.
    """
    found = db.rows(
        "UPDATE outbox SET attempts = LEAST(attempts + :one, :limit), started_at = now(),"
        " parked_at = CASE WHEN attempts >= :limit THEN COALESCE(parked_at, now()) ELSE parked_at END"
        " WHERE name = :name RETURNING number, parked_at",
        name=name,
        one=int(counts),
        limit=MAX_ATTEMPTS,
    )
    if not found:
        return 0
    return None if found[0].parked_at else int(found[0].number)


def done(name: str, number: int) -> bool:
    """Strike the wish off in the transaction that fulfils it; False when it was asked for again meanwhile."""
    return bool(
        db.execute("DELETE FROM outbox WHERE name = :name AND number = :number", name=name, number=number)
    )


def failed(name: str, *, reason: str) -> None:
    """Note why an attempt failed."""
    db.execute(
        "UPDATE outbox SET error = :reason WHERE name = :name", name=name, reason=logs.redact(reason)[:500]
    )


def waiting(*, patience: timedelta) -> list[Wish]:
    """Wishes that nobody has taken up for so long: their job was lost, or has used up Redis's tries.

    By the database's clock, which is the same for all, whatever a worker's own says.
    """
    return _wishes(
        f"SELECT {_COLUMNS} FROM outbox WHERE parked_at IS NULL"  # noqa: S608
        " AND GREATEST(asked_at, started_at) < now() - CAST(:patience AS interval) ORDER BY asked_at LIMIT 20000",
        patience=patience,
    )


def standing(names: Sequence[str]) -> dict[str, bool]:
    """Of these wishes those that are owed, each with whether it is parked."""
    found = db.rows(
        "SELECT name, parked_at IS NOT NULL AS is_parked FROM outbox WHERE name = ANY(:names)",
        names=list(names),
    )
    return {row.name: row.is_parked for row in found}


def owed() -> int:
    """How many kept jobs are not done yet."""
    return int(db.rows("SELECT COUNT(*) AS n FROM outbox WHERE parked_at IS NULL")[0].n)


def parked() -> list[Wish]:
    """Wishes that have failed too often and wait for a person."""
    return _wishes(
        f"SELECT {_COLUMNS} FROM outbox WHERE parked_at IS NOT NULL ORDER BY asked_at LIMIT 200"  # noqa: S608
    )


def release(*, store_id: int | None = None) -> list[Wish]:
    """Let the parked wishes, of all or of one store, be tried again; returns them."""
    return _wishes(
        "UPDATE outbox SET parked_at = NULL, attempts = 0 WHERE parked_at IS NOT NULL"  # noqa: S608
        f" AND (CAST(:store_id AS bigint) IS NULL OR store_id = :store_id) RETURNING {_COLUMNS}",
        store_id=store_id,
    )


def unpark(name: str) -> None:
    """Let a parked wish wait again, ahead of the new one that comes with the commit: readers see it so at once."""
    db.execute("UPDATE outbox SET parked_at = NULL WHERE name = :name AND parked_at IS NOT NULL", name=name)


def _wishes(sql: str, **parameters: Any) -> list[Wish]:
    return [_wish(row) for row in db.rows(sql, **parameters)]


def _wish(row: Row[Any]) -> Wish:
    return Wish(
        name=row.name,
        job=row.job,
        arguments=list(row.arguments),
        queue=row.queue,
        attempts=row.attempts,
        asked_at=row.asked_at,
        error=row.error,
    )
