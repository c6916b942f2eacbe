"""Are pages quick for many at once: `bin/bench web [--variants N] [--users N] [--seconds S] [--json OUT]`.

Two web processes under the production server, a store of 50,000 variants, 20 members. Each member opens one page
or asks one table operation after the other, with a pause of a second on average to read. Measured is the whole
answer as the member waits for it: p95 of each operation against 300 ms; the statements of Home against 8; and the
memory of the web processes, which must not grow from the middle of the run to its end. The yardstick is a page
that asks nothing of the database: what it takes is the machine's own doing.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import jwt
import psycopg2
import requests
from flask import Flask
from sqlalchemy import event

from app.config import Settings
from app.platform import db
from bench import _ground, _storefront
from devtools.paths import ROOT
from devtools.ports import answers, free_port

SHOP, P95_MS, STATEMENTS, PAUSE = "large.myshopify.com", 300.0, 8, 1.0
GROWTH = 1.10
WORKERS, THREADS = 2, 8


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
        with _server(found) as (url, pids):
            report = _walk(url, pids, ids, options)
    report["home_statements"] = {"ok": statements <= STATEMENTS, "count": statements, "limit": STATEMENTS}
    for name, entry in report.items():
        figures = "  ".join(f"{key} {value}" for key, value in entry.items() if key != "ok")
        print(f"{'ok  ' if entry['ok'] else 'MISS'} {name:24} {figures}")
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    return 0 if all(entry["ok"] for entry in report.values()) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench web", description="Pages under many members at once")
    parser.add_argument("--variants", type=int, default=50_000)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long they walk about")
    parser.add_argument("--json", help="the figures, JSON")
    return parser


def _analyze(found: Settings) -> None:
    """What autovacuum does within a minute of so many rows."""
    connection = psycopg2.connect((found.migration_database_url or "").replace("+psycopg2", ""))
    connection.autocommit = True
    connection.cursor().execute("VACUUM ANALYZE")
    connection.close()


def _headers(member: int) -> dict[str, str]:
    now = int(time.time())
    claims = {
        "iss": f"https://{SHOP}/admin",
        "dest": f"https://{SHOP}",
        "aud": "benchmark-client-id",
        "sub": str(1000 + member),
        "exp": now + 60,
        "nbf": now,
        "iat": now,
        "jti": str(uuid.uuid4()),
        "sid": str(uuid.uuid4()),
    }
    token = jwt.encode(claims, _ground.SECRET, "HS256")
    return {"Authorization": f"Bearer {token}", "Accept": "text/html"}


def _statements_of_home(app: Flask) -> int:
    asked: list[str] = []
    client = app.test_client()
    client.get("/", headers=_headers(0))
    with app.app_context():
        engine = db.db.engine

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    assert client.get("/", headers=_headers(0)).status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    return len(asked)


@contextmanager
def _server(found: Settings) -> Iterator[tuple[str, list[int]]]:
    """The production server with its workers; its address and the workers' process ids."""
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": found.database_url.replace("+psycopg2", ""),
        "REDIS_URL": found.redis_url,
        "SHOPIFY_API_KEY": found.shopify_api_key,
        "SHOPIFY_API_SECRET": found.shopify_api_secret,
        "APP_URL": found.app_url,
        "SECRET_KEY": found.secret_key,
        "TOKEN_KEYS": "k1:" + base64.b64encode(found.token_keys[0][1]).decode(),
        "LOG_LEVEL": "CRITICAL",
    }
    command = [
        str(Path(sys.executable).parent / "gunicorn"),
        "wsgi:app",
        "--worker-class=gthread",
        f"--workers={WORKERS}",
        f"--threads={THREADS}",
        "--no-control-socket",
        f"--bind=127.0.0.1:{port}",
    ]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + 60
        while not answers(port):
            if time.monotonic() > limit or process.poll() is not None:
                raise RuntimeError("the web server did not come up")
            time.sleep(0.1)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while len(children.read_text().split()) < WORKERS:
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", [int(one) for one in children.read_text().split()]
    finally:
        process.terminate()
        process.wait(60)


