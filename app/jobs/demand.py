"""From what a run has read to the units of each day, and from which day on we know them whole."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from app.jobs import forecasts
from app.models.sync import SyncRun
from app.platform import clock
from app.platform.queue import enqueue
from app.services import catalog, inventory, reconciliation, sales, stock_outs, stores, sync
from app.shopify import rows

# Without read_all_orders Shopify shows the orders of 60 days.
SHOWN_DAYS = 60


def forecast_early(store_id: int, run: SyncRun) -> None:
    """Orders come newest first: forecast from the days that are whole already, while the older ones come in."""
    zone = stores.time_zone()
    oldest = sales.oldest_day(time_zone=zone)
    if oldest is None:
        return
    stores.know_history_from(oldest + timedelta(days=1))
    days = sales.rebuild_all(time_zone=zone)
    run.done = {**run.done, "partial": 1, "variant_days": days}
    enqueue(forecasts.run, store_id, on="urgent", once=f"forecast-{store_id}")


def count(run: SyncRun) -> bool:
    """Count the units of each day from what the run has read; whether a forecast may come out differently."""
    zone, now = stores.time_zone(), clock.now()
    named = sales.name_orphans()
    _note_history(run, zone)
    counts = _count(run, zone, whole=bool(named))
    inventory.remember_day(clock.today(zone))
    stock_outs.note(clock.today(zone), time_zone=zone)
    catalog.propose_merges(now=now)
    sync.progress(run.id, counts, now=now)
    return run.kind != "reconciliation" or bool(counts["wrong_days"] or counts["wrong_stock"])


def _note_history(run: SyncRun, zone: str) -> None:
    """The first store-local day that we know whole, after a run that has read all that Shopify shows."""
    if run.kind != "first":
        return
    if run.cursors.get("all_orders"):
        stores.know_history_from(None)
        return
    known, last = run.cursors.get("history_from"), run.cursors.get("last_success")
    # What was gathered since an earlier installation joins up, unless more than 60 days lie between.
    if last is not None and rows.instant(last) > run.started_at - timedelta(days=SHOWN_DAYS):
        stores.know_history_from(date.fromisoformat(known) if known else None)
        return
    shown = (run.started_at - timedelta(days=SHOWN_DAYS)).astimezone(ZoneInfo(zone)).date()
    stores.know_history_from(shown + timedelta(days=1))


def _count(run: SyncRun, zone: str, *, whole: bool) -> dict[str, int]:
    if run.kind == "reconciliation":
        since = run.cursors.get("window")
        return reconciliation.recount(run, time_zone=zone, days_from=rows.instant(since) if since else None)
    if run.kind == "incremental" and not run.cursors.get("zone_changed") and not whole:
        return {"variant_days": sales.rebuild_read(asof=run.started_at, time_zone=zone)}
    return {"variant_days": sales.rebuild_all(time_zone=zone)}
