"""The sync as a chain of short jobs: each stores one stretch of Shopify's data and says what runs next.

A first run reads everything by bulk operations. Later ones page what has changed since the last (by bulk when that
is very much) and read all stock. A reconciliation reads the catalogue, all stock and some weeks' orders whole.
Where a run stands is committed together with what it has stored: a step may run twice or die anywhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from app.jobs import chain, clients, demand, forecasts, parts, reading, troubles
from app.models.sync import SyncRun
from app.platform import clock, db
from app.platform.queue import enqueue, kept, store_job
from app.services import audit, sales, stores, sync
from app.services.stores import UnableToReachShop
from app.shopify import bulk, rows
from app.shopify.access_token import TokenUnavailable
from app.shopify.admin import FROZEN, AdminClient, QueryRefused, ShopifyBusy, StoreUnavailable, TokenRejected

log = logging.getLogger(__name__)

# An order may change while the previous run reads: ask again for a little more than since its start.
_OVERLAP = timedelta(minutes=10)
_MAX_ATTEMPTS = 8
_MAX_AGE = timedelta(hours=24)


@store_job
@kept
def begin(store_id: int, kind: str = "incremental") -> None:
    """Open a run, unless one is open."""
    start(store_id, kind)


def start(store_id: int, kind: str = "incremental") -> SyncRun | None:
    """Open a run in the caller's transaction, unless one is open; None then.

    A run reads everything when it is the first, when the last was so long ago that Shopify no longer shows what
    came between, and when Shopify has begun to show us orders that we could not see before.
    """
    now, since = clock.now(), sync.last_success()
    sees_all, limited = stores.sees_all_orders(), stores.history_from() is not None
    too_late = since is not None and not sees_all and now - since > timedelta(days=demand.SHOWN_DAYS)
    if since is None or too_late or (sees_all and limited and kind != "reconciliation"):
        kind = "first"
    run = sync.begin(kind, now=now, since=since - _OVERLAP if since and kind == "incremental" else None)
    if run is not None:
        known = stores.history_from()
        run.cursors = {
            "last_success": since.isoformat() if since else None,
            "history_from": known.isoformat() if known else None,
        }
        next_step(store_id, run, stage="queued")
    return run


def ask(store_id: int, *, actor: str) -> None:
    """A member wants Shopify read now; that is on record even while an open run makes it needless."""
    audit.record(actor=actor, action="sync.asked")
    start(store_id)


def recount_soon(store_id: int) -> None:
    """Have the units of every day counted anew: days begin at another hour, or products were put together."""
    enqueue(recount, store_id, on="urgent", once=f"recount-{store_id}")


@store_job
@kept
def recount(store_id: int) -> None:
    """Count the units of every day anew, and forecast from them."""
    sales.rebuild_all(time_zone=stores.time_zone())
    enqueue(forecasts.run, store_id, on="urgent", once=f"forecast-{store_id}")


@store_job
def renew_token(store_id: int) -> None:
    """Renew the store's token though it may still live: a refresh token that rests for 90 days is lost."""
    clients.fresh_token(store_id)


@store_job
def probe(store_id: int) -> None:
    """Ask a frozen or locked shop whether it answers again; if it does, its work is taken up."""
    try:
        clients.probe(store_id).call("shop")
    except (StoreUnavailable, ShopifyBusy, UnableToReachShop, TokenUnavailable, TokenRejected) as closed:
        log.info("shop is still closed", extra={"reason": str(closed)})
        return
    stores.mark_available(store_id)
    enqueue(begin, store_id, once=f"sync-{store_id}")


@store_job
def step(store_id: int, run_id: int, number: int) -> None:
    """Do the step that is due and enqueue the one after it."""
    run = sync.due(run_id, number)
    if run is None:
        log.info("stale step", extra={"run": run_id, "step": number})
        return
    with _failures(store_id, run_id, number):
        client = clients.admin(store_id, priority="periodic" if run.kind == "incremental" else "backfill")
        _STAGES[run.stage](store_id, run, client)


@store_job
def nudge(store_id: int, operation_id: str) -> None:
    """A bulk operation has ended: look at once instead of when the next look was planned."""
    found = sync.run_waiting_for(operation_id)
    run = sync.due(*found) if found else None
    if run is not None:
        next_step(store_id, run, stage=run.stage)


def take_up_stalled(*, now: datetime, after: timedelta) -> list[tuple[int, int]]:
    """(run, step) of runs whose job died or was lost; one that keeps killing its workers is closed instead.

    A death counts as an attempt, and whatever is stored meanwhile sets the count back.
    """
    found = []
    for run in sync.stalled(now=now, after=after):
        if now - run.touched_at < after + chain.longest_pause(run.attempts):
            continue  # it waits on purpose
        attempts = sync.try_again(run, reason="The worker died.", is_fault=True, now=now)
        if attempts > _MAX_ATTEMPTS:
            _close(run.store_id, run.id, RuntimeError("Reading from Shopify broke off again and again."))
        else:
            found.append((run.id, sync.advance(run, stage=run.stage, now=now)))
    return found


