"""Are pages quick for many at once: `bin/bench web [--variants N] [--users N] [--seconds S] [--json OUT]`.

Two web processes under the production server, a store of 50,000 variants, 20 members. First each page and table
operation is asked for by itself, some times over: its time, and what it takes of the processor in the web processes
and in PostgreSQL. That tells most about a change, since it depends little on what else the machine does. Then each
member opens one page or asks one table operation after the other, with a pause of a second on average to read; before
that, Chromium opens a few pages with an empty cache (largest paint against 1 s, layout shift against 0.1).
Measured is the whole answer as the member waits for it: p95 of each operation against 300 ms; the statements of
Home against 8; and the memory of the web processes, which must not grow from the middle of the run to its end. The
yardstick is a page that asks nothing of the database: what it takes is the machine's own doing.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import threading
import time
from collections import defaultdict
from html import unescape
from pathlib import Path
from typing import Any

import psycopg2
import requests
from flask import Flask
from sqlalchemy import event

from app.config import Settings
from app.platform import db
from bench import _ground, _storefront
from bench._pages import SHOP, ask, headers, operations
from bench._paint import paint
from bench._processes import resident_mib
from bench._server import Meter, serving

P95_MS, STATEMENTS, PAUSE = 300.0, 8, 1.0
GROWTH = 1.10
WORKERS, ALONE = 2, 10


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 when every limit is kept, 1 when one is not."""
    options = _parser().parse_args(argv)
    with _ground.settings() as found:
        app = _ground.application(found)
        store_id = _ground.store(app, SHOP)
        begun = time.monotonic()
        ids = _storefront.fill(app, store_id, variants=options.variants)
        _analyze(found)
        print(f"seeded {options.variants:,} variants in {time.monotonic() - begun:.0f} s", flush=True)
        statements = _statements_of_home(app)
        with serving(found, workers=WORKERS) as (url, pids):
            alone = _alone(url, ids, Meter(found, pids), options.alone)
            painted = paint(url)
            report = painted | (_walk(url, pids, ids, options) if options.seconds else {})
    _print_alone(alone)
    report["home_statements"] = {"ok": statements <= STATEMENTS, "count": statements, "limit": STATEMENTS}
    for name, entry in report.items():
        figures = "  ".join(f"{key} {value}" for key, value in entry.items() if key != "ok")
        print(f"{'ok  ' if entry['ok'] else 'MISS'} {name:24} {figures}")
    if options.json:
        Path(options.json).write_text(json.dumps({"alone": alone, **report}, indent=1) + "\n")
    return 0 if all(entry["ok"] for entry in report.values()) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench web", description="Pages under many members at once")
    parser.add_argument("--variants", type=int, default=50_000)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long they walk about")
    parser.add_argument("--alone", type=int, default=ALONE, help="how often each is asked for by itself")
    parser.add_argument("--json", help="the figures, JSON")
    return parser


def _analyze(found: Settings) -> None:
    """What autovacuum does within a minute of so many rows."""
    connection = psycopg2.connect((found.migration_database_url or "").replace("+psycopg2", ""))
    connection.autocommit = True
    connection.cursor().execute("VACUUM ANALYZE")
    connection.close()


def _statements_of_home(app: Flask) -> int:
    asked: list[str] = []
    client = app.test_client()
    client.get("/", headers=headers(0))
    with app.app_context():
        engine = db.db.engine

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    assert client.get("/", headers=headers(0)).status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    return len(asked)


