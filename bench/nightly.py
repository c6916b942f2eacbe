"""A store's night in real RQ workers: `bin/bench nightly [--variants N,N,…] [--days D] [--prophet N] [--json OUT]`.

The job that runs each night (read the sales, learn or use what was learnt, forecast, plan, raise alerts, store all
of it) is enqueued for a store of made-up sales and worked off by two `flask worker` processes, whose jobs run in
forked children. Measured: seconds and peak memory of the night that learns and of one that does not, against the
limits for 10,000 products; how both grow with the store; and Prophet on a sample of the same sales.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask

from app.domain.forecasts import forecast
from app.platform import clock, db, tenancy
from app.services import forecasts
from bench import _ground, _night, _processes

LIMIT_SECONDS, LIMIT_AGAIN, LIMIT_MIB, LIMIT_VARIANTS = 20.0, 5.0, 2048, 10_000


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 when the limits for 10,000 variants are kept."""
    options = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what it started is ended too
    rows = []
    with _ground.settings() as settings:
        app = _ground.application(settings)
        for number, variants in enumerate(map(int, options.variants.split(","))):
            store_id = _ground.store(app, f"nightly-{number}.myshopify.com")
            rows.append(_measured(app, settings, store_id, variants, options))
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


def _measured(
    app: Flask, settings: Any, store_id: int, variants: int, options: argparse.Namespace
) -> dict[str, Any]:
    with app.app_context(), tenancy.store_scope(db.session(), store_id):
        sold = _night.fill(variants, options.days)
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
    peak = busy = 0.0

    def look() -> None:
        nonlocal peak, busy
        for job in (child for pid in pids for child in _processes.children(pid)):
            peak = max(peak, _processes.peak_mib(job))
            busy = max(busy, _processes.processor_seconds(job))

    with _night.workers(settings) as pids, app.app_context():
        return _night.forecast(store_id, look=look), busy, peak


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
