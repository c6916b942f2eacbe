"""Leave locations out or count them again: all stock is summed anew, too long for a page to wait."""

from __future__ import annotations

from app.jobs import forecasts
from app.platform import clock
from app.platform.queue import enqueue, kept, store_job
from app.services import inventory, stores


@store_job
@kept
def count(store_id: int) -> None:
    """Do what was asked for, and plan anew."""
    if inventory.count_locations(clock.today(stores.time_zone())):
        forecasts.replan_soon(store_id)


def count_soon(store_id: int) -> None:
    """Enqueue it; several wishes before it runs are done at once."""
    enqueue(count, store_id, on="urgent", once=f"count-locations-{store_id}")
