"""Runs of the sync: begun once, stepped by jobs, finished or failed in words; webhook receipts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import IO, Any, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.models.sync import SyncRun, WebhookReceipt
from app.platform import db
from app.services import catalog, inventory, sales
from app.shopify import bulk, rows
from app.shopify.webhooks import Delivery

T = TypeVar("T")
_BATCH = 5000


@dataclass(frozen=True)
class Receipt:
    """A stored webhook delivery."""

    id: int
    topic: str
    payload: dict[str, Any]
    is_handled: bool


def begin(kind: str, *, now: datetime, since: datetime | None = None) -> SyncRun | None:
    """Open a run, or None while another one of this store is open."""
    session = db.session()
    run = SyncRun(
        kind=kind, status="queued", since=since, started_at=now, touched_at=now, done={}, operations={}
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
    if run is None or run.step != step or run.status not in ("queued", "running"):
        return None
    return run


def progress(run_id: int, counts: dict[str, int], *, now: datetime) -> None:
    """Note how much is stored, for the merchant who watches and for the sweep that looks for the dead."""
    db.execute(
        "UPDATE sync_runs SET done = done || CAST(:counts AS jsonb), touched_at = :now WHERE id = :id",
        counts=json.dumps(counts),
        now=now,
        id=run_id,
    )


def advance(run: SyncRun, *, stage: str, now: datetime) -> int:
    """Note that the run is now in `stage`; returns the number of the step to do next."""
    run.status, run.stage, run.touched_at = "running", stage, now
    run.step += 1
    return run.step


def finish(run: SyncRun, *, now: datetime) -> None:
    """Close the run as done."""
    run.status, run.stage, run.finished_at, run.touched_at, run.error = "done", "done", now, now, ""


def fail(run: SyncRun, *, reason: str, now: datetime) -> None:
    """Close the run as failed, with a reason fit for the merchant."""
    run.status, run.error, run.finished_at, run.touched_at = "failed", reason, now, now


def last_success() -> datetime | None:
    """When the last successful run began: what changed since then is what an incremental run asks for."""
    return (
        db.session()
        .execute(
            select(SyncRun.started_at)
            .where(SyncRun.status == "done")
            .order_by(SyncRun.started_at.desc())
            .limit(1)
        )
        .scalar_one_or_none()
    )


def never_began() -> bool:
    """Whether the store has no run at all: the job that should have opened the first one was lost."""
    return db.session().execute(select(SyncRun.id).limit(1)).scalar_one_or_none() is None


def stalled(*, now: datetime, after: timedelta) -> list[tuple[int, int]]:
    """(run, step) of open runs that nobody has touched for a while: their job died or was lost."""
    query = select(SyncRun).where(SyncRun.status.in_(("queued", "running")), SyncRun.touched_at < now - after)
    found = []
    for run in db.session().execute(query.with_for_update(skip_locked=True)).scalars():
        found.append((run.id, advance(run, stage=run.stage, now=now)))
    return found


# --- what a bulk result becomes -------------------------------------------------------------------------


def store_products(file: IO[bytes]) -> Iterator[dict[str, int]]:
    """Store a products result; yields counts after each batch, so that the job can commit and show them."""
    done = {"products": 0, "variants": 0}
    for batch in batched(rows.product(node) for node in bulk.roots(file)):
        catalog.store_products(batch)
        done["products"] += len(batch)
        yield dict(done)
    variants = (rows.variant(node, rows.numeric_id(node["__parentId"])) for node in bulk.children(file))
    for found in batched(variants):
        catalog.store_variants(found)
        done["variants"] += len(found)
        yield dict(done)


def store_levels(file: IO[bytes]) -> Iterator[dict[str, int]]:
    """Store an inventory result; yields counts after each batch."""
    done = {"levels": 0}
    levels = (rows.level(node, rows.numeric_id(node["__parentId"])) for node in bulk.children(file))
    for batch in batched(levels):
        inventory.store_levels(batch)
        done["levels"] += len(batch)
        yield dict(done)


def store_orders(file: IO[bytes]) -> Iterator[dict[str, int]]:
    """Store an orders result; yields counts after each batch.

    Lines of an order that a webhook has updated since the result was made are left out: ours are newer.
    """
    done = {"orders": 0, "lines": 0}
    stale: set[int] = set()
    for batch in batched(rows.order(node) for node in bulk.roots(file)):
        stale |= sales.store_orders(batch)
        done["orders"] += len(batch)
        yield dict(done)
    lines = (rows.line(node, rows.numeric_id(node["__parentId"])) for node in bulk.children(file))
    for found in batched(line for line in lines if line.order_id not in stale):
        sales.store_lines(found)
        done["lines"] += len(found)
        yield dict(done)


def batched(items: Iterable[T]) -> Iterator[list[T]]:
    """Lists of at most 5,000 items."""
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


# --- webhooks -------------------------------------------------------------------------------------------


def keep_receipt(delivery: Delivery, *, now: datetime) -> int | None:
    """Store a delivery of the current store; None when this very delivery is stored already."""
    session = db.session()
    receipt = WebhookReceipt(
        webhook_id=delivery.webhook_id,
        event_id=delivery.event_id,
        topic=delivery.topic,
        api_version=delivery.api_version,
        payload=_storable(delivery.payload),
        triggered_at=delivery.triggered_at,
        received_at=now,
    )
    try:
        with session.begin_nested():
            session.add(receipt)
    except IntegrityError:
        return None
    return receipt.id


def receipt(receipt_id: int) -> Receipt | None:
    """A stored delivery."""
    found = (
        db.session()
        .execute(select(WebhookReceipt).where(WebhookReceipt.id == receipt_id))
        .scalar_one_or_none()
    )
    return (
        None if found is None else Receipt(found.id, found.topic, found.payload, found.handled_at is not None)
    )


def mark_handled(receipt_id: int, *, now: datetime) -> None:
    """Note that a delivery's effect is stored."""
    db.execute(
        "UPDATE webhook_receipts SET handled_at = :now, error = '' WHERE id = :id", id=receipt_id, now=now
    )


def waiting_receipts(*, older_than: datetime) -> list[int]:
    """Deliveries whose job was lost (Redis was down, a worker died)."""
    found = db.rows(
        "SELECT id FROM webhook_receipts WHERE handled_at IS NULL AND received_at < :limit"
        " ORDER BY received_at LIMIT 1000",
        limit=older_than,
    )
    return [row.id for row in found]


def prune_receipts(*, before: datetime) -> int:
    """Delete handled receipts: Shopify may deliver again for a day, so keep them longer than that."""
    return db.execute(
        "DELETE FROM webhook_receipts WHERE handled_at IS NOT NULL AND received_at < :before", before=before
    )


def _storable(value: Any) -> Any:
    """PostgreSQL's jsonb holds neither NUL characters nor half surrogate pairs; nothing we read has them."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(str(key)): _storable(item) for key, item in value.items()}
    return value
