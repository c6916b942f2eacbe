"""Inventory and alerts as JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from flask_login import current_user
from pydantic import Field

from app.blueprints.api.door import blueprint
from app.jobs import alerts as alert_jobs
from app.jobs import sync
from app.platform import clock, queue
from app.platform.access import Permission, actor
from app.platform.api import paged
from app.platform.bodies import Done, Model, Paged, PageQuery, Words
from app.platform.i18n import gettext
from app.queries.api import stock as read
from app.queries.api import work
from app.services import alerts as alert_service

StockSort = Literal["product_name", "-product_name", "sku", "-sku", "current_stock", "-current_stock"]


class InventoryQuery(PageQuery):
    """Which products."""

    search: Words = Field("", description="Part of a name or SKU.")
    sort: StockSort = Field("product_name", description="A leading minus turns the order around.")


class InventoryItem(Model):
    """Stock of one product over all active locations that count."""

    product_id: int
    product_name: str
    sku: str
    vendor: str = Field(description="As Shopify names it.")
    supplier: str | None = Field(
        description="From whom it is ordered: the one chosen for it, else its vendor's."
    )
    supplier_id: int | None
    current_stock: int = Field(description="Available to sell.")
    on_hand: int
    committed: int
    incoming: int
    last_updated: datetime


class Inventory(Paged[InventoryItem]):
    """One page of products."""


class SyncRun(Model):
    """One run of the sync with Shopify."""

    id: int
    kind: Literal["first", "incremental", "reconciliation"]
    status: Literal["queued", "running", "done", "failed"]
    stage: str
    counts: dict[str, int] = Field(description="How much of what it stored.")
    error: str
    started_at: datetime
    finished_at: datetime | None


class SyncRuns(Paged[SyncRun]):
    """One page of runs, newest first."""


class AlertsQuery(PageQuery):
    """Which alerts."""

    show: Literal["open", "all"] = "open"


class Alert(Model):
    """One low-stock alert."""

    id: int
    product_id: int
    product_name: str
    sku: str
    kind: str
    gravity: str
    message: str
    timestamp: datetime = Field(description="When it was raised.")
    resolved_at: datetime | None
    dismissed_at: datetime | None
    snoozed_until: datetime | None


class Alerts(Paged[Alert]):
    """One page of alerts, newest first."""


class AlertSnooze(Model):
    """For how long no mail is sent about the product."""

    hours: Annotated[int, Field(ge=1, le=24 * 366)]


@blueprint.read(
    "/inventory", needs=Permission.CATALOG_READ, tag="Inventory", answer=Inventory, query=InventoryQuery
)
def inventory(query: InventoryQuery) -> dict[str, Any]:
    """List the stock of each product."""
    found = read.inventory(search=query.search, sort=query.sort, page=query.page, size=query.per_page)
    return paged(found, query)


@blueprint.write("/inventory/sync", needs=Permission.SYNC_RUN, tag="Inventory", answer=Done, status=202)
def sync_inventory() -> Done:
    """Start a sync with Shopify now, unless one is under way."""
    queue.ensure_reachable()
    sync.ask(current_user.store_id, actor=actor())
    return Done(
        message=gettext("The sync is under way. GET /api/inventory shows newer numbers as they come in.")
    )


@blueprint.read("/sync/runs", needs=Permission.SETTINGS_READ, tag="Sync", answer=SyncRuns, query=PageQuery)
def sync_runs(query: PageQuery) -> dict[str, Any]:
    """List the runs of the sync: what was read when, and why one failed."""
    return paged(work.sync_runs(page=query.page, size=query.per_page), query)


@blueprint.read("/alerts", needs=Permission.ALERTS_READ, tag="Alerts", answer=Alerts, query=AlertsQuery)
def alerts(query: AlertsQuery) -> dict[str, Any]:
    """List low-stock alerts."""
    return paged(read.alerts(show=query.show, page=query.page, size=query.per_page), query)


@blueprint.write("/alerts/send", needs=Permission.ALERTS_MANAGE, tag="Alerts", answer=Done, status=202)
def send_alerts() -> Done:
    """Look for low stock now and mail what is new."""
    queue.ensure_reachable()
    alert_jobs.check_soon(current_user.store_id, actor=actor())
    return Done(
        message=gettext("Your stock is being checked. New alerts are mailed; each product once in 24 hours.")
    )


@blueprint.write("/alerts/<int:alert_id>/dismiss", needs=Permission.ALERTS_MANAGE, tag="Alerts", answer=Done)
def dismiss_alert(alert_id: int) -> Done:
    """Take an alert off the list; it stays on record."""
    alert_service.dismiss(alert_id, actor=actor(), now=clock.now())
    return Done(message=gettext("The alert is off the list."))


@blueprint.write(
    "/alerts/<int:alert_id>/snooze",
    needs=Permission.ALERTS_MANAGE,
    tag="Alerts",
    answer=Done,
    body=AlertSnooze,
)
def snooze_alert(alert_id: int, body: AlertSnooze) -> Done:
    """Send no mail about the alert's product for some hours."""
    until = clock.now() + timedelta(hours=body.hours)
    alert_service.snooze(alert_id, until=until, actor=actor())
    return Done(
        message=gettext(
            "No mail about the product until %(until)s.", until=until.isoformat(timespec="minutes")
        )
    )
