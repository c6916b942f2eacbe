"""A store's Prophet forecast shared by workers: `bin/bench parts [--variants N] [--workers N,N,…] [--json OUT]`.

The same made-up sales are forecast by Prophet once for each number of `flask worker` processes, from the job's
enqueueing to the run's end, and then once more on the same day. Measured: seconds, the processor's seconds of workers
and jobs together (what PostgreSQL takes is not counted), and the largest job's memory. The forecasts must be the same
to the byte.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from flask import Flask

from app.platform import db, queue, tenancy
from app.services import stores
from bench import _ground, _night, _processes

_DIGEST = """
    SELECT COUNT(*) AS n, COUNT(*) FILTER (WHERE model = 'prophet') AS prophet,
           md5(string_agg((to_jsonb(f) - 'store_id' - 'run_id')::text, '' ORDER BY variant_id)) AS digest
    FROM forecasts f
"""


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 when all numbers of workers make the same forecasts."""
    options = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what it started is ended too
    rows = []
    with _ground.settings() as settings:
        app = _ground.application(settings)
        for count in map(int, options.workers.split(",")):
            rows.append(_shared(app, settings, count, options))
            _print(rows[-1])
    ok = len({row["digest"] for row in rows}) == 1 and all(row["prophet"] for row in rows)
    print("ok   the same forecasts to the byte" if ok else "MISS the forecasts differ", flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench parts", description="Prophet's forecast shared by workers")
    parser.add_argument("--variants", type=int, default=2000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--workers", default="1,2", help="numbers of worker processes, one after the other")
    parser.add_argument("--json", help="the rows, JSON")
    return parser


def _shared(app: Flask, settings: Any, count: int, options: argparse.Namespace) -> dict[str, Any]:
    store_id = _ground.store(app, f"parts-{count}.myshopify.com")
    with app.app_context(), tenancy.store_scope(db.session(), store_id):
        _night.fill(options.variants, options.days)
        stores.settings().engine = "prophet"
        db.session().commit()
    with _night.workers(settings, count) as pids, app.app_context():
        first = _run(store_id, pids)
        again = _run(store_id, pids)
        with tenancy.store_scope(db.session(), store_id):
            found = db.rows(_DIGEST)[0]
    return {"workers": count, "first": first, "again": again, **found._mapping}


def _run(store_id: int, pids: list[int]) -> dict[str, float]:
    """Seconds until the run is whole, the workers' CPU seconds meanwhile, and the largest job's peak in MiB."""
    used, peak = _cpu(pids), 0.0

    def look() -> None:
        nonlocal peak
        jobs = [child for pid in pids for child in _processes.children(pid)]
        peak = max([peak, *map(_processes.peak_mib, jobs)])

    seconds = _night.forecast(store_id, look=look, is_over=_is_idle)
    time.sleep(1)  # until the last job's process is buried, and its time counted
    return {"seconds": seconds, "cpu": _cpu(pids) - used, "peak_mib": peak}


def _is_idle() -> bool:
    return not any(one.started_job_registry.get_job_ids(cleanup=False) for one in queue.queues())


def _cpu(pids: list[int]) -> float:
    """CPU seconds of processes and of all that they have forked and buried."""
    return sum(_processes.processor_seconds(pid) + _processes.buried_seconds(pid) for pid in pids)


def _print(row: dict[str, Any]) -> None:
    first, again = row["first"], row["again"]
    print(
        f"{row['workers']:>2} worker(s), {row['n']:,} products, {row['prophet']:,} by Prophet: "
        f"{first['seconds']:.0f} s (CPU {first['cpu']:.0f}), largest job {first['peak_mib']:.0f} MiB; "
        f"again on the same day {again['seconds']:.1f} s (CPU {again['cpu']:.1f})",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
