"""A store's night in real RQ workers: `bin/bench nightly [--variants N,N,…] [--days D] [--prophet N] [--json OUT]`.

The job that runs each night (read the sales, learn or use what was learnt, forecast, plan, raise alerts, store all
of it) is enqueued for a store of made-up sales and worked off by two `flask worker` processes, whose jobs run in
forked children. Measured: seconds and peak memory of the night that learns and of one that does not, against the
limits for 10,000 products; how both grow with the store; and Prophet on a sample of the same sales.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask
from redis import Redis
from rq import Worker

from app.domain.forecasts import forecast
from app.jobs import forecasts as jobs
from app.models.catalog import Location, Product, Variant
from app.models.inventory import InventoryLevel
from app.platform import clock, db, lost, queue, tenancy
from app.services import forecasts
from bench import _ground
from devtools.paths import ROOT

LIMIT_SECONDS, LIMIT_AGAIN, LIMIT_MIB, LIMIT_VARIANTS = 20.0, 5.0, 2048, 10_000
PAUSE = 0.05
LONGEST_SECONDS = 900


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 when the limits for 10,000 variants are kept."""
    options = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what it started is ended too
    rows = []
    with _ground.settings() as settings:
        app = _ground.application(settings)
        for number, variants in enumerate(map(int, options.variants.split(","))):
            store_id = _ground.store(app, f"nightly-{number}.myshopify.com")
            rows.append(_night(app, settings, store_id, variants, options))
            _print(rows[-1])
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if all(row["ok"] for row in rows) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench nightly", description="A night's forecasts and suggestions")
    parser.add_argument("--variants", default="1000,10000", help="sizes of store, one after the other")
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--prophet", type=int, default=20, help="variants that Prophet is timed on; 0: none")
    parser.add_argument("--json", help="the rows, JSON")
    return parser


def _night(
    app: Flask, settings: Any, store_id: int, variants: int, options: argparse.Namespace
) -> dict[str, Any]:
    with app.app_context(), tenancy.store_scope(db.session(), store_id):
        sold = fill(variants, options.days)
        db.session().commit()
        begun = time.perf_counter()
        found = forecasts.load_panel(last_day=clock.today("UTC"))
        reading = time.perf_counter() - begun
        prophet = _prophet(found, options.prophet)
        db.session().rollback()
    learning, busy, peak = _worked(app, settings, store_id)
    again, busy_again, peak_again = _worked(app, settings, store_id)
    with app.app_context(), tenancy.store_scope(db.session(), store_id):
        counts = {
            table: db.rows(f"SELECT COUNT(*) AS n FROM {table}")[0].n
            for table in ("forecasts", "suggestions")
        }
        selling = db.rows("SELECT COUNT(DISTINCT variant_id) AS n FROM daily_sales")[0].n
    ok = counts["forecasts"] == counts["suggestions"] >= selling > 0
    if variants <= LIMIT_VARIANTS:
        ok &= learning <= LIMIT_SECONDS and again <= LIMIT_AGAIN and max(peak, peak_again) <= LIMIT_MIB
    return {
        "ok": ok,
        "variants": variants,
        "sales": sold,
        "learning": learning,
        "again": again,
        "cpu_learning": busy,
        "cpu_again": busy_again,
        "reading": reading,
        "peak_mib": max(peak, peak_again),
        "prophet": prophet * variants,
        "times_prophet": prophet * variants / learning,
        **counts,
    }


def fill(variants: int, days: int) -> int:
    """Products with stock at one place and random sales; a third of them launched on the way. Rows of sales."""
    session = db.session()
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


def _prophet(panel: Any, count: int) -> float:
    """Seconds of Prophet for one variant of this panel, the mean of `count`."""
    if not count:
        return 0.0
    rows = np.linspace(0, len(panel) - 1, count).astype(np.int64)
    forecast(panel, engine="prophet", only=rows[:1])
    begun = time.perf_counter()
    forecast(panel, engine="prophet", only=rows)
    return (time.perf_counter() - begun) / count


def _worked(app: Flask, settings: Any, store_id: int) -> tuple[float, float, float]:
    """Seconds from enqueueing to the run's end in waiting workers; CPU seconds and peak MiB of the job's process."""
    with workers(settings) as pids, app.app_context():
        before = runs(store_id)
        begun = time.perf_counter()
        with db.transaction():
            queue.enqueue(jobs.run, store_id, on="periodic", once=f"forecast-{store_id}")
        peak = busy = 0.0
        while runs(store_id) == before:
            forked = children(pids)
            peak = max([peak, *map(peak_mib, forked)])
            busy = max([busy, *map(_cpu_seconds, forked)])
            time.sleep(PAUSE)
            failed = lost.failed_jobs([queue.queue(name) for name in queue.QUEUES])
            if failed or time.perf_counter() - begun > LONGEST_SECONDS:
                raise RuntimeError(f"the night did not end: {failed}")
        return time.perf_counter() - begun, busy, peak


def runs(store_id: int) -> int:
    """How many forecasts of the store are whole."""
    with tenancy.store_scope(db.session(), store_id):
        count = db.rows("SELECT COUNT(*) AS n FROM forecast_runs WHERE status = 'done'")[0].n
        db.session().rollback()
        return int(count)


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


def children(pids: list[int]) -> list[int]:
    """The processes that these have forked and not yet buried."""
    found = []
    for pid in pids:
        listed = Path(f"/proc/{pid}/task/{pid}/children")
        found += [int(child) for child in listed.read_text().split()] if listed.exists() else []
    return found


def peak_mib(pid: int) -> float:
    """Peak resident memory of a process, 0 once it has ended (or where there is no /proc)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _cpu_seconds(pid: int) -> float:
    """CPU seconds that a process has used, 0 once it has ended (or where there is no /proc)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _print(row: dict[str, Any]) -> None:
    print(
        f"{'ok  ' if row['ok'] else 'MISS'} {row['variants']:>6} variants, {row['sales']:>9,} rows of sales: "
        f"learning {row['learning']:.1f} s (CPU {row['cpu_learning']:.1f}), without {row['again']:.1f} s "
        f"(CPU {row['cpu_again']:.1f}), of which reading {row['reading']:.2f} s; "
        f"peak {row['peak_mib']:.0f} MiB; Prophet {row['prophet']:.0f} s ({row['times_prophet']:.0f} times)",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
