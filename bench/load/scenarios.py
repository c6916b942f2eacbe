"""The scenarios of load. Each answers figures; `errors` has to be 0 in all of them."""

from __future__ import annotations

import base64
import gc
import hashlib
import hmac
import json
import os
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from app.platform import queue
from bench import _ground
from bench._month import Month, judge
from bench.faults.forks import until
from bench.faults.ground import KEY, SECRET, Place
from bench.load.figures import Times, memory, resident_mib, steadily
from bench.load.idle import nothing
from tests.factories import Item, ready_store
from tests.live import live
from tests.signing import id_token

PAGES = ("/", "/products", "/alerts", "/reports", "/settings")


def installs(place: Place, *, stores: int) -> dict[str, Any]:
    """So many stores install at once; each reads its shop and makes its first forecast."""
    url, times = place.simulator.url, Times()
    names = [f"load-{number}.myshopify.com" for number in range(stores)]
    for name in names:
        body = {"shop": name, "variants": 10, "years": 0.2, "orders_per_year": 200, "install": True}
        requests.post(f"{url}/control/shops", json=body, timeout=60).raise_for_status()
    before = memory(place)
    begun = time.monotonic()

    def install(name: str) -> None:
        launch = requests.get(f"{url}/control/shops/{name}/launch_url", timeout=60).json()["url"]
        times.measure(lambda: requests.get(launch, timeout=60).status_code == 200)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(install, names))
    place.sql("UPDATE store_settings SET engine = 'moving_average'")
    of_ours = "FROM sync_runs r JOIN stores s ON s.id = r.store_id AND s.shop LIKE 'load-%' WHERE r.status ="
    ready = f"SELECT count(DISTINCT r.store_id) {of_ours} 'done'"
    until(lambda: place.sql(ready)[0][0] >= stores, 540, "the last store's first sync")
    seconds = time.monotonic() - begun
    failed = place.sql(f"SELECT count(*) {of_ours} 'failed'")[0][0]
    found = times.figures()
    found["errors"] += failed
    return {**found, "stores": stores, "all_synced_s": round(seconds, 1), **memory(place), "before": before}


def users(place: Place, *, count: int, seconds: float) -> dict[str, Any]:
    """So many members open pages, each one after a second's thought, in three stores."""
    items = [
        Item(f"Item {number}", (number % 5 + 1, 3, 4), on_hand=number * 3, days=40) for number in range(12)
    ]
    shops = [ready_store(place.app, name=f"Users {number}", items=items)[0] for number in range(3)]
    times, end = Times(), time.monotonic() + seconds

    def visit(number: int) -> None:
        draw, shop = random.Random(number), shops[number % len(shops)]
        with requests.Session() as session:
            while time.monotonic() < end:
                token = id_token(shop.domain, user="11", secret=SECRET, aud=KEY)
                headers = {"Authorization": f"Bearer {token}", "Accept": "text/html"}
                page = f"http://127.0.0.1:{place.port}{draw.choice(PAGES)}"
                times.measure(lambda: session.get(page, headers=headers, timeout=30).status_code == 200)  # noqa: B023
                time.sleep(draw.uniform(0.5, 1.5))

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(visit, range(count)))
    return {**times.figures(), "users": count, "seconds": seconds, **memory(place)}


def black_friday(place: Place, *, rate: float, seconds: float, stores: int) -> dict[str, Any]:
    """Signed deliveries at a steady rate over many stores; each has to be answered in time and handled once."""
    names = [f"friday-{number}.myshopify.com" for number in range(stores)]
    for name in names:
        _ground.store(place.app, name)
    times = Times()
    mark = 50_000_000

    def one(number: int) -> None:
        times.measure(lambda: deliver(place, names[number % stores], mark + number))

    total = int(rate * seconds)
    begun = time.monotonic()
    steadily(one, total=total, rate=rate, threads=48)
    effects = f"SELECT count(*) FROM audit_entries WHERE (detail->>'request_id')::bigint >= {mark}"
    until(lambda: place.sql(effects)[0][0] >= total, 400, "the last delivery's effect")
    found = times.figures()
    found["errors"] += abs(place.sql(effects)[0][0] - total)
    drained = time.monotonic() - begun
    return {**found, "rate": rate, "stores": stores, "handled_after_s": round(drained, 1), **memory(place)}


def deliver(place: Place, shop: str, number: int) -> bool:
    """Send a signed delivery whose effect is an audit entry with that number; whether it was taken."""
    body = json.dumps({"data_request": {"id": number}, "orders_requested": []}).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": "customers/data_request",
        "X-Shopify-Hmac-Sha256": base64.b64encode(
            hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
        ).decode(),
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-API-Version": "2026-07",
        "X-Shopify-Webhook-Id": f"load-{number}",
        "X-Shopify-Triggered-At": datetime.now(UTC).isoformat(),
    }
    url = f"http://127.0.0.1:{place.port}/webhooks"
    return requests.post(url, data=body, headers=headers, timeout=(2, 10)).status_code == 200


def deep_queue(place: Place, *, depth: int) -> dict[str, Any]:
    """A queue so deep: what a merchant waits for still comes first, and the web answers as before."""
    with place.app.app_context():
        target, begun = queue.queue("backfill"), time.monotonic()
        for _ in range(depth // 1000):
            target.enqueue_many([target.prepare_data(nothing, result_ttl=0) for _ in range(1000)])
        filled = time.monotonic() - begun
        used = queue.connection().info("memory")["used_memory"] / 2**20
    times = Times()
    for number in range(20):
        times.measure(lambda: deliver(place, "faults.myshopify.com", 90_000_000 + number))  # noqa: B023
        effect = f"SELECT 1 FROM audit_entries WHERE (detail->>'request_id')::bigint = {90_000_000 + number}"
        times.measure(lambda: _comes(place, effect))  # noqa: B023
    with place.app.app_context():
        left = queue.queue("backfill").count
        queue.queue("backfill").empty()  # type: ignore[no-untyped-call]
    return {
        **times.figures(),
        "depth": depth,
        "filled_in_s": round(filled, 1),
        "still_waiting": left,
        "valkey_mib": round(used),
        **memory(place),
    }


def _comes(place: Place, effect: str) -> bool:
    until(lambda: place.sql(effect), 30, "an urgent delivery's effect")
    return True


def days(*, count: int, acts: int) -> dict[str, Any]:
    """So many simulated days of one shop in minutes, with faults; the numbers stay true and the memory flat."""
    with _ground.settings() as settings, tempfile.TemporaryDirectory() as folder:
        sizes = []
        with live(settings, Path(folder), variants=30, years=0.4, orders_per_year=800) as running:
            running.install()
            running.work()
            month, begun = Month(running, seed=4), time.monotonic()
            for _ in range(4):
                month.run(days=count // 4, acts=acts, kill_every=1000)
                sizes.append(_own_mib())
            failures = month.settle()
            verdict = judge(running)
    wrong = len(verdict.wrong_days) + len(verdict.wrong_levels)
    grown = sizes[-1] / sizes[0]
    return {
        "errors": wrong + len(failures) + int(grown > 1.15),
        "days": count,
        "happened": sum(month.happened.values()),
        "numbers_compared": verdict.days + verdict.levels,
        "memory_mib_by_quarter": sizes,
        "grown": round(grown, 3),
        "seconds": round(time.monotonic() - begun),
    }


def _own_mib() -> float:
    """The memory of this process: the app, the shop and their garbage, not what PostgreSQL keeps in its buffers."""
    gc.collect()
    return resident_mib({os.getpid()}, is_alone=True)
