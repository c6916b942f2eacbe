"""Home: set-up and sync progress at first, then sales, stock, what to order and open alerts."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_login import current_user

from app.jobs import sync
from app.platform import clock, queue, web
from app.platform.access import AppBlueprint, Permission, actor
from app.queries import dashboard, purchasing, replenishment, stores
from app.queries import sync as runs
from app.queries.dashboard import RANGES
from app.queries.paging import clean_page
from app.services import stores as store_services

blueprint = AppBlueprint("dashboard", __name__)
_ROWS = 10
_SUPPLIERS = 5


@blueprint.get("/", needs=Permission.DASHBOARD_READ)
def index() -> Response:
    """The page, or its content while it watches the first sync."""
    template = "dashboard/_home.html" if web.wants_fragment() else "dashboard/index.html"
    return web.render(template, **_home())


@blueprint.get("/trend", needs=Permission.DASHBOARD_READ)
def trend() -> Response:
    """The sales chart for another range."""
    return web.render("dashboard/_trend.html", trend=_trend())


@blueprint.get("/status", needs=Permission.DASHBOARD_READ)
def status() -> Response:
    """How fresh the data are; asked for again and again while a sync runs."""
    return web.render("layout/_status.html", has_watched=web.wants_fragment())


@blueprint.post("/sync", needs=Permission.SYNC_RUN)
def start_sync() -> Response:
    """Start a sync now."""
    queue.ensure_reachable()
    sync.ask(current_user.store_id, actor=actor())
    if "home" in request.args:
        return web.render("dashboard/_home.html", **_home())
    return web.render("layout/_status.html")


@blueprint.post("/setup/dismiss", needs=Permission.SETTINGS_EDIT)
def dismiss_setup() -> Response:
    """Put the setup guide away for the whole store."""
    now = clock.now()
    store_services.change_settings({"setup_dismissed_at": now}, actor=actor(), now=now)
    return Response("", mimetype="text/html")


def _home() -> dict[str, Any]:
    if not web.once(runs.freshness).is_ready:
        return {}
    overview = dashboard.overview()
    return {
        "overview": overview,
        "due": purchasing.due(limit=_SUPPLIERS),
        "trend": _trend(),
        "worst": overview.worst,
        "open_alerts": overview.open_alerts,
        "table": replenishment.table(
            sort=request.args.get("sort", "urgency"),
            search=request.args.get("search", "").strip()[:100],
            show=request.args.get("show", "order"),
            page=clean_page(request.args.get("page")),
            size=_ROWS,
            to_order=overview.to_order,
        ),
    }


def _trend() -> dashboard.SalesTrend:
    asked = request.args.get("days", "")
    days = int(asked) if asked in {str(known) for known in RANGES} else RANGES[0]
    return dashboard.sales_trend(today=clock.today(web.once(stores.store).time_zone), days=days)