def _alone(url: str, ids: list[int], meter: Meter, times: int) -> dict[str, dict[str, float]]:
    """Each operation by itself: its median time, and the processor's ms that it takes of web and database."""
    draw, report = random.Random(0), {}
    for _ in range(4 * WORKERS):  # each worker answers once the app is loaded, and loads its templates
        for one in operations(ids, draw).values():
            ask(url, 0, one, fragment=one.method == "POST")
    for name in operations(ids, draw):
        asked = [operations(ids, draw)[name] for _ in range(times)]
        before = meter.read()
        taken = sorted(ask(url, 0, one, fragment=one.method == "POST")[0] for one in asked)
        web, database = (after - then for after, then in zip(meter.read(), before, strict=True))
        report[name] = {
            "p50_ms": round(taken[times // 2], 1),
            "web_cpu_ms": round(web * 1000 / times, 1),
            "database_cpu_ms": round(database * 1000 / times, 1),
        }
    return report


def _print_alone(report: dict[str, dict[str, float]]) -> None:
    for name, entry in report.items():
        print(f"     {name:24} alone  " + "  ".join(f"{key} {value}" for key, value in entry.items()))
    columns = zip(*(entry.values() for entry in report.values()), strict=True)
    mean = [sum(column) / len(report) for column in columns]
    print(f"     {'mean of all':24} web_cpu_ms {mean[1]:.1f}  database_cpu_ms {mean[2]:.1f}")


def _walk(url: str, pids: list[int], ids: list[int], options: argparse.Namespace) -> dict[str, Any]:
    """All members walk about until the time is over; the figures of each operation, and of memory."""
    times: dict[str, list[float]] = defaultdict(list)
    wrong: dict[str, int] = defaultdict(int)
    begun = time.monotonic()
    until = begun + options.seconds

    def member(number: int) -> None:
        draw = random.Random(number)
        time.sleep(draw.random() * PAUSE)
        while time.monotonic() < until:
            name, one = draw.choice(list(operations(ids, draw).items()))
            is_part = one.may_be_fragment and (one.method == "POST" or draw.random() < 0.5)
            taken, is_right = ask(url, number, one, fragment=is_part)
            times[name].append(taken)
            wrong[name] += not is_right
            time.sleep(draw.expovariate(1 / PAUSE))

    threads = [threading.Thread(target=member, args=(number,)) for number in range(options.users)]
    for thread in threads:
        thread.start()
    time.sleep(options.seconds / 2)
    middle = sum(map(resident_mib, pids))
    for thread in threads:
        thread.join()
    end = sum(map(resident_mib, pids))
    report = {name: _figures(found, wrong[name]) for name, found in sorted(times.items())}
    every = [one for found in times.values() for one in found]
    rate = len(every) / (time.monotonic() - begun)
    report["all"] = _figures(every, sum(wrong.values())) | {
        "a_second": round(rate, 1),
        "users": options.users,
    }
    report["memory"] = {
        "ok": end <= middle * GROWTH,
        "middle_mb": round(middle),
        "end_mb": round(end),
        "growth": round(end / middle, 3),
    }
    report["csv of all"] = _csv(url)
    return report


def _figures(found: list[float], wrong: int) -> dict[str, Any]:
    ordered = sorted(found)
    p95 = ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]
    return {
        "ok": p95 <= P95_MS and not wrong,
        "asked": len(ordered),
        "p50_ms": round(ordered[len(ordered) // 2]),
        "p95_ms": round(p95),
        "max_ms": round(ordered[-1]),
        "not_200": wrong,
    }


def _csv(url: str) -> dict[str, Any]:
    """The whole list as CSV: until its first line comes, and until its last."""
    page = requests.get(f"{url}/products", headers=headers(0), timeout=30).text
    link = re.search(r'href="([^"]*/products/file[^"]*)"', page)
    assert link is not None
    begun, first, lines = time.monotonic(), 0.0, 0
    with requests.get(url + unescape(link[1]), stream=True, timeout=60) as answer:
        for _ in answer.iter_lines():
            first = first or (time.monotonic() - begun) * 1000
            lines += 1
    whole = (time.monotonic() - begun) * 1000
    return {
        "ok": answer.status_code == 200,
        "lines": lines,
        "first_ms": round(first),
        "whole_ms": round(whole),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
