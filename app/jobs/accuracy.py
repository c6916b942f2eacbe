"""Add up how good past forecasts were, once a day, after a forecast"""

from __future__ import annotations

from app.platform import clock
from app.platform.queue import enqueue, store_job
from app.services import accuracy, stores


@store_job
def add_up(_store_id: int) -> None:
    """Add up a store's noted forecasts that are over. Lost, it is asked for again by the next forecast."""
    accuracy.add_up(today=clock.today(stores.time_zone()))


def add_up_if_due(store_id: int) -> None:
    """Enqueue it unless it was done today or nothing is over yet."""
    if accuracy.is_due(today=clock.today(stores.time_zone())):
        enqueue(add_up, store_id, on="backfill", once=f"accuracy-{store_id}")
