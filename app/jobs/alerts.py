"""Alert mails: rendered from templates, sent once, tried again while Mailgun is away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import render_template

from app.jobs import clients
from app.platform import clock, db, tenancy
from app.platform.mail import MailUnavailable
from app.platform.queue import enqueue, store_job
from app.services import alerts, stores
from app.services.alerts import LowProduct

# A digest is read in a minute; the rest is one click away.
_SHOWN = 25


def render(low: Sequence[LowProduct]) -> tuple[str, str, str]:
    """Subject, text part and HTML part of a mail about these products, gravest first."""
    shop = stores.get(tenancy.require_store()).shop
    values = {
        "low": low,
        "shown": low[:_SHOWN],
        "app_url": clients.settings().admin_url(shop),
        "sentence": alerts.sentence,
    }
    subject = render_template("email/low_stock/subject.txt", **values)
    return (
        " ".join(subject.split()),
        render_template("email/low_stock/body.txt", **values),
        render_template("email/low_stock/body.html", **values),
    )


def send_test(store_id: int, recipients: Sequence[str], *, now: datetime) -> None:
    """Write a test mail and enqueue its sending."""
    shop = stores.get(store_id).shop
    values = {"app_url": clients.settings().admin_url(shop), "shop": shop}
    mail_id = alerts.write_mail(
        recipients,
        subject=" ".join(render_template("email/test/subject.txt", **values).split()),
        text=render_template("email/test/body.txt", **values),
        html=render_template("email/test/body.html", **values),
        now=now,
    )
    send_later(store_id, mail_id)


def send_later(store_id: int, mail_id: int | None) -> None:
    """Enqueue the sending of a mail that was just written."""
    if mail_id is not None:
        enqueue(send, store_id, mail_id, on="urgent", once=f"mail-{mail_id}")


@store_job
def send(_store_id: int, mail_id: int) -> None:
    """Send one mail."""
    if not alerts.claim(mail_id):
        return
    db.checkpoint()
    try:
        alerts.send(mail_id, mailer=clients.mailer(), now=clock.now())
    except MailUnavailable as error:
        alerts.release(mail_id, reason=str(error))
        db.checkpoint()
        raise
