"""Tell of alerts: one message for each address and channel, a row before it is sent, so that it is sent once"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row

from app.models.alerts import AlertChannel, AlertMail
from app.platform import db, tenancy
from app.services import stores
from app.words.alerts import sentence


@dataclass(frozen=True)
class LowProduct:
    """One product of a message, as things stand when it is written."""

    variant_id: int
    name: str
    sku: str
    kind: str
    gravity: str
    available: int
    threshold: int | None
    stock_out: date | None
    order_by: date | None
    quantity: int


@dataclass(frozen=True)
class Address:
    """Where a message goes: `name` is an e-mail address, or what a channel is called."""

    kind: str
    name: str
    channel_id: int | None = None


@dataclass(frozen=True)
class Written:
    """A message in the words of its kind of channel."""

    subject: str
    text: str
    html: str = ""
    headers: dict[str, str] = field(default_factory=dict)


Renderer = Callable[[Address, Sequence[LowProduct]], Written]

# Open, not put aside, and untold; or told before a pause that is over, and still low.
_UNTOLD = """
    SELECT a.id, a.kind, a.gravity, a.variant_id, v.display_name, v.sku, COALESCE(s.quantity, 0) AS quantity,
           s.stock_out, s.order_by,
           COALESCE(s.on_hand - s.committed, CAST(a.facts->>'available' AS integer)) AS available,
           COALESCE(o.low_stock_threshold, t.low_stock_threshold) AS threshold
    FROM alerts a
    JOIN variants v ON v.store_id = a.store_id AND v.id = a.variant_id
    JOIN store_settings t ON t.store_id = a.store_id
    LEFT JOIN variant_settings o ON o.store_id = a.store_id AND o.variant_id = a.variant_id
    LEFT JOIN suggestions s ON s.store_id = a.store_id AND s.variant_id = a.variant_id
    LEFT JOIN alert_mails m ON m.store_id = a.store_id AND m.id = a.mail_id
    WHERE a.resolved_at IS NULL AND a.dismissed_at IS NULL AND v.deleted_at IS NULL
      AND (a.snoozed_until IS NULL OR a.snoozed_until <= :now)
      AND (a.mail_id IS NULL OR a.snoozed_until > m.created_at)
    ORDER BY array_position(ARRAY['critical', 'high', 'medium'], a.gravity), s.stock_out NULLS LAST, a.id
    FOR UPDATE OF a
"""


_CHANNELS = select(AlertChannel).where(AlertChannel.removed_at.is_(None)).order_by(AlertChannel.id)


def begin_round(kind: str, day: date, *, now: datetime) -> bool:
    """Take today's round of messages (`digest`, `summary`); False when it was taken before."""
    return bool(
        db.rows(
            "INSERT INTO mail_rounds (store_id, kind, day, at) VALUES (:store, :kind, :day, :now)"
            " ON CONFLICT DO NOTHING RETURNING day",
            store=tenancy.require_store(),
            kind=kind,
            day=day,
            now=now,
        )
    )


def addresses() -> list[Address]:
    """Everybody who wants to be told: the e-mail addresses of the settings, then the channels."""
    channels = db.session().execute(_CHANNELS).scalars()
    return [Address("email", address) for address in stores.settings().alert_emails] + [
        Address(channel.kind, channel.name, channel.id) for channel in channels
    ]


def tell(*, now: datetime, render: Renderer) -> list[int]:
    """Write a message about all that is untold to everybody; returns the ids of what is to be sent.

    Without anybody to tell, alerts wait: the first round with an address tells of those still open.
    """
    everybody = addresses()
    untold = db.rows(_UNTOLD, now=now) if everybody else []
    if not untold:
        return []
    low = [_described(row) for row in untold]
    ids = [write(address, render(address, low), now=now) for address in everybody]
    told = [row.id for row in untold]
    db.execute("UPDATE alerts SET mail_id = :mail WHERE id = ANY(:ids)", mail=ids[0], ids=told)
    return ids


def write(address: Address, written: Written, *, now: datetime) -> int:
    """Keep a message to be sent; returns its id."""
    mail = AlertMail(
        channel=address.kind,
        channel_id=address.channel_id,
        recipients=[address.name],
        subject=written.subject,
        text=written.text,
        html=written.html,
        headers=written.headers,
        created_at=now,
    )
    db.session().add(mail)
    db.session().flush()
    return mail.id


def words(one: LowProduct) -> str:
    """The alert in words."""
    return sentence(one.kind, one.available, one.threshold)


def _described(row: Row[Any]) -> LowProduct:
    return LowProduct(
        variant_id=row.variant_id,
        name=row.display_name,
        sku=row.sku,
        kind=row.kind,
        gravity=row.gravity,
        available=int(row.available or 0),
        threshold=row.threshold,
        stock_out=row.stock_out,
        order_by=row.order_by,
        quantity=int(row.quantity),
    )
