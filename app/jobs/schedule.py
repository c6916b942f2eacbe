"""The one list of periodic work: `flask` commands run it for Heroku Scheduler, `flask cron` by itself.

Each entry reads the ids of the active stores and enqueues one job for each; where a store's turn is less work than
the process that is forked for a job, one job for many (app.jobs.turns).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.jobs import (
    alerts,
    forecasts,
    invitations,
    purchasing,
    reconciliation,
    summaries,
    sync,
    turns,
    webhooks,
)
from app.platform import clock, outbox
from app.platform.queue import enqueue, global_job, resend, store_job
from app.services import alerts as alert_service
from app.services import invitations as invitation_service
from app.services import retention, stores
from app.services import sync as runs
from app.services.purchasing import mails as purchase_mails

log = logging.getLogger(__name__)
_STALLED_AFTER = timedelta(minutes=3)
_STALLED_AT_ONCE = timedelta(seconds=10)
# A job that was just asked for is not lost yet.
_WAITS = timedelta(minutes=2)
# Four runs a day: one that is an hour late was never enqueued (the clock's process was away).
_OVERDUE = timedelta(hours=7)
_RECEIPTS_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Periodic:
    """One periodic command."""

    command: str
    cron: str
    job: Callable[[], None]
    help: str


def _for_each_store(job: Callable[..., None], name: str) -> int:
    ids = stores.active_ids()
    for store_id in ids:
        enqueue(job, store_id, once=f"{name}-{store_id}")
    return len(ids)


@global_job
def sync_due() -> None:
    """Ask Shopify what has changed in each store."""
    _for_each_store(sync.begin, "sync")


@global_job
def forecast_due() -> None:
    """Forecast and plan each store anew."""
    _for_each_store(forecasts.run, "forecast")


@global_job
def alert_due() -> None:
    """Plan each store from its stored forecast and raise what is due."""
    _for_each_store(forecasts.replan, "replan")


@global_job
def digest_due() -> None:
    """Send each store its digest and its weekly summary, at the store's own hour."""
    ids = stores.active_ids()
    turns.enqueue_turns(digest_some, ids, name="digest")
    turns.enqueue_turns(summarise_some, ids, name="summary")


@global_job
def digest_some(store_ids: list[int]) -> None:
    """The digests of these stores."""
    turns.in_turn(alerts.digest, store_ids, name="digest")


@global_job
def summarise_some(store_ids: list[int]) -> None:
    """The weekly summaries of these stores."""
    turns.in_turn(summaries.summary, store_ids, name="summary")


@global_job
def reconcile_due() -> None:
    """Compare the last weeks of each store with Shopify; on Sundays everything that Shopify shows."""
    scope = "weekly" if clock.now().isoweekday() == 7 else "nightly"
    for store_id in stores.active_ids():
        enqueue(reconciliation.begin, store_id, scope, on="backfill", once=f"reconcile-{store_id}")


@global_job
def token_due() -> None:
    """Renew tokens long before Shopify forgets them, and knock at the shops that were closed."""
    _for_each_store(sync.renew_token, "token")
    for store_id in stores.frozen_ids():
        enqueue(sync.probe, store_id, once=f"probe-{store_id}")


@global_job
def prune_due() -> None:
    """Delete what has been kept long enough, in each store."""
    turns.enqueue_turns(prune_some, stores.active_ids(), name="prune")


@global_job
def prune_some(store_ids: list[int]) -> None:
    """Prune these stores."""
    turns.in_turn(prune, store_ids, name="prune")


@store_job
def prune(_store_id: int) -> None:
    """Delete the store's old reports, runs, mails and audit entries."""
    log.info("pruned", extra=retention.prune(now=clock.now()))


@global_job
def sweep_due() -> None:
    """Find work whose job was lost, in each store."""
    _sweep_all(sweep_some, patience=_WAITS, name="sweep")


