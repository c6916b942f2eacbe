"""The audit trail: who did what."""

from __future__ import annotations

from typing import Any

from app.models.audit import AuditEntry
from app.platform import db


def record(*, actor: str, action: str, **detail: Any) -> None:
    """Note one act of the current store's member or of the system."""
    db.session().add(AuditEntry(actor=actor, action=action, detail=detail))
