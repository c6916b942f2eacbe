"""How fresh the data are, and how far a running sync is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from app.platform import db

_STAGES = ("queued", "products", "levels", "orders", "demand", "done")


@dataclass(frozen=True)
class Progress:
    """How many of how many products have their new forecast."""

    done: int
    of: int


@dataclass(frozen=True)
class Freshness:
    """The state of the data on each page.

    `state`: never (no sync yet), importing (first sync runs), refreshing, fresh, failed.
    `counts` are products, variants, levels, orders, lines stored so far by the newest run.
    """

    state: str
    synced_at: datetime | None
    started_at: datetime | None
    stage: str
    stage_number: int
    stages: int
    counts: dict[str, int]
    error: str
    forecast_at: datetime | None
    suggestions: int  # 0 or 1: whether there are any, since counting them all takes time on each page
    history_from: date | None = None
    forecasting: Progress | None = None  # of a forecast that is made in parts

    @property
    def is_running(self) -> bool:
        """Whether a page should look again by itself."""
        return self.state in ("importing", "refreshing")

    @property
    def phase(self) -> str:
        """Where a new store stands: importing, forecasting, no_sales (nothing to forecast), failed, ready."""
        if self.is_ready:
            return "ready"
        if self.state == "failed":
            return "failed"
        if self.state != "fresh":
            return "importing"
        return "forecasting" if self.counts.get("variant_days") else "no_sales"

    @property
    def is_ready(self) -> bool:
        """Whether there is something to show."""
        return self.suggestions > 0 or self.forecast_at is not None


def freshness() -> Freshness:
    """One statement."""
    row = db.rows(
        """
        SELECT latest.status, latest.kind, latest.stage, latest.done, latest.error, latest.started_at,
               (SELECT MAX(finished_at) FROM sync_runs WHERE status = 'done') AS synced_at,
               (SELECT MAX(finished_at) FROM forecast_runs WHERE status = 'done') AS forecast_at,
               (SELECT COUNT(*) FROM (SELECT 1 FROM suggestions LIMIT 1) AS any_of_them) AS suggestions,
               (SELECT history_from FROM stores WHERE id = app_store_id()) AS history_from,
               parts.waiting,
               (SELECT r.variants FROM forecast_runs r WHERE r.id = parts.run_id) AS forecast_of
        FROM (SELECT 1) AS one
        LEFT JOIN LATERAL (SELECT * FROM sync_runs ORDER BY started_at DESC, id DESC LIMIT 1) AS latest ON true
        LEFT JOIN LATERAL (SELECT run_id, SUM(variants - done) AS waiting FROM forecast_parts
                           GROUP BY run_id ORDER BY run_id DESC LIMIT 1) AS parts ON true
        """
    )[0]
    stage = row.stage or "queued"
    return Freshness(
        state=_state(row.status, row.kind, row.synced_at),
        synced_at=row.synced_at,
        started_at=row.started_at,
        stage=stage,
        stage_number=_STAGES.index(stage) if stage in _STAGES else 0,
        stages=len(_STAGES) - 1,
        counts={key: value for key, value in (row.done or {}).items() if isinstance(value, int)},
        error=row.error or "",
        forecast_at=row.forecast_at,
        suggestions=row.suggestions,
        history_from=row.history_from,
        forecasting=None
        if row.waiting is None
        else Progress(row.forecast_of - int(row.waiting), row.forecast_of),
    )


@dataclass(frozen=True)
class Run:
    """One run of the sync. `counts` are products, variants, levels, orders and lines that it stored."""

    id: int
    kind: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]
    error: str

    @property
    def is_open(self) -> bool:
        """Whether it waits or works."""
        return self.status in ("queued", "running")


def last_runs(*, limit: int = 10) -> list[Run]:
    """The last runs, newest first. One statement."""
    found = db.rows(
        "SELECT id, kind, status, started_at, finished_at, done, error FROM sync_runs"
        " ORDER BY started_at DESC, id DESC LIMIT :limit",
        limit=limit,
    )
    return [
        Run(
            id=row.id,
            kind=row.kind,
            status=row.status,
            started_at=row.started_at,
            finished_at=row.finished_at,
            counts={key: value for key, value in (row.done or {}).items() if isinstance(value, int)},
            error=row.error,
        )
        for row in found
    ]


def _state(status: str | None, kind: str | None, synced_at: datetime | None) -> str:
    if status is None:
        return "never"
    if status in ("queued", "running"):
        return "importing" if kind == "first" or synced_at is None else "refreshing"
    return "failed" if status == "failed" else "fresh"
