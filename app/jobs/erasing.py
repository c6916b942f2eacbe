"""Delete a store's data on its owner's own wish"""

from __future__ import annotations

from app.platform import clock
from app.platform.queue import global_job, kept
from app.services import stores


@global_job
@kept
def erase(shop: str) -> None:
    """Delete all that belongs to the shop. Its tokens are gone already, so that no other job works for it."""
    now = clock.now()
    stores.erase(shop=shop, requested_at=now, webhook_id="", now=now)
