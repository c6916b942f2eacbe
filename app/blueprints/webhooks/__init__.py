"""Shopify's webhooks: verify, store the receipt, answer 200; the work is a job's."""

from __future__ import annotations

import logging
from typing import cast

from flask import current_app, request

from app.jobs import webhooks
from app.platform import clock, db, tenancy
from app.platform.access import AppBlueprint, Open
from app.services import stores, sync
from app.shopify.door import Shopify
from app.shopify.webhooks import Delivery, WebhookRefused, verify

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
    if delivery.topic == _AT_ONCE:
        stores.uninstall(shop=delivery.shop, now=clock.now(), triggered_at=delivery.triggered_at)
    known: dict[str, int] = current_app.extensions.setdefault("store_ids", {})
    tried = known.get(delivery.shop)
    if not _keep(tried, delivery):
        _look_up_and_keep(known, delivery, tried)
    return "", 200


def _keep(store_id: int | None, delivery: Delivery) -> bool:
    """Store the receipt and have it handled; False when it is stored already, or that store is not the shop's."""
    if store_id is None:
        return False
    with tenancy.store_scope(db.session(), store_id):
        if sync.keep_receipt(delivery, now=clock.now()) is None:
            return False
        webhooks.arrived(store_id)
        db.session().commit()
    return True


def _look_up_and_keep(known: dict[str, int], delivery: Delivery, tried: int | None) -> None:
    """Find the shop's store: this process has not met it yet, or it was erased and has come anew.

    Only the store that this very request has tried is left out: `known` may have been filled by another meanwhile.
    """
    store = stores.find(delivery.shop)
    if store is None:
        # Nothing of this shop is stored (never installed, or erased), so there is nothing to do or to lose.
        log.info("webhook of an unknown shop", extra={"topic": delivery.topic})
    elif tried != store.id:
        known[delivery.shop] = store.id
        _keep(store.id, delivery)