def _operations(ids: list[int], draw: random.Random) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Name → method, path and fields of one page or operation, with a random part where there is one."""
    one, word = draw.choice(ids), draw.choice(["tundra", "SKU-0012", "Vendor 007", "granite lamp 8"])
    vendor = f"vendor:Vendor {draw.randrange(_storefront.VENDORS):03d}"
    last = len(ids) // 50
    return {
        "yardstick": ("GET", "/healthz", {}),
        "home": ("GET", "/", {}),
        "home, a year's trend": ("GET", "/trend", {"days": 365}),
        "products": ("GET", "/products", {}),
        "products, next pages": ("GET", "/products", {"page": draw.randint(2, 20)}),
        "products, a far page": ("GET", "/products", {"page": draw.randint(last // 2, last)}),
        "products, search": ("GET", "/products", {"search": word}),
        "products, by stock": ("GET", "/products", {"sort": "-stock"}),
        "products, by demand": ("GET", "/products", {"sort": "-demand"}),
        "products, low": ("GET", "/products", {"is": "state:low", "not": vendor}),
        "products, overstock": ("GET", "/products", {"is": "state:overstock", "sort": "-overstock_value"}),
        "products, one vendor": ("GET", "/products", {"is": vendor, "columns": "cover,class,lead_time"}),
        "products, no forecast": ("GET", "/products", {"is": "state:no_forecast"}),
        "filter values": ("GET", "/products/values", {"field": "type"}),
        "product": ("GET", f"/products/{one}", {}),
        "change of 50, preview": (
            "POST",
            "/products/bulk/preview",
            {"variant": draw.sample(ids, 50), "moq": draw.randint(2, 9)},
        ),
        "change of 50": (
            "POST",
            "/products/bulk",
            {"variant": draw.sample(ids, 50), "moq": draw.randint(2, 9)},
        ),
        "suggestions": ("GET", "/suggestions", {}),
        "suggestions, by cost": ("GET", "/suggestions", {"sort": "-cost", "show": "all"}),
        "suggestions, search": ("GET", "/suggestions", {"search": word, "show": "all"}),
        "accept": ("POST", f"/suggestions/{one}/accept", {"quantity": draw.randint(1, 50)}),
        "snooze": ("POST", f"/suggestions/{one}/snooze", {"until": _in_a_week(), "reason": "bench"}),
        "purchase orders": ("GET", "/purchase-orders", {}),
        "suppliers": ("GET", "/suppliers", {}),
        "alerts": ("GET", "/alerts", {}),
        "reports": ("GET", "/reports", {}),
        "settings": ("GET", "/settings", {}),
    }


def _in_a_week() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * 86_400))


def _walk(url: str, pids: list[int], ids: list[int], options: argparse.Namespace) -> dict[str, Any]:
    """All members walk about until the time is over; the figures of each operation, and of memory."""
    times: dict[str, list[float]] = defaultdict(list)
    wrong: dict[str, int] = defaultdict(int)
    for _ in range(4 * WORKERS):  # each worker answers once the app is loaded, and loads its templates
        requests.get(url, headers=_headers(0), timeout=120)
    begun = time.monotonic()
    until = begun + options.seconds

    def member(number: int) -> None:
        draw = random.Random(number)
        time.sleep(draw.random() * PAUSE)
        while time.monotonic() < until:
            name, (method, path, fields) = draw.choice(list(_operations(ids, draw).items()))
            headers = _headers(number)
            if path != "/" and (method == "POST" or draw.random() < 0.5):
                headers |= {"HX-Request": "true", "HX-Request-Type": "partial"}
            is_read, start = method == "GET", time.monotonic()
            # A connection for each: the server ends kept ones after 2 s, just when one is used again.
            answer = requests.request(
                method,
                url + path,
                params=fields if is_read else None,
                data=None if is_read else fields,
                headers=headers,
                timeout=30,
            )
            times[name].append((time.monotonic() - start) * 1000)
            wrong[name] += answer.status_code != 200
            time.sleep(draw.expovariate(1 / PAUSE))

    threads = [threading.Thread(target=member, args=(number,)) for number in range(options.users)]
    for thread in threads:
        thread.start()
    time.sleep(options.seconds / 2)
    middle = _memory(pids)
    for thread in threads:
        thread.join()
    end = _memory(pids)
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
    page = requests.get(f"{url}/products", headers=_headers(0), timeout=30).text
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


def _memory(pids: list[int]) -> float:
    """Private and shared memory of the workers, in MB."""
    pattern: Callable[[str], list[str]] = re.compile(r"^Rss:\s+(\d+)", re.M).findall
    return sum(int(pattern(Path(f"/proc/{pid}/smaps_rollup").read_text())[0]) for pid in pids) / 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
