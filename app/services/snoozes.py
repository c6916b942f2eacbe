"""Snoozes: products that the merchant leaves off what is to be ordered, until a day."""

from __future__ import annotations

from datetime import date, datetime

from app.platform import db, tenancy
from app.services import audit
from app.services.catalog import VariantNotFound


def snooze(variant_id: int, *, until: date, reason: str, actor: str, now: datetime) -> None:
    """Leave a product off what is to be ordered until that day. Raises VariantNotFound."""
    if not db.rows("SELECT id FROM variants WHERE id = :id", id=variant_id):
        raise VariantNotFound(f"There is no product {variant_id} in this store.")
    db.execute(
        """
        INSERT INTO suggestion_snoozes (store_id, variant_id, until, reason, actor, created_at)
        VALUES (:store, :variant, :until, :reason, :actor, :now)
        ON CONFLICT (store_id, variant_id) DO UPDATE SET until = EXCLUDED.until, reason = EXCLUDED.reason,
            actor = EXCLUDED.actor, created_at = EXCLUDED.created_at
        """,
        store=tenancy.require_store(),
        variant=variant_id,
        until=until,
        reason=reason,
        actor=actor,
        now=now,
    )
    audit.record(
        actor=actor,
        action="suggestion.snoozed",
        variant_id=variant_id,
        until=until.isoformat(),
        reason=reason,
    )


def wake(variant_id: int, *, actor: str) -> None:
    """Take a product back onto what is to be ordered."""
    if db.execute("DELETE FROM suggestion_snoozes WHERE variant_id = :id", id=variant_id):
        audit.record(actor=actor, action="suggestion.woken", variant_id=variant_id)
