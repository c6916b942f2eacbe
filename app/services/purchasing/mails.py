"""The mail that carries an order: a row with its PDF first, sent once, tried again while Mailgun is away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.domain import purchasing as rules
from app.models.purchasing import PurchaseMail
from app.platform import db
from app.platform.mail import Attachment, Mailer, MailRefused, Message
from app.services import outbox
from app.services.purchasing.orders import locked, note


@dataclass(frozen=True)
class Letter:
    """What a mail says."""

    subject: str
    text: str
    html: str
    attachment_name: str
    attachment: bytes


def write(
    order_id: int, letter: Letter, *, recipients: Sequence[str], reply_to: str, actor: str, now: datetime
) -> int:
    """Write the mail of an order that is on its way; returns the mail's id. Raises OrderNotFound, ActNotAllowed."""
    order = locked(order_id)
    rules.check(order.status, "mail")
    mail = PurchaseMail(
        order_id=order_id,
        recipients=list(recipients),
        reply_to=reply_to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        attachment_name=letter.attachment_name,
        attachment=letter.attachment,
        created_at=now,
    )
    db.session().add(mail)
    db.session().flush()
    note(order, "mailed", actor=actor, now=now, recipients=list(recipients), mail_id=mail.id)
    return mail.id


def claim(mail_id: int, *, now: datetime) -> bool:
    """Take a queued mail for sending; False when somebody else has it."""
    return bool(
        db.execute(
            "UPDATE purchase_mails SET status = 'sending', claimed_at = :now"
            " WHERE id = :id AND status = 'queued'",
            id=mail_id,
            now=now,
        )
    )


def send(mail_id: int, *, mailer: Mailer, now: datetime) -> bool:
    """Send a claimed mail; False if it was refused for good. Raises MailUnavailable: release it and try later."""
    query = select(PurchaseMail).where(PurchaseMail.id == mail_id, PurchaseMail.status == "sending")
    mail = db.session().execute(query).scalar_one_or_none()
    if mail is None:
        return False
    pdf = Attachment(mail.attachment_name, mail.attachment, "application/pdf")
    headers = {"Reply-To": mail.reply_to} if mail.reply_to else {}
    try:
        mail.provider_id = mailer.send(
            Message(
                to=mail.recipients,
                subject=mail.subject,
                text=mail.text,
                html=mail.html,
                headers=headers,
                attachments=[pdf],
            )
        )
    except MailRefused as error:
        mail.status, mail.error = "failed", str(error)
        return False
    mail.status, mail.sent_at, mail.error = "sent", now, ""
    return True


def release(mail_id: int, *, reason: str) -> None:
    """Put a mail back after Mailgun could not be reached."""
    outbox.release("purchase_mails", mail_id, reason=reason)


def unsent(*, now: datetime, waits: timedelta) -> list[int]:
    """Queued mails whose job was lost; what nobody knows about is said rather than sent a second time."""
    return outbox.unsent("purchase_mails", now=now, waits=waits)
