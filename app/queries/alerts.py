"""Alerts, newest first, and what was mailed about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.platform import db
from app.queries.paging import PAGE_SIZE, Page
from app.words.alerts import sentence


@dataclass(frozen=True)
class AlertRow:
    """One alert."""

    id: int
    variant_id: int
    product: str
    sku: str
    kind: str
    gravity: str
    available: int
    threshold: int | None
    raised_at: datetime
    resolved_at: datetime | None
    dismissed_at: datetime | None
    snoozed_until: datetime | None
    mail_status: str | None
    mail_error: str | None
    mailed_at: datetime | None

    @property
    def message(self) -> str:
        """The alert in the reader's words."""
        return sentence(self.kind, self.available, self.threshold)


@dataclass(frozen=True)
class AlertTable:
    """One page of them."""

    rows: list[AlertRow]
    page: Page
    show: str
    has_addresses: bool


@dataclass(frozen=True)
class MailView:
    """One message and what became of it."""

    channel: str
    subject: str
    recipients: list[str]
    status: str
    error: str
    created_at: datetime
    sent_at: datetime | None

    @property
    def is_under_way(self) -> bool:
        """Whether a page should look again by itself."""
        return self.status in ("queued", "sending")


def last_mail() -> MailView | None:
    """The newest mail, if any was ever written. One statement."""
    found = db.rows(
        "SELECT channel, subject, recipients, status, error, created_at, sent_at FROM alert_mails"
        " ORDER BY created_at DESC, id DESC LIMIT 1"
    )
    return MailView(**found[0]._asdict()) if found else None


_SELECT = (
    "SELECT a.*, v.display_name, v.sku, m.status AS mail_status, m.error AS mail_error, m.sent_at AS mailed_at"
    " FROM (SELECT * FROM alerts a {picked}) a"
    " JOIN variants v ON v.store_id = a.store_id AND v.id = a.variant_id"
    " LEFT JOIN alert_mails m ON m.store_id = a.store_id AND m.id = a.mail_id ORDER BY {order}"
)
_NEWEST = "a.raised_at DESC, a.id DESC"
_ORDER = {
    "open": f"array_position(ARRAY['critical', 'high', 'medium'], a.gravity), {_NEWEST}",
    "all": _NEWEST,
}
# Whether there is anybody to tell.
_IS_TOLD = (
    "(EXISTS (SELECT 1 FROM store_settings WHERE cardinality(alert_emails) > 0)"
    " OR EXISTS (SELECT 1 FROM alert_channels WHERE removed_at IS NULL))"
)
_WHERE = {"open": "a.resolved_at IS NULL AND a.dismissed_at IS NULL", "all": "true"}


def table(*, show: str = "open", page: int = 1) -> AlertTable:
    """A page of alerts: `show` "open" or "all". Two statements."""
    show = show if show in _WHERE else "open"
    whole = db.rows(f"SELECT COUNT(*) AS n, {_IS_TOLD} AS is_told FROM alerts a WHERE {_WHERE[show]}")[0]  # noqa: S608
    total = whole.n
    place = Page(min(page, max(1, -(-total // PAGE_SIZE))), total)
    picked = f"WHERE {_WHERE[show]} ORDER BY {_ORDER[show]} LIMIT :limit OFFSET :offset"
    found = db.rows(
        _SELECT.format(picked=picked, order=_ORDER[show]),
        limit=place.size,
        offset=(place.number - 1) * place.size,
    )
    return AlertTable([_row(row) for row in found], place, show, whole.is_told)


def worst(limit: int = 3) -> list[AlertRow]:
    """The gravest open alerts. One statement."""
    picked = f"WHERE {_WHERE['open']} ORDER BY {_ORDER['open']} LIMIT :limit"
    found = db.rows(_SELECT.format(picked=picked, order=_ORDER["open"]), limit=limit)
    return [_row(row) for row in found]


def open_count() -> int:
    """How many alerts are open. One statement."""
    return int(db.rows(f"SELECT COUNT(*) AS n FROM alerts a WHERE {_WHERE['open']}")[0].n)  # noqa: S608


def _row(row: Any) -> AlertRow:
    return AlertRow(
        id=row.id,
        variant_id=row.variant_id,
        product=row.display_name,
        sku=row.sku,
        kind=row.kind,
        gravity=row.gravity,
        available=int(row.facts.get("available") or 0),
        threshold=row.facts.get("threshold"),
        raised_at=row.raised_at,
        resolved_at=row.resolved_at,
        dismissed_at=row.dismissed_at,
        snoozed_until=row.snoozed_until,
        mail_status=row.mail_status,
        mail_error=row.mail_error,
        mailed_at=row.mailed_at,
    )


@dataclass(frozen=True)
class ChannelView:
    """One channel beside e-mail, and what became of its last message."""

    id: int
    kind: str
    name: str
    status: str | None
    error: str | None
    at: datetime | None


def channels() -> list[ChannelView]:
    """The store's channels beside e-mail. One statement."""
    found = db.rows(
        """
        SELECT c.id, c.kind, c.name, m.status, m.error, COALESCE(m.sent_at, m.created_at) AS at
        FROM alert_channels c LEFT JOIN LATERAL (
            SELECT status, error, sent_at, created_at FROM alert_mails m
            WHERE m.store_id = c.store_id AND m.channel_id = c.id ORDER BY m.id DESC LIMIT 1
        ) m ON true
        WHERE c.removed_at IS NULL ORDER BY c.id
        """
    )
    return [ChannelView(**row._asdict()) for row in found]
