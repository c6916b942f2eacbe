"""What people do about alerts: dismiss, snooze, unsubscribe"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.models.alerts import Alert
from app.platform import db
from app.platform.i18n import gettext
from app.services import audit, stores


class AlertNotFound(LookupError):
    """The current store has no such alert."""


def dismiss(alert_id: int, *, actor: str, now: datetime) -> None:
    """Take an alert off pages and messages; it stays on record and open. Raises AlertNotFound."""
    alert = _alert(alert_id)
    alert.dismissed_at = alert.dismissed_at or now
    audit.record(actor=actor, action="alert.dismissed", alert_id=alert_id)


def snooze(alert_id: int, *, until: datetime, actor: str) -> None:
    """Stay silent about the alert's product until then; if it is low then, it is told anew. Raises AlertNotFound."""
    _alert(alert_id).snoozed_until = until
    audit.record(actor=actor, action="alert.snoozed", alert_id=alert_id, until=until.isoformat())


def unsubscribe(address: str, *, now: datetime) -> bool:
    """Take an e-mail address out of the settings; False when it is not there (any more)."""
    settings = stores.settings()
    kept = [one for one in settings.alert_emails if one.casefold() != address.casefold()]
    if len(kept) == len(settings.alert_emails):
        return False
    settings.alert_emails, settings.updated_at = kept, now
    audit.record(actor=address, action="alerts.unsubscribed")
    return True


def _alert(alert_id: int) -> Alert:
    found = db.session().execute(select(Alert).where(Alert.id == alert_id)).scalar_one_or_none()
    if found is None:
        raise AlertNotFound(gettext("This alert does not exist."))
    return found
