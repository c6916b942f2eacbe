"""Tell the owner of a sync that keeps failing, once, and once more when it works again."""

from __future__ import annotations

from flask import render_template

from app.jobs import alerts, clients
from app.platform import clock, i18n
from app.services import stores, troubles


def render(template: str, reason: str) -> tuple[str, str, str]:
    """Subject, text part and HTML part of a mail about the sync."""
    values = {"reason": reason, "app_url": clients.app_address()}
    with i18n.speaking(stores.settings().language):
        return (
            " ".join(render_template(f"email/{template}/subject.txt", **values).split()),
            render_template(f"email/{template}/body.txt", **values),
            render_template(f"email/{template}/body.html", **values),
        )


def failed(store_id: int, *, reason: str, for_good: bool) -> None:
    """Record a failed run, and write to the owner when it is more than bad luck."""
    mail_id = troubles.failed(reason=reason, for_good=for_good, now=clock.now(), render=render)
    alerts.send_later(store_id, mail_id)


def mended(store_id: int) -> None:
    """Record that the sync works."""
    alerts.send_later(store_id, troubles.mended(now=clock.now(), render=render))
