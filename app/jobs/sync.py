"""The sync as a chain of short jobs: each stores one part of Shopify's data and says what runs next."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import IO

from app.jobs import clients, forecasts
from app.models.sync import SyncRun
from app.platform import clock, db
from app.platform.queue import enqueue, store_job
from app.services import catalog, inventory, sales, stores, sync
from app.services.stores import UnableToReachShop
from app.shopify import bulk, rows
from app.shopify.admin import AdminClient, QueryRefused, StoreUnavailable, TokenRejected

log = logging.getLogger(__name__)

# Bulk operations run side by side at Shopify; their results are stored in this order.
_PARTS: dict[str, Callable[[IO[bytes]], Iterator[dict[str, int]]]] = {
    "products": sync.store_products,
    "levels": sync.store_levels,
    "orders": sync.store_orders,
}
_LOOK_AGAIN_SECONDS = 1.0
# An order may change while the previous run reads: ask again for a little more than since its start.
_OVERLAP = timedelta(minutes=10)
_MAX_RESTARTS = 3


@store_job
def begin(store_id: int, kind: str = "incremental") -> None:
    """Open a run, unless one is open."""
    start(store_id, kind)


def start(store_id: int, kind: str = "incremental") -> None:
    """Open a run in the caller's transaction, unless one is open; the first run reads everything."""
    since = sync.last_success()
    if since is None:
        kind = "first"
    run = sync.begin(
        kind, now=clock.now(), since=None if kind == "first" or since is None else since - _OVERLAP
    )
    if run is not None:
        next_step(store_id, run, stage="queued", on=_queue(run))


@store_job
def recount(store_id: int) -> None:
    """Count the units of every day anew, because the store's days begin at another hour now."""
    sales.rebuild_all(time_zone=stores.time_zone())
    enqueue(forecasts.run, store_id, on="urgent", once=f"forecast-{store_id}")


@store_job
def renew_token(store_id: int) -> None:
    """Renew the store's token though it may still live: a refresh token that rests for 90 days is lost."""
    clients.fresh_token(store_id)


@store_job
def step(store_id: int, run_id: int, number: int) -> None:
    """Do the step that is due and enqueue the one after it."""
    run = sync.due(run_id, number)
    if run is None:
        log.info("stale step", extra={"run": run_id, "step": number})
        return
    with _failures(store_id, run_id):
        client = clients.admin(store_id, priority="backfill" if run.kind == "first" else "periodic")
        _STAGES[run.stage](store_id, run, client)


def next_step(store_id: int, run: SyncRun, *, stage: str, on: str, delay_seconds: float = 0) -> None:
    """Move the run to `stage` and enqueue its job under a name of its own."""
    number = sync.advance(run, stage=stage, now=clock.now())
    enqueue(
        step, store_id, run.id, number, on=on, delay_seconds=delay_seconds, once=f"sync-{run.id}-{number}"
    )


def _queue(run: SyncRun) -> str:
    return "urgent" if run.kind == "first" else "periodic"


def _start(store_id: int, run: SyncRun, client: AdminClient) -> None:
    """Read the shop and its locations, then let Shopify prepare the three big results."""
    stores.describe(rows.shop(client.call("shop")))
    for _, page in client.pages("locations", "locations"):
        catalog.store_locations([rows.location(node) for node in page["nodes"]])
    run.operations = {
        # Stock has no reliable search by change date: it is always read whole.
        part: bulk.start(client, f"bulk_{part}", since=None if part == "levels" else run.since)
        for part in _PARTS
    }
    next_step(store_id, run, stage="products", on=_queue(run))


def _part(store_id: int, run: SyncRun, client: AdminClient) -> None:
    """Store one result once Shopify has it ready."""
    part, run_id, number = run.stage, run.id, run.step
    try:
        state = bulk.look(client, run.operations[part])
        if state.is_running:
            sync.progress(run_id, {f"{part}_found": state.objects}, now=clock.now())
            next_step(store_id, run, stage=part, on=_queue(run), delay_seconds=_LOOK_AGAIN_SECONDS)
            return
        db.checkpoint()
        with bulk.downloaded(state.url) as file:
            for counts in _PARTS[part](file):
                sync.progress(run_id, counts, now=clock.now())
                db.checkpoint()
    except bulk.BulkFailed as problem:
        _restart(store_id, run_id, number, client, problem)
        return
    current = sync.due(run_id, number)
    if current is not None:
        following = [*_PARTS, "demand"]
        stage = following[following.index(part) + 1]
        next_step(store_id, current, stage=stage, on=_queue(current))


def _restart(store_id: int, run_id: int, number: int, client: AdminClient, problem: bulk.BulkFailed) -> None:
    """Let Shopify make the result again, a few times."""
    db.session().rollback()
    run = sync.due(run_id, number)
    if run is None:
        return
    restarts = int(run.done.get("restarts", 0)) + 1
    if restarts > _MAX_RESTARTS:
        raise problem
    since = None if run.stage == "levels" else run.since
    operation = bulk.start(client, f"bulk_{run.stage}", since=since)
    run.operations = {**run.operations, run.stage: operation}
    run.done = {**run.done, "restarts": restarts}
    next_step(store_id, run, stage=run.stage, on=_queue(run), delay_seconds=_LOOK_AGAIN_SECONDS)


def _demand(store_id: int, run: SyncRun, _client: AdminClient) -> None:
    """Count the units of each day, and hand over to the forecast."""
    zone = stores.time_zone()
    days = sales.rebuild_all(time_zone=zone)
    inventory.remember_day(clock.today(zone))
    sync.progress(run.id, {"variant_days": days}, now=clock.now())
    sync.finish(run, now=clock.now())
    enqueue(forecasts.run, store_id, on=_queue(run))


_STAGES: dict[str, Callable[[int, SyncRun, AdminClient], None]] = {
    "queued": _start,
    **dict.fromkeys(_PARTS, _part),
    "demand": _demand,
}


@contextmanager
def _failures(store_id: int, run_id: int) -> Iterator[None]:
    """What cannot be mended by trying again closes the run with a reason; the rest is RQ's to retry."""
    try:
        yield
    except (UnableToReachShop, TokenRejected, StoreUnavailable, QueryRefused, bulk.BulkFailed) as error:
        log.exception("sync failed", extra={"run": run_id})
        db.session().rollback()
        if isinstance(error, StoreUnavailable) and error.status in (402, 423):
            stores.mark_unavailable(store_id, reason=str(error))
        run = sync.run_of(run_id)
        if run is not None:
            sync.fail(run, reason=str(error), now=clock.now())
