"""What the last comparisons with Shopify found, and what waits for a person: troubles, parked webhooks, merges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.platform import db


@dataclass(frozen=True)
class Difference:
    """One number of ours that was not Shopify's, and has been repaired. `what` is units or stock."""

    what: str
    product: str
    sku: str
    day: date | None
    location: str
    ours: int
    theirs: int


@dataclass(frozen=True)
class Reconciliation:
    """The last finished comparison; None in a field means that there was none yet."""

    finished_at: datetime | None
    compared_days: int
    wrong_days: int
    compared_levels: int
    wrong_stock: int
    is_running: bool

    @property
    def is_clean(self) -> bool:
        """Whether every number was Shopify's."""
        return self.finished_at is not None and not self.wrong_days and not self.wrong_stock

    def is_stale(self, now: datetime) -> bool:
        """Whether a night has passed without one."""
        return self.finished_at is not None and now - self.finished_at > timedelta(days=2)


@dataclass(frozen=True)
class Trouble:
    """A failure of the sync that is not mended yet."""

    reason: str
    since: datetime
    failures: int
    mailed_at: datetime | None


@dataclass(frozen=True)
class ParkedWebhook:
    """A delivery that could not be handled after all attempts."""

    id: int
    topic: str
    received_at: datetime
    attempts: int
    error: str


@dataclass(frozen=True)
class ParkedJob:
    """Work that has failed so often that it waits for a person."""

    name: str
    asked_at: datetime
    attempts: int
    error: str


@dataclass(frozen=True)
class ComparedDay:
    """Units of one store-local day: as we had them before the comparison, and as Shopify shows them."""

    day: date
    ours: int
    theirs: int
    repaired: int


@dataclass(frozen=True)
class MergeProposal:
    """A deleted variant whose sales could go on as those of a live one with the same SKU."""

    id: int
    sku: str
    old_product: str
    new_product: str
    units: int


def latest() -> Reconciliation:
    """The last finished reconciliation. One statement."""
    row = db.rows(
        """
        SELECT last.finished_at, last.done,
               EXISTS (SELECT 1 FROM sync_runs WHERE kind = 'reconciliation'
                       AND status IN ('queued', 'running')) AS is_running
        FROM (SELECT 1) AS one
        LEFT JOIN LATERAL (
            SELECT finished_at, done FROM sync_runs WHERE kind = 'reconciliation' AND status = 'done'
            ORDER BY started_at DESC LIMIT 1) AS last ON true
        """
    )[0]
    done = row.done or {}
    return Reconciliation(
        finished_at=row.finished_at,
        compared_days=int(done.get("compared_days", 0)),
        wrong_days=int(done.get("wrong_days", 0)),
        compared_levels=int(done.get("levels", 0)),
        wrong_stock=int(done.get("wrong_stock", 0)),
        is_running=row.is_running,
    )


def differences(*, limit: int = 100) -> list[Difference]:
    """What the last finished reconciliation repaired, newest days first. One statement."""
    found = db.rows(
        """
        SELECT d.what, d.day, d.ours, d.theirs, COALESCE(v.display_name, '') AS product,
               COALESCE(v.sku, '') AS sku, COALESCE(l.name, '') AS location
        FROM reconciliation_differences d
        LEFT JOIN LATERAL (
            SELECT display_name, sku FROM variants
            WHERE variants.store_id = d.store_id
              AND (variants.id = d.variant_id OR variants.inventory_item_id = d.inventory_item_id)
            LIMIT 1) AS v ON true
        LEFT JOIN locations l ON l.store_id = d.store_id AND l.id = d.location_id
        WHERE d.run_id = (SELECT id FROM sync_runs WHERE kind = 'reconciliation' AND status = 'done'
                          ORDER BY started_at DESC LIMIT 1)
        ORDER BY d.day DESC NULLS LAST, d.id LIMIT :limit
        """,
        limit=limit,
    )
    return [
        Difference(row.what, row.product, row.sku, row.day, row.location, row.ours, row.theirs)
        for row in found
    ]


def compared_days(*, time_zone: str, limit: int = 14) -> list[ComparedDay]:
    """The store's days before the last finished comparison, newest first; none before the first. One statement.

    What was repaired counts as we had it; `repaired` is the number of products whose units differed on the day.
    """
    found = db.rows(
        """
        WITH last AS (SELECT id, (started_at AT TIME ZONE :zone)::date AS day FROM sync_runs
                      WHERE kind = 'reconciliation' AND status = 'done' ORDER BY started_at DESC LIMIT 1),
             sold AS (SELECT s.day, SUM(s.units) AS units FROM daily_sales s, last
                      WHERE s.day < last.day AND s.day >= last.day - :limit
                      GROUP BY s.day),
             wrong AS (SELECT d.day, SUM(d.theirs - d.ours) AS missed, COUNT(*) AS products
                       FROM reconciliation_differences d, last
                       WHERE d.run_id = last.id AND d.what = 'units' GROUP BY d.day)
        SELECT day, COALESCE(sold.units, 0) AS theirs, COALESCE(sold.units, 0) - COALESCE(missed, 0) AS ours,
               COALESCE(products, 0) AS repaired
        FROM sold FULL JOIN wrong USING (day) ORDER BY day DESC LIMIT :limit
        """,
        limit=limit,
        zone=time_zone,
    )
    return [ComparedDay(row.day, int(row.ours), int(row.theirs), row.repaired) for row in found]


def open_trouble() -> Trouble | None:
    """The failure that is not mended yet. One statement."""
    found = db.rows(
        "SELECT reason, opened_at, failures, mailed_at FROM sync_troubles WHERE mended_at IS NULL"
    )
    return (
        None
        if not found
        else Trouble(found[0].reason, found[0].opened_at, found[0].failures, found[0].mailed_at)
    )


def parked_webhooks(*, limit: int = 100) -> list[ParkedWebhook]:
    """Deliveries that wait for a person, newest first. One statement."""
    found = db.rows(
        "SELECT id, topic, received_at, attempts, error FROM webhook_receipts WHERE parked_at IS NOT NULL"
        " ORDER BY received_at DESC LIMIT :limit",
        limit=limit,
    )
    return [ParkedWebhook(row.id, row.topic, row.received_at, row.attempts, row.error) for row in found]


def parked_jobs(*, limit: int = 50) -> list[ParkedJob]:
    """The store's work that waits for a person, oldest first. One statement."""
    found = db.rows(
        "SELECT name, asked_at, attempts, error FROM outbox"
        " WHERE store_id = app_store_id() AND parked_at IS NOT NULL ORDER BY asked_at LIMIT :limit",
        limit=limit,
    )
    return [ParkedJob(row.name, row.asked_at, row.attempts, row.error) for row in found]


def merge_proposals(*, limit: int = 100) -> list[MergeProposal]:
    """Merges for the merchant to decide, those with most units first. One statement."""
    found = db.rows(
        """
        SELECT m.id, m.sku, old.display_name AS old_product, young.display_name AS new_product,
               COALESCE((SELECT SUM(s.units) FROM daily_sales s WHERE s.store_id = m.store_id
                         AND s.variant_id = m.old_variant_id), 0) AS units
        FROM variant_merges m
        JOIN variants old ON old.store_id = m.store_id AND old.id = m.old_variant_id
        JOIN variants young ON young.store_id = m.store_id AND young.id = m.new_variant_id
        WHERE m.status = 'proposed' ORDER BY units DESC, m.id LIMIT :limit
        """,
        limit=limit,
    )
    return [MergeProposal(row.id, row.sku, row.old_product, row.new_product, int(row.units)) for row in found]
