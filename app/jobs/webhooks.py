"""Stored webhook deliveries are handled: many at a go as they come in, one alone when it is tried again."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy.exc import OperationalError

from app.jobs import chain, webhook_topics
from app.platform import clock, db, gathering, queue
from app.platform.queue import enqueue, store_job
from app.services import stores
from app.services import sync as runs
from app.services.stores import UnableToReachShop
from app.services.sync import Receipt
from app.shopify.access_token import TokenUnavailable
from app.shopify.admin import FROZEN, ShopifyBusy, StoreUnavailable, TokenRejected

log = logging.getLogger(__name__)
# How many deliveries one job handles before other stores have their turn.
_AT_A_GO = 100


def arrived(store_id: int) -> None:
    """Have a new delivery of the store handled, by the job that waits already if there is one."""
    enqueue(drain, store_id, on="webhooks", gather=f"webhooks-{store_id}")


def take_up(store_id: int, *, older_than: datetime) -> None:
    """Enqueue again what has waited since then: its job was lost."""
    for receipt_id in runs.begun_receipts(older_than=older_than):
        enqueue(handle, store_id, receipt_id, on="webhooks", once=f"webhook-{receipt_id}")
    if runs.fresh_receipts(limit=1, older_than=older_than):
        arrived(store_id)


@store_job
def drain(store_id: int) -> None:
    """Handle the deliveries that nobody has begun, oldest first; one that fails is tried again by itself."""
    gathering.begin(f"webhooks-{store_id}", queue.connection(), queue.prefix())
    waiting = runs.fresh_receipts(limit=_AT_A_GO)
    for receipt_id in waiting:
        db.checkpoint()
        try:
            _handle(store_id, receipt_id, only_fresh=True)
        except Exception as error:
            db.session().rollback()
            log.exception("webhook not handled", extra={"receipt_id": receipt_id})
            enqueue(
                handle,
                store_id,
                receipt_id,
                on="webhooks",
                delay_seconds=chain.backoff(1),
                once=f"webhook-{receipt_id}",
            )
            if isinstance(error, OperationalError):
                raise  # the database itself is in trouble: what is left waits for the next try of this job
    if len(waiting) == _AT_A_GO:
        arrived(store_id)


@store_job
def handle(store_id: int, receipt_id: int) -> None:
    """Handle one delivery, which failed before or whose job was lost."""
    _handle(store_id, receipt_id)


@store_job
def replay(store_id: int, receipt_id: int) -> None:
    """Handle a kept delivery once more. Raises ReceiptNotFound when this store keeps none of that id."""
    again(store_id, receipt_id)


def again(store_id: int, receipt_id: int) -> None:
    """Have a kept delivery of the current store handled once more. Raises ReceiptNotFound."""
    runs.reopen_receipt(receipt_id)
    enqueue(handle, store_id, receipt_id, on="webhooks", once=f"webhook-{receipt_id}")


def _handle(store_id: int, receipt_id: int, *, only_fresh: bool = False) -> None:
    """Do what a delivery asks for, once, together with all others about the same object.

    An attempt is counted before it is made. What fails for now is tried again later; what keeps failing is
    parked, where a page shows it.
    """
    receipt = runs.receipt(receipt_id)
    if receipt is None or receipt.is_over:
        return
    if not runs.begin_receipt(receipt_id, now=clock.now(), only_fresh=only_fresh):
        return
    together = runs.same_subject(receipt)
    db.checkpoint()
    try:
        webhook_topics.dispatch(store_id, receipt)
    except (ShopifyBusy, TokenUnavailable) as busy:
        _later(store_id, receipt, busy)
        return
    except (UnableToReachShop, TokenRejected, StoreUnavailable) as closed:
        # The sync that runs when the shop is open again finds all that this delivery tells of.
        log.info("webhook of a closed shop", extra={"topic": receipt.topic, "reason": str(closed)})
        db.session().rollback()
        if isinstance(closed, StoreUnavailable) and closed.status in FROZEN:
            stores.mark_unavailable(store_id, reason=str(closed))
    except Exception as error:
        db.session().rollback()
        runs.fail_receipt(receipt_id, reason=f"{type(error).__name__}: {error}", counts=True)
        db.session().commit()
        raise
    if receipt_id not in runs.mark_handled(together, now=clock.now()):
        db.session().rollback()  # another job has handled it meanwhile: its effect counts, ours does not


def _later(store_id: int, receipt: Receipt, busy: ShopifyBusy | TokenUnavailable) -> None:
    counts = getattr(busy, "is_fault", True)
    db.session().rollback()
    runs.fail_receipt(receipt.id, reason=str(busy), counts=counts)
    pause = max(getattr(busy, "wait_seconds", 0.0), chain.backoff(receipt.attempts + 1))
    enqueue(
        handle,
        store_id,
        receipt.id,
        on="webhooks",
        delay_seconds=pause,
        once=f"webhook-{receipt.id}-{receipt.attempts + 1}",
    )
