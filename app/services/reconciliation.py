"""Reconciliation: our units of each day and our stock against a fresh reading of Shopify's; repaired, recorded.

The reading itself is a run of the sync over the whole catalogue, all stock and the orders of the last weeks. What
it changes is what was wrong. Things that changed in the last minutes are not held against us: their webhook may
be under way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from app.models.sync import ReconciliationDifference, SyncRun
from app.platform import copying, db
from app.services import inventory, sales
from app.shopify.rows import LevelRow

NIGHTLY_DAYS = 35
# Without read_all_orders Shopify shows 60 days; the first of them may be half gone while we read.
VISIBLE_DAYS = 59
_GRACE = timedelta(minutes=15)
_KEPT = timedelta(days=90)
# More differences than these are counted, and repaired, but not listed one by one.
_LISTED = 10_000


def window_start(kind: str, *, sees_all: bool, now: datetime) -> datetime | None:
    """Orders created since then are compared: five weeks nightly; weekly all that Shopify shows (None: all)."""
    if kind == "nightly":
        return now - timedelta(days=NIGHTLY_DAYS)
    return None if sees_all else now - timedelta(days=VISIBLE_DAYS)


def stock_differences(run: SyncRun) -> Callable[[Sequence[LevelRow]], None]:
    """What looks at levels before they are stored, and records those that ours differ from."""
    run_id, fresh = run.id, run.started_at - _GRACE

    def look(levels: Sequence[LevelRow]) -> None:
        items = sorted({level.inventory_item_id for level in levels})
        found = db.rows(
            "SELECT inventory_item_id, location_id, available, updated_at FROM inventory_levels"
            " WHERE inventory_item_id = ANY(:items)",
            items=items,
        )
        ours = {(row.inventory_item_id, row.location_id): row for row in found}
        wrong = []
        for level in levels:
            known = ours.get((level.inventory_item_id, level.location_id))
            if level.updated_at >= fresh or (known is not None and known.updated_at > level.updated_at):
                continue
            held = 0 if known is None else known.available
            if held != level.available:
                wrong.append(
                    (run_id, "stock", level.inventory_item_id, level.location_id, held, level.available)
                )
        if wrong:
            columns = ("run_id", "what", "inventory_item_id", "location_id", "ours", "theirs")
            copying.append(ReconciliationDifference, columns, wrong)

    return look


def drop_missing_levels(run: SyncRun) -> int:
    """Forget levels that Shopify no longer has, and record those that still claimed stock."""
    db.execute(
        "INSERT INTO reconciliation_differences"
        " (store_id, run_id, what, inventory_item_id, location_id, ours, theirs)"
        " SELECT store_id, :run, 'stock', inventory_item_id, location_id, available, 0 FROM inventory_levels"
        " WHERE (seen_at IS NULL OR seen_at < :asof) AND available <> 0 AND updated_at < :fresh",
        run=run.id,
        asof=run.started_at,
        fresh=run.started_at - _GRACE,
    )
    return inventory.drop_missing(asof=run.started_at)


def recount(run: SyncRun, *, time_zone: str, days_from: datetime | None) -> dict[str, int]:
    """Count all days anew from what the run has read, and record the variant-days that were wrong before.

    Returns `variant_days` (now), `compared_days` (in the window, ours or theirs), `wrong_days`, `wrong_stock`.
    """
    db.execute("CREATE TEMP TABLE before ON COMMIT DROP AS SELECT variant_id, day, units FROM daily_sales")
    total = sales.rebuild_all(time_zone=time_zone)
    window = {"run": run.id, "zone": time_zone, "since": days_from}
    wrong = db.execute(_WRONG, **window, fresh=run.started_at - _GRACE, limit=_LISTED)
    compared = db.rows(_COMPARED, zone=time_zone, since=days_from)[0].cells
    stock = db.rows(
        "SELECT COUNT(*) AS n FROM reconciliation_differences WHERE run_id = :run AND what = 'stock'",
        run=run.id,
    )[0].n
    return {
        "variant_days": total,
        "compared_days": compared,
        "wrong_days": wrong,
        "wrong_stock": stock,
    }


_IN_WINDOW = "day >= COALESCE((CAST(:since AS timestamptz) AT TIME ZONE :zone)::date, '-infinity'::date)"
_WRONG = f"""
    INSERT INTO reconciliation_differences (store_id, run_id, what, variant_id, day, ours, theirs)
    SELECT app_store_id(), :run, 'units', variant_id, day, COALESCE(b.units, 0), COALESCE(d.units, 0)
    FROM before b FULL JOIN daily_sales d USING (variant_id, day)
    WHERE COALESCE(b.units, 0) <> COALESCE(d.units, 0) AND {_IN_WINDOW}
      AND NOT EXISTS (
        SELECT 1 FROM order_lines l JOIN orders o ON o.store_id = l.store_id AND o.id = l.order_id
        WHERE l.variant_id = COALESCE(b.variant_id, d.variant_id) AND o.updated_at >= :fresh
          AND (o.processed_at AT TIME ZONE :zone)::date = COALESCE(b.day, d.day))
    ORDER BY day DESC, variant_id LIMIT :limit
"""  # noqa: S608  (a constant of this module)
_COMPARED = f"""
    SELECT COUNT(*) AS cells FROM before b FULL JOIN daily_sales d USING (variant_id, day) WHERE {_IN_WINDOW}
"""  # noqa: S608  (a constant of this module)


def prune(*, now: datetime) -> int:
    """Delete differences older than three months."""
    return db.execute(
        "DELETE FROM reconciliation_differences d USING sync_runs r"
        " WHERE r.store_id = d.store_id AND r.id = d.run_id AND r.started_at < :before",
        before=now - _KEPT,
    )
