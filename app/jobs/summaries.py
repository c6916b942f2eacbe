"""The weekly summary: a mail on Mondays to whoever gets alerts, with what sold and what waits"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import render_template

from app.domain import alerts as rules
from app.jobs import alerts as alert_jobs
from app.jobs import channels, clients
from app.platform import clock, formats, i18n
from app.platform.queue import store_job
from app.queries import reports
from app.queries import stores as read
from app.queries.reports import Week
from app.services import alerts, stores
from app.services.alerts import Address, Written


@store_job
def summary(store_id: int) -> None:
    """Write and send this week's summary once, on Monday from the store's hour on; other calls change nothing."""
    now, settings = clock.now(), stores.settings()
    local = now.astimezone(ZoneInfo(stores.time_zone()))
    if not settings.weekly_summary or not rules.summary_is_due(local, hour=settings.digest_hour):
        return
    if not settings.alert_emails or not alerts.begin_round("summary", local.date(), now=now):
        return
    week = reports.week(local.date())
    with i18n.speaking(settings.language):
        ids = [_write(address, week, now=now) for address in settings.alert_emails]
    alert_jobs.send_all(store_id, ids)


def _write(address: str, week: Week, *, now: datetime) -> int:
    return alerts.write(Address("email", address), render(address, week), now=now)


def render(address: str, week: Week) -> Written:
    """The mail for one address, in the language being spoken."""
    store, unsubscribe = read.store(), channels.unsubscribe_url(address)
    values = {
        "week": week,
        "store": store,
        "amount": lambda value: formats.money(value, store.currency),
        "app_url": clients.app_address(),
        "unsubscribe_url": unsubscribe,
    }
    return Written(
        subject=" ".join(render_template("email/summary/subject.txt", **values).split()),
        text=render_template("email/summary/body.txt", **values),
        html=render_template("email/summary/body.html", **values),
        headers=channels.unsubscribe_headers(unsubscribe),
    )
