"""Compare our numbers with Shopify's: the last weeks each night, everything that Shopify shows each week."""

from __future__ import annotations

from app.jobs import sync
from app.platform import clock
from app.platform.queue import enqueue, store_job
from app.services import reconciliation

# Another run is open: come back when it is likely to be done.
_COME_BACK_SECONDS = 600.0
_MAX_TRIES = 30


@store_job
def begin(store_id: int, scope: str = "nightly", tries: int = 0) -> None:
    """Open a reconciliation (`nightly` or `weekly`), or come back later while another run is open."""
    reconciliation.prune(now=clock.now())
    if not start(store_id, scope) and tries < _MAX_TRIES:
        enqueue(
            begin,
            store_id,
            scope,
            tries + 1,
            on="backfill",
            delay_seconds=_COME_BACK_SECONDS,
            once=f"reconcile-{store_id}-{tries + 1}",
        )


def start(store_id: int, scope: str = "nightly") -> bool:
    """Open a reconciliation in the caller's transaction; False while another run is open."""
    run = sync.start(store_id, "reconciliation")
    if run is None:
        return False
    run.cursors = {**run.cursors, "scope": scope}
    return True
