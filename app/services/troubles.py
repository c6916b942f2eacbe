"""Troubles of the sync: on record from the first failure, told to the owner once, and once more when mended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from app.models.alerts import AlertMail
from app.models.stores import Member
from app.models.sync import SyncTrouble
from app.platform import db
from app.services import stores

# What may mend itself is told of only when it has happened this often in a row.
_PERSISTENT_AFTER = 2

# (template, reason) → subject, text part and HTML part.
Renderer = Callable[[str, str], tuple[str, str, str]]


def failed(*, reason: str, for_good: bool, now: datetime, render: Renderer) -> int | None:
    """Note that a run has failed; returns the id of a mail to send, once, when it is not just bad luck.

    `for_good`: trying again will not help (the merchant has to open the app, or to pay Shopify).
    """
    trouble = _open_trouble()
    if trouble is None:
        trouble = SyncTrouble(reason=reason, failures=1, opened_at=now)
        db.session().add(trouble)
    else:
        trouble.reason, trouble.failures = reason, trouble.failures + 1
    if trouble.mailed_at is not None or not (for_good or trouble.failures >= _PERSISTENT_AFTER):
        return None
    mail_id = _write("sync_trouble", reason, now=now, render=render)
    trouble.mailed_at = now if mail_id is not None else None
    return mail_id


def mended(*, now: datetime, render: Renderer) -> int | None:
    """Note that the sync works; returns the id of a mail to send if the owner was told of the trouble."""
    trouble = _open_trouble()
    if trouble is None:
        return None
    trouble.mended_at = now
    return _write("sync_mended", trouble.reason, now=now, render=render) if trouble.mailed_at else None


def _open_trouble() -> SyncTrouble | None:
    query = select(SyncTrouble).where(SyncTrouble.mended_at.is_(None)).with_for_update()
    return db.session().execute(query).scalar_one_or_none()


def _write(template: str, reason: str, *, now: datetime, render: Renderer) -> int | None:
    recipients = _recipients()
    if not recipients:
        return None
    subject, text, html = render(template, reason)
    mail = AlertMail(recipients=recipients, subject=subject, text=text, html=html, created_at=now)
    db.session().add(mail)
    db.session().flush()
    return mail.id


def _recipients() -> list[str]:
    """The alert addresses, else the owner's own."""
    chosen = stores.settings().alert_emails
    if chosen:
        return list(chosen)
    owners = select(Member.email).where(Member.role == "owner", Member.email.is_not(None))
    return [address for address in db.session().execute(owners).scalars() if address]
