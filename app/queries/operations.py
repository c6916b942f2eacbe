"""What an operator asks about one store: what it does, what it waits for, what went wrong, which mails went out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.platform import db


@dataclass(frozen=True)
class Run:
    """One run of the sync."""

    id: int
    kind: str
    status: str
    stage: str
    attempts: int
    started_at: datetime
    touched_at: datetime
    error: str


@dataclass(frozen=True)
class Forecast:
    """A run of the forecast that is made in parts; `waiting` of its `variants` have no new forecast yet."""

    id: int
    engine: str
    variants: int
    waiting: int
    started_at: datetime
    touched_at: datetime


@dataclass(frozen=True)
class Mail:
    """One mail: about alerts, or to a supplier."""

    kind: str
    subject: str
    status: str
    created_at: datetime
    error: str


@dataclass(frozen=True)
class Story:
    """All of it, newest first."""

    runs: list[Run]
    forecast: Forecast | None
    waiting_deliveries: int
    oldest_waiting: datetime | None
    parked_deliveries: list[tuple[int, str, str]]
    mails: list[Mail]
    owed_jobs: list[tuple[str, int, str]]


def story(store_id: int) -> Story:
    """What is known of the current store. (`store_id` finds its kept jobs, which no scope hides.)"""
    waiting = db.rows(
        "SELECT count(*) AS n, min(received_at) AS oldest FROM webhook_receipts"
        " WHERE handled_at IS NULL AND parked_at IS NULL"
    )[0]
    parked = db.rows(
        "SELECT id, topic, error FROM webhook_receipts WHERE parked_at IS NOT NULL AND handled_at IS NULL"
        " ORDER BY received_at DESC LIMIT 10"
    )
    owed = db.rows(
        "SELECT name, attempts, error FROM outbox WHERE store_id = :store ORDER BY asked_at LIMIT 20",
        store=store_id,
    )
    return Story(
        runs=_runs(),
        forecast=_forecast(),
        waiting_deliveries=int(waiting.n),
        oldest_waiting=waiting.oldest,
        parked_deliveries=[(row.id, row.topic, row.error) for row in parked],
        mails=_mails(),
        owed_jobs=[(row.name, row.attempts, row.error) for row in owed],
    )


@dataclass(frozen=True)
class Trouble:
    """What of a store an operator should look at; `read_at` is when it was last read, None for never.

    `moved_at` is when a forecast that is under way in parts last got on.
    """

    has_failed: bool
    tries: int
    read_at: datetime | None
    unsent: int
    moved_at: datetime | None


def trouble(*, now: datetime) -> Trouble:
    """The troubles of the current store; mails count that are tried again, and those given up within a day."""
    unsent = " UNION ALL ".join(
        f"SELECT 1 FROM {table} WHERE (status = 'queued' AND error <> '')"  # noqa: S608
        " OR (status = 'failed' AND created_at > :since)"
        for table in ("alert_mails", "purchase_mails")
    )
    row = db.rows(
        "SELECT latest.status, latest.attempts,"  # noqa: S608
        " (SELECT max(finished_at) FROM sync_runs WHERE status = 'done') AS read_at,"
        " (SELECT max(touched_at) FROM forecast_parts) AS moved_at,"
        f" (SELECT count(*) FROM ({unsent}) AS them) AS unsent FROM (SELECT 1) AS one LEFT JOIN"
        " (SELECT status, attempts FROM sync_runs ORDER BY started_at DESC LIMIT 1) AS latest ON true",
        since=now - timedelta(days=1),
    )[0]
    return Trouble(row.status == "failed", int(row.attempts or 0), row.read_at, int(row.unsent), row.moved_at)


def _runs() -> list[Run]:
    found = db.rows(
        "SELECT id, kind, status, stage, attempts, started_at, touched_at, error FROM sync_runs"
        " ORDER BY started_at DESC LIMIT 5"
    )
    return [Run(*tuple(row)) for row in found]


def _forecast() -> Forecast | None:
    found = db.rows(
        "SELECT r.id, r.engine, r.variants, SUM(p.variants - p.done)::bigint AS waiting, r.started_at,"
        " MAX(p.touched_at) AS touched_at FROM forecast_runs r"
        " JOIN forecast_parts p ON p.store_id = r.store_id AND p.run_id = r.id"
        " GROUP BY r.id, r.engine, r.variants, r.started_at ORDER BY r.id DESC LIMIT 1"
    )
    return Forecast(*tuple(found[0])) if found else None


def _mails() -> list[Mail]:
    found = db.rows(
        "(SELECT 'alert' AS kind, subject, status, created_at, error FROM alert_mails"
        " ORDER BY created_at DESC LIMIT 5)"
        " UNION ALL (SELECT 'order', subject, status, created_at, error FROM purchase_mails"
        " ORDER BY created_at DESC LIMIT 5) ORDER BY created_at DESC"
    )
    return [Mail(*tuple(row)) for row in found]
