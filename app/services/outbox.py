"""Messages that are rows before they are sent: claimed once, put back, given up; the same for every table of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from app.platform import db

Table = Literal["alert_mails", "purchase_mails", "invitations"]
# A message in state `sending` for longer than this belongs to a worker that died between asking and noting.
_SENDING_LIMIT = timedelta(minutes=15)


def release(table: Table, mail_id: int, *, reason: str) -> None:
    """Put a message back after its channel could not be reached."""
    db.execute(
        f"UPDATE {table} SET status = 'queued', error = :reason WHERE id = :id AND status = 'sending'",  # noqa: S608
        id=mail_id,
        reason=reason,
    )


def unsent(table: Table, *, now: datetime, waits: timedelta) -> list[int]:
    """Queued messages whose job was lost; what nobody knows about is said rather than sent a second time."""
    db.execute(
        f"UPDATE {table} SET status = 'failed', error = 'Nobody knows whether it was sent.'"  # noqa: S608
        " WHERE status = 'sending' AND COALESCE(claimed_at, created_at) < :limit",
        limit=now - _SENDING_LIMIT,
    )
    found = db.rows(
        f"SELECT id FROM {table} WHERE status = 'queued' AND created_at < :limit ORDER BY id",  # noqa: S608
        limit=now - waits,
    )
    return [row.id for row in found]
