"""The outbox: a message is claimed, sent once, put back when its channel is away, or refused for good"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.models.alerts import AlertMail
from app.platform import db
from app.services import outbox

# Whoever reads of low stock days later is misled.
_WORTH_SENDING = timedelta(hours=24)


@dataclass(frozen=True)
class Outgoing:
    """A message that is ours to send now."""

    id: int
    channel: str
    channel_id: int | None
    recipients: Sequence[str]
    subject: str
    text: str
    html: str
    headers: dict[str, str]


def write_mail(recipients: Sequence[str], *, subject: str, text: str, html: str, now: datetime) -> int:
    """Write a mail that is about no product; returns its id. It is a row before it is sent."""
    mail = AlertMail(recipients=list(recipients), subject=subject, text=text, html=html, created_at=now)
    db.session().add(mail)
    db.session().flush()
    return mail.id


def claim(mail_id: int, *, now: datetime) -> Outgoing | None:
    """Take a queued message for sending; None when somebody else has it.

    The caller commits this before it asks the channel: a second job then leaves the message alone, and a
    crash in between shows as `sending` rather than as a second message.
    """
    found = db.session().execute(
        select(AlertMail).where(AlertMail.id == mail_id, AlertMail.status == "queued").with_for_update()
    )
    mail = found.scalar_one_or_none()
    if mail is None:
        return None
    mail.status, mail.claimed_at = "sending", now
    return Outgoing(
        mail.id,
        mail.channel,
        mail.channel_id,
        mail.recipients,
        mail.subject,
        mail.text,
        mail.html,
        mail.headers,
    )


def note_sent(mail_id: int, *, provider_id: str, now: datetime) -> None:
    """Note that the channel took the message."""
    db.execute(
        "UPDATE alert_mails SET status = 'sent', sent_at = :now, error = '', provider_id = :provider"
        " WHERE id = :id",
        id=mail_id,
        now=now,
        provider=provider_id,
    )


def refuse(mail_id: int, *, reason: str) -> None:
    """Note that the channel refused the message for good."""
    db.execute(
        "UPDATE alert_mails SET status = 'failed', error = :reason WHERE id = :id", id=mail_id, reason=reason
    )


def release(mail_id: int, *, reason: str) -> None:
    """Put a message back after its channel could not be reached."""
    outbox.release("alert_mails", mail_id, reason=reason)


def unsent(*, now: datetime, waits: timedelta) -> list[int]:
    """Queued messages whose job is lost after so long a wait; what is too old to be worth sending is given up."""
    db.execute(
        "UPDATE alert_mails SET status = 'failed', error = 'It could not be sent for a day: ' || error"
        " WHERE status = 'queued' AND created_at < :limit",
        limit=now - _WORTH_SENDING,
    )
    return outbox.unsent("alert_mails", now=now, waits=waits)
