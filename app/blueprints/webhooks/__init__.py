"""Shopify's webhooks: verify, store the receipt, answer 200; the work is a job's."""

from __future__ import annotations

import logging
from typing import cast

from flask import current_app, request

from app.jobs import webhooks
from app.platform import clock, db, tenancy
from app.platform.access import AppBlueprint, Open
from app.platform.queue import enqueue
from app.services import stores, sync
from app.shopify.door import Shopify
from app.shopify.webhooks import WebhookRefused, verify

log = logging.getLogger(__name__)
blueprint = AppBlueprint("webhooks", __name__)
# Work stops at once when a shop uninstalls, even while the queues are full or Redis is down.
_AT_ONCE = "app/uninstalled"


@blueprint.post("/webhooks", needs=Open("Shopify signs the body; the HMAC is checked before anything else"))
def receive() -> tuple[str, int]:
    """One delivery. Whatever is signed by Shopify is stored before it is answered."""
    shopify = cast(Shopify, current_app.extensions["shopify"])
    try:
        delivery = verify(dict(request.headers), request.get_data(), secrets=shopify.webhook_secrets)
    except WebhookRefused as refusal:
        log.warning("webhook refused", extra={"reason": str(refusal), "status": refusal.status})
        return str(refusal), refusal.status
    store = stores.find(delivery.shop)
    if store is None:
        # Nothing of this shop is stored (never installed, or erased), so there is nothing to do or to lose.
        log.info("webhook of an unknown shop", extra={"topic": delivery.topic})
        return "", 200
    if delivery.topic == _AT_ONCE:
        stores.uninstall(shop=delivery.shop, now=clock.now(), triggered_at=delivery.triggered_at)
    with tenancy.store_scope(db.session(), store.id):
        receipt_id = sync.keep_receipt(delivery, now=clock.now())
        if receipt_id is not None:
            enqueue(webhooks.handle, store.id, receipt_id, on="webhooks", once=f"webhook-{receipt_id}")
        db.session().commit()
    return "", 200