def next_step(store_id: int, run: SyncRun, *, stage: str, delay_seconds: float = 0) -> None:
    """Move the run to `stage` and enqueue its job under a name of its own."""
    number = sync.advance(run, stage=stage, now=clock.now())
    db.session().flush()
    enqueue(
        step,
        store_id,
        run.id,
        number,
        on=_queue(run),
        delay_seconds=delay_seconds,
        once=f"sync-{run.id}-{number}",
    )


def _queue(run: SyncRun) -> str:
    """What a merchant waits for comes first."""
    return {"first": "urgent", "incremental": "periodic", "reconciliation": "backfill"}[run.kind]


def _start(store_id: int, run: SyncRun, client: AdminClient) -> None:
    """Read the shop and its locations, then decide how each part is read."""
    run_id, number, zone = run.id, run.step, stores.time_zone()
    stores.describe(rows.shop(client.call("shop")))
    reading.locations(client)
    if "all_orders" not in run.cursors:
        run.cursors = {
            **run.cursors,
            **parts.plan(run, client),
            "all_orders": stores.sees_all_orders(),
            "zone_changed": stores.time_zone() != zone,
        }
    db.checkpoint()
    parts.open_operations(run_id, number, client)
    current = sync.due(run_id, number)
    if current is not None:
        next_step(store_id, current, stage="products")


def _part(store_id: int, run: SyncRun, client: AdminClient) -> None:
    """Store a stretch of the part that is due; the first orders of a first run make a first forecast."""
    run_id, number, stage = run.id, run.step, run.stage
    following = parts.advance(store_id, run, client)
    current = sync.due(run_id, number)
    if current is None:
        raise chain.Overtaken
    is_part_stored = stage == following.stage == "orders" and following.has_stored
    if is_part_stored and current.kind == "first" and "partial" not in current.done:
        demand.forecast_early(store_id, current)
    next_step(store_id, current, stage=following.stage, delay_seconds=following.delay_seconds)


def _demand(store_id: int, run: SyncRun, _client: AdminClient) -> None:
    """Count the units of each day, close the run, and hand over to the forecast."""
    has_news = demand.count(run)
    sync.finish(run, now=clock.now())
    troubles.mended(store_id)
    if has_news:
        enqueue(forecasts.run, store_id, on=_queue(run), once=f"forecast-{store_id}")


_STAGES: dict[str, Callable[[int, SyncRun, AdminClient], None]] = {
    "queued": _start,
    **dict.fromkeys(parts.PARTS, _part),
    "demand": _demand,
}


@contextmanager
def _failures(store_id: int, run_id: int, number: int) -> Iterator[None]:
    """What waiting may mend is tried again later, visibly; the rest closes the run with a reason."""
    try:
        yield
    except chain.Overtaken:
        db.session().rollback()
        log.info("overtaken step", extra={"run": run_id, "step": number})
    except (ShopifyBusy, TokenUnavailable, bulk.BulkFailed) as error:
        log.warning("sync step waits", extra={"run": run_id, "reason": str(error)})
        db.session().rollback()
        _later(store_id, run_id, number, error)
    except (UnableToReachShop, TokenRejected, StoreUnavailable, QueryRefused, rows.MalformedRow) as error:
        log.exception("sync failed", extra={"run": run_id})
        db.session().rollback()
        if isinstance(error, StoreUnavailable) and error.status in FROZEN:
            stores.mark_unavailable(store_id, reason=str(error))
        _close(store_id, run_id, error)


def _later(store_id: int, run_id: int, number: int, error: Exception) -> None:
    run = sync.due(run_id, number)
    if run is None:
        return
    now, is_fault = clock.now(), getattr(error, "is_fault", True)
    attempts = sync.try_again(run, reason=str(error), is_fault=is_fault, now=now)
    if attempts >= _MAX_ATTEMPTS or now - run.started_at > _MAX_AGE:
        _close(store_id, run_id, error)
        return
    if isinstance(error, bulk.BulkFailed):
        parts.forget_operation(run)
    pause = max(getattr(error, "wait_seconds", 0.0), chain.backoff(attempts))
    next_step(store_id, run, stage=run.stage, delay_seconds=pause)


def _close(store_id: int, run_id: int, error: Exception) -> None:
    run = sync.run_of(run_id)
    if run is None or run.status == "failed":
        return
    sync.fail(run, reason=str(error), now=clock.now())
    if stores.is_installed(store_id):
        waits = isinstance(error, ShopifyBusy | TokenUnavailable | bulk.BulkFailed)
        troubles.failed(store_id, reason=str(error), for_good=not waits)
