"""Alert messages: one digest a day at the store's hour, sent once to everybody, tried again while one is away"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import render_template

from app.domain import alerts as rules
from app.jobs import channels, clients, forecasts
from app.platform import clock, db, i18n, tenancy
from app.platform.channels import Notice, Refused, Unavailable
from app.platform.queue import enqueue, kept, store_job
from app.services import alerts, audit, stores
from app.services.alerts import Address, LowProduct, Written


def render(address: Address, low: Sequence[LowProduct]) -> Written:
    """A message about these products, gravest first, in the store's language."""
    with i18n.speaking(stores.settings().language):
        return channels.WRITERS[address.kind](address, low)


def send_test(recipients: Sequence[str], *, actor: str, now: datetime) -> list[int]:
    """Write a test mail to each address and enqueue their sending."""
    store_id = tenancy.require_store()
    values = {"app_url": clients.app_address(), "shop": stores.get(store_id).shop}
    with i18n.speaking(stores.settings().language):
        written = Written(
            subject=" ".join(render_template("email/test/subject.txt", **values).split()),
            text=render_template("email/test/body.txt", **values),
            html=render_template("email/test/body.html", **values),
        )
    ids = [alerts.write(Address("email", address), written, now=now) for address in recipients]
    audit.record(actor=actor, action="mail.tested", mails=ids)
    send_all(store_id, ids)
    return ids


def send_later(store_id: int, mail_id: int | None) -> None:
    """Enqueue the sending of a message that was just written."""
    if mail_id is not None:
        enqueue(send, store_id, mail_id, on="urgent", once=f"mail-{mail_id}")


def send_all(store_id: int, ids: Iterable[int]) -> None:
    """Enqueue the sending of several messages: each on its own, so that one that fails holds up no other."""
    for mail_id in ids:
        send_later(store_id, mail_id)


@store_job
def digest(store_id: int) -> None:
    """Tell of all that is untold, once a day at the store's hour; other calls change nothing."""
    now, settings = clock.now(), stores.settings()
    local = now.astimezone(ZoneInfo(stores.time_zone()))
    if not rules.digest_is_due(local, hour=settings.digest_hour, quiet_days=settings.quiet_days):
        return
    if alerts.addresses() and alerts.begin_round("digest", local.date(), now=now):
        send_all(store_id, alerts.tell(now=now, render=render))


@store_job
@kept
def check(store_id: int) -> None:
    """Plan anew from the stock of this moment and tell of what is untold at once: somebody asked for it."""
    forecasts.plan_again()
    send_all(store_id, alerts.tell(now=clock.now(), render=render))


def check_soon(store_id: int, *, actor: str) -> None:
    """Enqueue a check that a member wants; several wishes before it runs make one."""
    audit.record(actor=actor, action="alerts.check_asked")
    enqueue(check, store_id, on="urgent", once=f"check-{store_id}")


@store_job
def send(store_id: int, mail_id: int) -> None:
    """Send one message."""
    outgoing = alerts.claim(mail_id, now=clock.now())
    if outgoing is None:
        return
    db.checkpoint()
    notice = Notice(
        key=f"fluxor-{store_id}-{outgoing.id}",
        recipients=outgoing.recipients,
        subject=outgoing.subject,
        text=outgoing.text,
        html=outgoing.html,
        headers=outgoing.headers,
    )
    try:
        channel = channels.channel(outgoing.channel, outgoing.channel_id)
        provider_id = channel.deliver(notice, at=int(clock.now().timestamp()))
    except Refused as error:
        alerts.refuse(mail_id, reason=str(error))
    except Unavailable as error:
        alerts.release(mail_id, reason=str(error))
        db.checkpoint()
        raise
    else:
        alerts.note_sent(mail_id, provider_id=provider_id, now=clock.now())
