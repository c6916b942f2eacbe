"""Invitations that are open, and what became of their mails"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.platform import db


@dataclass(frozen=True)
class InvitationRow:
    """One invitation that nobody has accepted or withdrawn; `is_over`: its week has passed."""

    id: int
    email: str
    role: str
    invited_by: str
    status: str
    error: str
    created_at: datetime
    sent_at: datetime | None
    is_over: bool


def open_ones(*, over_before: datetime) -> list[InvitationRow]:
    """The current store's, newest first; those made before `over_before` are over. One statement."""
    found = db.rows(
        """
        SELECT id, email, role, invited_by, status, error, created_at, sent_at, created_at <= :over AS is_over
        FROM invitations WHERE accepted_at IS NULL AND withdrawn_at IS NULL ORDER BY id DESC
        """,
        over=over_before,
    )
    return [InvitationRow(**row._asdict()) for row in found]
