"""What changes as stores are added: `bin/bench growth [SIZES …] [--json OUT]` (default: 1 10 100 1000 stores).

One store of twenty products with sixty days of sales is made by the app itself and copied, table by table, until
there are so many. Then, with the real web process and two workers: pages of random stores, deliveries at a steady
rate over all of them, the night's work of twelve, and the sweep that looks at every store. Also counted: rows
that PostgreSQL read past any index of a store's tables, which must not grow with the number of stores.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import requests

from app.jobs import forecasts, schedule
from app.platform import db
from app.platform.queue import QUEUES, enqueue, queue
from bench.faults.forks import until
from bench.faults.ground import KEY, SECRET, Place, place
from bench.load.figures import Times, memory, processor_seconds, steadily
from bench.load.scenarios import PAGES, deliver
from devtools.processes import stop_signals_raise
from tests import factories
from tests.factories import Item, Shop
from tests.signing import id_token

T = TypeVar("T")
SIZES = (1, 10, 100, 1000)
ITEMS = tuple(
    Item(f"Item {number}", (number % 5 + 1, 3, 0, 4), on_hand=number * 4, days=60) for number in range(20)
)
# Deliveries, mails and audit entries are what the measuring itself adds.
_NOT_COPIED = {"webhook_receipts", "audit_entries", "alert_mails", "outbox"}
_NIGHTLY, _VISITS, _RATE, _SECONDS = 12, 150, 20.0, 10.0


def main(argv: list[str]) -> int:
    """Measure each number of stores; 0 when nothing went wrong and no read passed the indexes by."""
    parser = argparse.ArgumentParser(prog="bench growth", description="More stores on one machine")
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES), help="numbers of stores, growing")
    parser.add_argument("--json", help="the figures, JSON")
    options = parser.parse_args(argv)
    rows = []
    with stop_signals_raise(), place(is_lean=True) as here:
        here.start_worker(name="worker-2")
        growth = Growth(here)
        for size in sorted(options.sizes):
            growth.fill(size)
            rows.append({"stores": size, **growth.measured()})
            print("  ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps({"cpus": os.cpu_count(), "rows": rows}, indent=1) + "\n")
    return int(any(row["errors"] or row["rows_past_indexes"] > _most_past(row) for row in rows))


def _most_past(row: dict[str, Any]) -> int:
    """Up to a few thousand rows PostgreSQL rightly reads a whole table; with many stores it must not."""
    return 20_000 if row["stores"] >= 100 else sys.maxsize


def _each(what: str, spent: dict[str, float], parts: tuple[str, ...], count: int) -> dict[str, float]:
    """Milliseconds of processor for one page, delivery or store, by who spent them."""
    return {f"{what}_{part}_cpu_ms": round(spent[part] / count * 1000, 1) for part in parts}


class Growth:
    """The place and the stores in it, all equal."""

    def __init__(self, here: Place) -> None:
        self.place, self.draw, self.mark = here, random.Random(8), 70_000_000
        # With the plain average that the factory sets: what learning costs a store `bin/bench nightly` says.
        self.shops = [factories.ready_store(here.app, name="Growth", items=ITEMS)[0]]

    def fill(self, size: int) -> None:
        """Copy the first store until there are so many."""
        missing = size - len(self.shops)
        if missing > 0:
            first = self.shops[0]
            columns = self._columns("stores", {"id", "shop"})
            found = self.place.sql(
                f"INSERT INTO stores (shop, {columns}) SELECT 'growth-' || n || '.myshopify.com', {columns} FROM"
                f" stores, generate_series({len(self.shops)}, {size - 1}) n WHERE id = {first.id}"
                " RETURNING id, shop"
            )
            self.shops += [Shop(*row) for row in found]
            for table in self._scoped():
                self._copy(table, first.id, min(row[0] for row in found), max(row[0] for row in found))
        self.place.sql("ANALYZE")

    def _scoped(self) -> list[str]:
        rows = self.place.sql("SELECT relname FROM pg_class WHERE relrowsecurity ORDER BY 1")
        return [row[0] for row in rows if row[0] not in _NOT_COPIED]

    def _columns(self, table: str, but: set[str]) -> str:
        rows = self.place.sql(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
            f" AND table_name = '{table}' AND is_generated = 'NEVER'"
        )
        return ", ".join(f'"{row[0]}"' for row in rows if row[0] not in but)

    def _copy(self, table: str, source: int, first: int, last: int) -> None:
        columns = self._columns(table, {"store_id"})
        # What is copied has passed the foreign keys once; checking millions of copies takes minutes.
        self.place.sql(
            "SET session_replication_role = replica;"
            f" INSERT INTO {table} (store_id, {columns}) SELECT copy, {columns}"
            f" FROM (SELECT {columns} FROM {table} WHERE store_id = {source}) AS rows,"
            f" (SELECT id AS copy FROM stores WHERE id BETWEEN {first} AND {last}) AS copies"
        )

    def measured(self) -> dict[str, Any]:
        """All figures of the present number of stores."""
        past = self._past_indexes()
        pages, page_cpu = self._metered(self._pages)
        deliveries, delivery_cpu = self._metered(self._deliveries)
        night, night_cpu = self._metered(self._night)
        sweep, sweep_cpu = self._metered(self._sweep)
        time.sleep(1.5)  # PostgreSQL tells of its scans once a second
        size = self.place.sql("SELECT pg_database_size('faults') / 2^20")[0][0]
        return {
            "errors": pages["errors"] + deliveries["errors"],
            **{f"page_{key}": pages[key] for key in ("p50_ms", "p95_ms", "p99_ms")},
            **_each("page", page_cpu, ("web", "database"), _VISITS),
            **{f"delivery_{key}": deliveries[key] for key in ("p50_ms", "p95_ms", "handled_after_s")},
            **_each("delivery", delivery_cpu, ("web", "workers", "database"), int(_RATE * _SECONDS)),
            "night_s": night,
            **_each("night", night_cpu, ("workers", "database"), min(_NIGHTLY, len(self.shops))),
            "sweep_s": sweep,
            **_each("sweep", sweep_cpu, ("workers", "database"), len(self.shops)),
            "rows_past_indexes": self._past_indexes() - past,
            "database_mib": round(size),
            **memory(self.place),
        }

    def _metered(self, act: Callable[[], T]) -> tuple[T, dict[str, float]]:
        """What it answers, and the seconds of processor that web, workers and database have spent on it."""
        workers = {pid for name, pid in self.place.pids.items() if name.startswith("worker")}
        parts = {"web": {self.place.pids["web"]}, "workers": workers}
        parts["database"] = {self.place.database.process.pid}
        before = {name: processor_seconds(pids) for name, pids in parts.items()}
        answer = act()
        return answer, {name: processor_seconds(pids) - before[name] for name, pids in parts.items()}

    def _past_indexes(self) -> int:
        tables = ", ".join(f"'{name}'" for name in self._scoped())
        found = self.place.sql(
            f"SELECT sum(seq_tup_read)::bigint FROM pg_stat_user_tables WHERE relname IN ({tables})"
        )
        return int(found[0][0] or 0)

    def _pages(self) -> dict[str, Any]:
        times = Times()

        def visit(number: int) -> None:
            shop = self.shops[random.Random(number).randrange(len(self.shops))]
            token = id_token(shop.domain, user="11", secret=SECRET, aud=KEY)
            headers = {"Authorization": f"Bearer {token}", "Accept": "text/html"}
            page = f"http://127.0.0.1:{self.place.port}{PAGES[number % len(PAGES)]}"
            times.measure(lambda: requests.get(page, headers=headers, timeout=30).status_code == 200)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(visit, range(_VISITS)))
        return times.figures()

    def _deliveries(self) -> dict[str, Any]:
        times, total, first = Times(), int(_RATE * _SECONDS), self.mark
        self.mark += total
        shops = [self.draw.choice(self.shops).domain for _ in range(total)]
        begun = time.monotonic()
        steadily(
            lambda number: times.measure(lambda: deliver(self.place, shops[number], first + number)),
            total=total,
            rate=_RATE,
            threads=16,
        )
        effects = (
            "SELECT count(*) FROM audit_entries WHERE (detail->>'request_id')::bigint BETWEEN"
            f" {first} AND {first + total - 1}"
        )
        until(lambda: self.place.sql(effects)[0][0] >= total, 300, "the last delivery's effect")
        return {**times.figures(), "handled_after_s": round(time.monotonic() - begun, 1)}

    def _night(self) -> float:
        """Seconds until two workers have forecast and planned some stores."""
        chosen = self.draw.sample(self.shops, min(_NIGHTLY, len(self.shops)))
        begun = time.monotonic()
        with self.place.app.app_context():
            for shop in chosen:
                enqueue(forecasts.run, shop.id, once=f"forecast-{shop.id}")
            db.session().commit()
        until(lambda: not self.place.sql("SELECT 1 FROM outbox LIMIT 1"), 300, "the last forecast")
        return round(time.monotonic() - begun, 1)

    def _sweep(self) -> float:
        """Seconds until every store was looked at for lost work, as happens every ten minutes."""
        begun = time.monotonic()
        with self.place.app.app_context():
            schedule.sweep_due()
            until(lambda: not any(queue(name).count for name in QUEUES), 600, "the end of the sweep")
        return round(time.monotonic() - begun, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