@global_job
def sweep_lost() -> None:
    """The same without patience: Redis was restarted or emptied, so that what waits has no job any more."""
    _sweep_all(sweep_some_now, patience=timedelta(0), name="sweep-now")


def rebuild() -> None:
    """Enqueue what finds all that is owed: whoever sees that Redis was restarted calls this."""
    enqueue(sweep_lost, on="urgent", once="sweep-lost")


def _sweep_all(job: Callable[..., None], *, patience: timedelta, name: str) -> None:
    resend(outbox.waiting(patience=patience))
    turns.enqueue_turns(job, stores.all_ids(), name=name)


@global_job
def sweep_some(store_ids: list[int]) -> None:
    """Sweep these stores."""
    turns.in_turn(sweep, store_ids, name="sweep")


@global_job
def sweep_some_now(store_ids: list[int]) -> None:
    """Sweep these stores without patience."""
    turns.in_turn(sweep_now, store_ids, name="sweep-now")


@store_job
def sweep(store_id: int) -> None:
    """Enqueue again what is a row but has no job any more: steps, deliveries, mails; prune old receipts."""
    _sweep(store_id, now=clock.now(), stalled=_STALLED_AFTER, waits=_WAITS)
    runs.prune_receipts(before=clock.now() - _RECEIPTS_KEPT)


@store_job
def sweep_now(store_id: int) -> None:
    """The same for all that waits, however short it has waited."""
    _sweep(store_id, now=clock.now(), stalled=_STALLED_AT_ONCE, waits=timedelta(0))


def _sweep(store_id: int, *, now: datetime, stalled: timedelta, waits: timedelta) -> None:
    """Whether Shopify lets us in matters to the sync alone: deletions it wishes for and mails are owed all the same.

    The mail which says that a shop has to be connected again is written when it no longer is.
    """
    webhooks.take_up(store_id, older_than=now - waits)
    _sweep_mails(store_id, now=now, waits=waits)
    if not stores.get(store_id).is_active:
        return
    if runs.never_began(since=stores.installed_at(store_id)) or runs.is_overdue(now=now, after=_OVERDUE):
        enqueue(sync.begin, store_id, on="urgent", once=f"sync-{store_id}")
    for run_id, number in sync.take_up_stalled(now=now, after=stalled):
        enqueue(sync.step, store_id, run_id, number, once=f"sync-{run_id}-{number}")
    forecasts.take_up_stalled(store_id, now=now, after=stalled)


def _sweep_mails(store_id: int, *, now: datetime, waits: timedelta) -> None:
    for mail_id in alert_service.unsent(now=now, waits=waits):
        alerts.send_later(store_id, mail_id)
    for mail_id in purchase_mails.unsent(now=now, waits=waits):
        purchasing.send_later(store_id, mail_id)
    for invitation_id in invitation_service.unsent(now=now, waits=waits):
        invitations.send_later(store_id, invitation_id)


PERIODIC = (
    Periodic("sync-due", "0 */6 * * *", sync_due, "Ask Shopify what has changed (every 6 hours)."),
    Periodic("forecast-due", "30 */6 * * *", forecast_due, "Forecast and plan every store (every 6 hours)."),
    Periodic("alert-due", "45 */6 * * *", alert_due, "Raise low-stock alerts (every 6 hours)."),
    Periodic("digest-due", "5 * * * *", digest_due, "Send digests at each store's own hour (hourly)."),
    Periodic("reconcile-due", "30 2 * * *", reconcile_due, "Compare every store with Shopify (nightly)."),
    Periodic("token-due", "15 3 * * *", token_due, "Renew access tokens, probe closed shops (daily)."),
    Periodic("prune-due", "45 3 * * *", prune_due, "Delete what has been kept long enough (daily)."),
    Periodic("sweep-due", "*/10 * * * *", sweep_due, "Enqueue work whose job was lost (every 10 minutes)."),
)
