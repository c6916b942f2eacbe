"""Alerts: raise what the domain finds due, write the mail as a row first, and send it once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.domain import alerts as rules
from app.domain.replenishment import Suggestions
from app.models.alerts import Alert, AlertMail
from app.models.catalog import Variant
from app.platform import db
from app.platform.mail import Mailer, MailRefused, Message
from app.services import audit, replenishment, stores

# A mail in state `sending` for longer than this belongs to a worker that died between asking and noting.
_SENDING_LIMIT = timedelta(minutes=15)


class AlertNotFound(LookupError):
    """The current store has no such alert."""


@dataclass(frozen=True)
class LowProduct:
    """One product of a mail."""

    variant_id: int
    name: str
    sku: str
    kind: str
    gravity: str
    available: int
    threshold: int | None
    stock_out: str
    order_by: str
    quantity: int


Renderer = Callable[[Sequence[LowProduct]], tuple[str, str, str]]


def run(made: Suggestions, *, now: datetime, render: Renderer) -> int | None:
    """Raise and resolve the current store's alerts; returns the id of a mail that is to be sent, if any."""
    ids = [int(key) for key in made.keys]
    positions = replenishment.positions(ids)
    known = [positions[variant_id] for variant_id in ids]
    due = rules.due(
        made,
        np.asarray([row.available for row in known], dtype=np.float64),
        threshold=np.asarray([row.threshold for row in known], dtype=np.float64),
        past=_past(),
        now=now,
    )
    _resolve([int(str(key)) for key in due.recovered], now=now)
    if not due.alerts:
        return None
    quantities = dict(zip(ids, made.quantity.tolist(), strict=True))
    low = _describe(due.alerts, quantities)
    return _raise(low, now=now, render=render)


def _past() -> dict[object, rules.Past]:
    """What is on record: the newest alert of each variant, and when a mail last told of it.

    An alert that nobody was told of, since there was no recipient then, does not keep us silent now.
    """
    has_recipients = bool(stores.settings().alert_emails)
    latest = (
        select(Alert, func.coalesce(AlertMail.sent_at, AlertMail.created_at))
        .outerjoin(AlertMail, (AlertMail.store_id == Alert.store_id) & (AlertMail.id == Alert.mail_id))
        .ext(distinct_on(Alert.variant_id))
        .order_by(Alert.variant_id, Alert.raised_at.desc())
    )
    return {
        alert.variant_id: _as_past(alert, told, counts=told is not None or not has_recipients)
        for alert, told in db.session().execute(latest)
    }


def _as_past(alert: Alert, told: datetime | None, *, counts: bool) -> rules.Past:
    return rules.Past(
        sent_at=(told or alert.raised_at) if counts else None,
        open=counts and alert.resolved_at is None,
        gravity=alert.gravity if counts else "",
        snoozed_until=alert.snoozed_until,
    )


def _resolve(variant_ids: list[int], *, now: datetime) -> None:
    db.execute(
        "UPDATE alerts SET resolved_at = :now WHERE resolved_at IS NULL AND variant_id = ANY(:ids)",
        now=now,
        ids=variant_ids,
    )


def _describe(due: Sequence[rules.Alert], quantities: dict[int, float]) -> list[LowProduct]:
    ids = [int(str(alert.key)) for alert in due]
    query = select(Variant.id, Variant.display_name, Variant.sku).where(Variant.id.in_(ids))
    names = {row.id: row for row in db.session().execute(query)}
    return [
        LowProduct(
            variant_id=variant_id,
            name=names[variant_id].display_name,
            sku=names[variant_id].sku,
            kind=alert.kind,
            gravity=alert.gravity,
            available=alert.available,
            threshold=alert.threshold,
            stock_out=alert.stock_out.isoformat() if alert.stock_out else "",
            order_by=alert.order_by.isoformat() if alert.order_by else "",
            quantity=int(quantities[variant_id]),
        )
        for variant_id, alert in zip(ids, due, strict=True)
    ]


