"""A store's forecast made in real workers: made-up sales, `flask worker` processes, and waiting for the run's end."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from redis import Redis
from rq import Worker

from app.jobs import forecasts as jobs
from app.models.catalog import Location, Product, Variant
from app.models.inventory import InventoryLevel
from app.platform import db, lost, queue, tenancy
from bench import _ground
from devtools.paths import ROOT

PAUSE = 0.05
LONGEST_SECONDS = 900


def fill(variants: int, days: int) -> int:
    """Products with stock at one place and random sales, the same in every run; a third of them launched on the way.

    Returns the number of rows of sales.
    """
    session = db.session()
    db.execute("SELECT setseed(0.42)")
    session.add(Location(id=1, name="Warehouse"))
    numbers = range(1, variants + 1)
    session.add_all(Product(id=n, title=f"Product {n}", vendor=f"Vendor {n % 40}") for n in numbers)
    session.flush()
    session.add_all(_variant(n) for n in numbers)
    session.add_all(
        InventoryLevel(inventory_item_id=n, location_id=1, on_hand=n % 60, available=n % 60) for n in numbers
    )
    session.flush()
    return db.execute(
        """
        INSERT INTO daily_sales (store_id, variant_id, day, units, revenue)
        SELECT app_store_id(), v, CURRENT_DATE - d, 1 + floor(-ln(random()) * (1 + v % 4)), 9.90
        FROM generate_series(1, CAST(:n AS bigint)) AS v, generate_series(1, :days) AS d
        -- Of a condition on v alone PostgreSQL would throw the dice once a product, not each day.
        WHERE random() < sign(d) * (0.02 + 0.28 * ((v * 7919) % 100 / 100.0) ^ 2)
          AND (v % 3 > 0 OR d <= :days * ((v * 104729) % 100 / 100.0) + 40)
        """,
        n=variants,
        days=days,
    )


def _variant(number: int) -> Variant:
    return Variant(
        id=number,
        product_id=number,
        inventory_item_id=number,
        display_name=f"Product {number}",
        sku=f"S{number}",
        price=Decimal(5 + number % 50),
        unit_cost=Decimal(3 + number % 20),
        is_tracked=True,
    )


@contextmanager
def workers(settings: Any, count: int = 2) -> Iterator[list[int]]:
    """Worker processes as a deployment starts them, ready to take a job."""
    environment = _ground.environment(settings)
    command = [sys.executable, "-m", "flask", "--app", "wsgi:app", "worker"]
    started = [subprocess.Popen(command, cwd=ROOT, env=environment) for _ in range(count)]
    try:
        while Worker.count(connection=Redis.from_url(settings.redis_url)) < count:
            time.sleep(PAUSE)
        yield [process.pid for process in started]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=30)


def forecast(store_id: int, *, look: Callable[[], None], is_over: Callable[[], bool] = lambda: True) -> float:
    """Seconds from enqueueing a forecast of the store until it is whole and `is_over`; `look` is called meanwhile.

    Raises RuntimeError when a job fails or the end does not come.
    """
    before, begun = _whole(store_id), time.perf_counter()
    with db.transaction():
        queue.enqueue(jobs.run, store_id, on="periodic", once=f"forecast-{store_id}")
    while _whole(store_id) == before or not is_over():
        look()
        time.sleep(PAUSE)
        failed = lost.failed_jobs([queue.queue(name) for name in queue.QUEUES])
        if failed or time.perf_counter() - begun > LONGEST_SECONDS:
            raise RuntimeError(f"the forecast did not end: {failed}")
    return time.perf_counter() - begun


def _whole(store_id: int) -> int:
    """How many forecasts of the store are whole."""
    with tenancy.store_scope(db.session(), store_id):
        count = db.rows("SELECT COUNT(*) AS n FROM forecast_runs WHERE status = 'done'")[0].n
        db.session().rollback()
        return int(count)
