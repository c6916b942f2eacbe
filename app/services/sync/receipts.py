"""Webhook receipts: a row before a job, so that none is lost; parked visibly when their handling keeps failing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.models.sync import WebhookReceipt
from app.platform import db
from app.shopify.webhooks import Delivery, subject_of

MAX_ATTEMPTS = 6
_WAITING = "handled_at IS NULL AND parked_at IS NULL"


class ReceiptNotFound(LookupError):
    """The current store keeps no such delivery."""


@dataclass(frozen=True)
class Receipt:
    """A stored webhook delivery; `subject` and `object_id` say what it is about, if it is about one thing."""

    id: int
    topic: str
    payload: dict[str, Any]
    webhook_id: str
    subject: str
    object_id: int | None
    received_at: datetime
    attempts: int
    is_over: bool


def keep_receipt(delivery: Delivery, *, now: datetime) -> int | None:
    """Store a delivery of the current store.

    None when this very delivery is stored already, or the current store is not the shop's that it came from.
    """
    subject, object_id = subject_of(delivery.topic, delivery.payload)
    # One statement, since Shopify waits for the answer.
    found = db.rows(
        """
        INSERT INTO webhook_receipts (store_id, webhook_id, event_id, topic, api_version, subject, object_id,
                                      payload, triggered_at, received_at, attempts, error)
        SELECT id, :webhook_id, :event_id, :topic, :api_version, :subject, :object_id,
               CAST(:payload AS jsonb), :triggered_at, :received_at, 0, ''
        FROM stores WHERE id = app_store_id() AND shop = :shop
        ON CONFLICT (store_id, webhook_id) DO NOTHING RETURNING id
        """,
        shop=delivery.shop,
        webhook_id=delivery.webhook_id,
        event_id=delivery.event_id,
        topic=delivery.topic,
        api_version=delivery.api_version,
        subject=subject,
        object_id=object_id,
        payload=json.dumps(_storable(delivery.payload), separators=(",", ":")),
        triggered_at=delivery.triggered_at,
        received_at=now,
    )
    return int(found[0].id) if found else None


def receipt(receipt_id: int) -> Receipt | None:
    """A stored delivery."""
    query = select(WebhookReceipt).where(WebhookReceipt.id == receipt_id)
    found = db.session().execute(query).scalar_one_or_none()
    if found is None:
        return None
    return Receipt(
        id=found.id,
        topic=found.topic,
        payload=found.payload,
        webhook_id=found.webhook_id,
        subject=found.subject,
        object_id=found.object_id,
        received_at=found.received_at,
        attempts=found.attempts,
        is_over=found.handled_at is not None or found.parked_at is not None,
    )


def begin_receipt(receipt_id: int, *, now: datetime, only_fresh: bool = False) -> bool:
    """Count an attempt before it is made, so that a delivery that kills its worker is counted as well.

    False, and the delivery is parked, when it has had all its attempts. With `only_fresh`, False also when
    anybody has begun it before.
    """
    counted = db.execute(
        f"UPDATE webhook_receipts SET attempts = attempts + 1 WHERE id = :id AND {_WAITING}"  # noqa: S608
        " AND attempts < :limit",
        id=receipt_id,
        limit=1 if only_fresh else MAX_ATTEMPTS,
    )
    if counted:
        return True
    if only_fresh:
        return False
    db.execute(
        f"UPDATE webhook_receipts SET parked_at = :now WHERE id = :id AND {_WAITING}",  # noqa: S608
        id=receipt_id,
        now=now,
    )
    return False


def fail_receipt(receipt_id: int, *, reason: str, counts: bool) -> None:
    """Note why a delivery could not be handled; waiting for our turn does not count as an attempt."""
    db.execute(
        "UPDATE webhook_receipts SET error = :reason, attempts = attempts - :back WHERE id = :id",
        id=receipt_id,
        reason=reason[:2000],
        back=0 if counts else 1,
    )


def same_subject(receipt: Receipt) -> list[int]:
    """All waiting deliveries about the same object, this one among them: one look at Shopify answers them all."""
    if receipt.object_id is None:
        return [receipt.id]
    found = db.rows(
        f"SELECT id FROM webhook_receipts WHERE {_WAITING} AND subject = :subject"  # noqa: S608
        " AND object_id = :object UNION SELECT :id",
        subject=receipt.subject,
        object=receipt.object_id,
        id=receipt.id,
    )
    return [row.id for row in found]


def mark_handled(receipt_ids: list[int], *, now: datetime) -> set[int]:
    """Note that the deliveries' effect is stored; returns those of them that nobody had handled before."""
    found = db.rows(
        "UPDATE webhook_receipts SET handled_at = :now, error = '' WHERE id = ANY(:ids)"
        " AND handled_at IS NULL RETURNING id",
        ids=receipt_ids,
        now=now,
    )
    return {row.id for row in found}


def reopen_receipt(receipt_id: int) -> None:
    """Let a delivery be handled once more, as if it had just come. Raises ReceiptNotFound."""
    reopened = db.execute(
        "UPDATE webhook_receipts SET handled_at = NULL, parked_at = NULL, attempts = 0, error = ''"
        " WHERE id = :id",
        id=receipt_id,
    )
    if not reopened:
        raise ReceiptNotFound(f"The store keeps no delivery {receipt_id}.")


def fresh_receipts(*, limit: int, older_than: datetime | None = None) -> list[int]:
    """Deliveries that nobody has begun, oldest first."""
    return _waiting("attempts = 0", limit=limit, older_than=older_than)


def begun_receipts(*, older_than: datetime) -> list[int]:
    """Deliveries whose handling was begun and has not ended, oldest first."""
    return _waiting("attempts > 0", limit=20_000, older_than=older_than)


def _waiting(which: str, *, limit: int, older_than: datetime | None) -> list[int]:
    found = db.rows(
        f"SELECT id FROM webhook_receipts WHERE {_WAITING} AND {which}"  # noqa: S608
        " AND received_at < COALESCE(:older_than, 'infinity'::timestamptz) ORDER BY received_at LIMIT :limit",
        older_than=older_than,
        limit=limit,
    )
    return [row.id for row in found]


def prune_receipts(*, before: datetime) -> int:
    """Delete receipts that are over: Shopify may deliver again for a day, so they are kept longer than that."""
    return db.execute(
        "DELETE FROM webhook_receipts WHERE (handled_at IS NOT NULL OR parked_at IS NOT NULL)"
        " AND received_at < :before",
        before=before,
    )


def _storable(value: Any) -> Any:
    """PostgreSQL's jsonb holds neither NUL characters nor half surrogate pairs; nothing we read has them."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(str(key)): _storable(item) for key, item in value.items()}
    return value