def _raise(low: Sequence[LowProduct], *, now: datetime, render: Renderer) -> int | None:
    session = db.session()
    # A graver alert replaces the open one of the same product; both stay on record.
    _resolve([one.variant_id for one in low], now=now)
    recipients = stores.settings().alert_emails
    mail: AlertMail | None = None
    if recipients:
        subject, text, html = render(low)
        mail = AlertMail(recipients=recipients, subject=subject, text=text, html=html, created_at=now)
        session.add(mail)
        session.flush()
    for one in low:
        session.add(
            Alert(
                variant_id=one.variant_id,
                kind=one.kind,
                gravity=one.gravity,
                message=sentence(one),
                facts=asdict(one),
                raised_at=now,
                mail_id=mail.id if mail else None,
            )
        )
    return mail.id if mail else None


def sentence(one: LowProduct) -> str:
    """The alert in words."""
    left = "No units are left." if one.available <= 0 else f"{one.available} left."
    if one.kind == "runs_out_before_delivery":
        return f"{left} A delivery ordered today may come after the stock has run out."
    if one.threshold is not None and one.available < one.threshold:
        return f"{left} That is below your threshold of {one.threshold}."
    return left


def send(mail_id: int, *, mailer: Mailer, now: datetime) -> bool:
    """Send a queued mail; False if it is sent, being sent, or refused for good.

    The row is marked `sending` and committed by the caller's checkpoint before Mailgun is asked: a second
    job then leaves it alone, and a crash in between shows as `sending` rather than as a second mail.
    Raises MailUnavailable, on which the caller tries again later.
    """
    mail = db.session().execute(select(AlertMail).where(AlertMail.id == mail_id)).scalar_one_or_none()
    if mail is None or mail.status != "sending":
        return False
    try:
        mail.provider_id = mailer.send(
            Message(to=mail.recipients, subject=mail.subject, text=mail.text, html=mail.html)
        )
    except MailRefused as error:
        mail.status, mail.error = "failed", str(error)
        return False
    mail.status, mail.sent_at, mail.error = "sent", now, ""
    return True


def write_mail(recipients: Sequence[str], *, subject: str, text: str, html: str, now: datetime) -> int:
    """Write a mail that is about no product; returns its id. It is a row before it is sent."""
    mail = AlertMail(recipients=list(recipients), subject=subject, text=text, html=html, created_at=now)
    db.session().add(mail)
    db.session().flush()
    return mail.id


def claim(mail_id: int) -> bool:
    """Take a queued mail for sending; False when somebody else has it."""
    return bool(
        db.execute(
            "UPDATE alert_mails SET status = 'sending' WHERE id = :id AND status = 'queued'", id=mail_id
        )
    )


def release(mail_id: int, *, reason: str) -> None:
    """Put a mail back after Mailgun could not be reached."""
    db.execute(
        "UPDATE alert_mails SET status = 'queued', error = :reason WHERE id = :id AND status = 'sending'",
        id=mail_id,
        reason=reason,
    )


def unsent(*, now: datetime, waits: timedelta) -> list[int]:
    """Queued mails whose job was lost."""
    found = db.rows(
        "SELECT id FROM alert_mails WHERE status = 'queued' AND created_at < :limit ORDER BY id",
        limit=now - waits,
    )
    db.execute(
        "UPDATE alert_mails SET status = 'failed', error = 'Nobody knows whether it was sent.'"
        " WHERE status = 'sending' AND created_at < :limit",
        limit=now - _SENDING_LIMIT,
    )
    return [row.id for row in found]


def dismiss(alert_id: int, *, actor: str, now: datetime) -> None:
    """Take an alert off the pages; it stays on record and open. Raises AlertNotFound."""
    alert = db.session().execute(select(Alert).where(Alert.id == alert_id)).scalar_one_or_none()
    if alert is None:
        raise AlertNotFound("This alert does not exist.")
    alert.dismissed_at = alert.dismissed_at or now
    audit.record(actor=actor, action="alert.dismissed", alert_id=alert_id)


def snooze(alert_id: int, *, until: datetime, actor: str) -> None:
    """Stay silent about the alert's product until then. Raises AlertNotFound."""
    alert = db.session().execute(select(Alert).where(Alert.id == alert_id)).scalar_one_or_none()
    if alert is None:
        raise AlertNotFound("This alert does not exist.")
    alert.snoozed_until = until
    audit.record(actor=actor, action="alert.snoozed", alert_id=alert_id, until=until.isoformat())
