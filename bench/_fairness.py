"""Many stores whose first sync begins at once, on few workers: how long each waits for its turns."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import requests

from app.config import Settings
from app.platform import db, queue, tenancy
from app.services import stores
from bench import _ground
from tests.live import Live, live

# A wait may be this many times what it would be if all that are there took turns.
MOST = 2.0
_SIZE = {"variants": 5, "years": 0.1, "orders_per_year": 300}


@dataclass(frozen=True)
class Turn:
    """One job of one store, in seconds since 1970: when it could have begun, when it began and ended."""

    store: int
    is_sync: bool
    ready: float
    begun: float
    ended: float


def measure(settings: Settings, folder: Path, *, count: int, workers: int, patience: float) -> dict[str, Any]:
    """Let `count` stores begin their first sync at once, and look at every turn of every store until all are done."""
    with live(settings, folder, **_SIZE) as shop:
        ids = [_install(shop, f"fair-{number}.myshopify.com") for number in range(count)]
        environment = _ground.environment(shop.app.extensions["settings"])
        file, begun = folder / "turns.jsonl", time.time()
        processes = [
            subprocess.Popen([sys.executable, "-m", "bench._turns", str(file)], env=environment)
            for _ in range(workers)
        ]
        try:
            done = _wait(shop, ids, until=begun + patience)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(30)
        with shop.app.app_context():
            queue.connection().flushdb()
    return _judged(_turns(file.read_text().splitlines(), ids), count, workers, done, time.time() - begun)


def _install(shop: Live, domain: str) -> int:
    """Another small shop that has installed the app; its first sync waits in the queue."""
    made = {**_SIZE, "shop": domain, "install": True}
    requests.post(f"{shop.simulator.url}/control/shops", json=made, timeout=120).raise_for_status()
    launch = requests.get(f"{shop.simulator.url}/control/shops/{domain}/launch_url", timeout=120)
    requests.get(launch.json()["url"], timeout=120).raise_for_status()
    with shop.app.app_context():
        found = stores.find(domain)
        assert found is not None
        with tenancy.store_scope(db.session(), found.id), db.transaction():
            stores.settings().engine = "moving_average"
        return found.id


def _wait(shop: Live, ids: list[int], *, until: float) -> int:
    """Wait until all have read everything; how many have."""
    left = set(ids)
    while left and time.time() < until:
        time.sleep(1)
        with shop.app.app_context():
            left -= {one for one in left if _is_done(one)}
    return len(ids) - len(left)


def _is_done(store_id: int) -> bool:
    with tenancy.store_scope(db.session(), store_id):
        return bool(db.rows("SELECT 1 FROM sync_runs WHERE kind = 'first' AND status = 'done'"))


def _turns(lines: list[str], ids: list[int]) -> list[Turn]:
    """Nobody could begin before the first worker was there."""
    noted = [json.loads(line) for line in lines]
    opened = min(one["begun"] for one in noted)
    return [
        Turn(
            store=one["store"],
            is_sync=one["job"].startswith("app.jobs.sync."),
            ready=max(opened, one["ready"]),
            begun=one["begun"],
            ended=one["ended"],
        )
        for one in noted
        if one["store"] in ids
    ]


def _judged(turns: list[Turn], count: int, workers: int, done: int, seconds: float) -> dict[str, Any]:
    """The worst wait against its fair one: a turn of each other store that is not done yet, shared by the workers."""
    length = mean(turn.ended - turn.begun for turn in turns)
    last = {turn.store: turn.ended for turn in sorted(turns, key=lambda one: one.ended)}
    worst, share = 0.0, 0.0
    for turn in (one for one in turns if one.is_sync):
        others = sum(end > turn.ready for store, end in last.items() if store != turn.store)
        fair = max(workers, others + 1) * length / workers
        if (turn.begun - turn.ready) / fair > share:
            worst, share = turn.begun - turn.ready, (turn.begun - turn.ready) / fair
    return {
        "ok": done == count and share <= MOST,
        "stores": count,
        "workers": workers,
        "done": done,
        "seconds": round(seconds),
        "turns": len(turns),
        "turn_seconds": round(length, 3),
        "worst_wait_seconds": round(worst, 1),
        "worst_wait_in_fair_shares": round(share, 2),
        "limit": MOST,
        "most_turns_of_another_meanwhile": _overtaken(turns),
    }


def _overtaken(turns: list[Turn]) -> int:
    """While one store waited for one turn: how many turns began for the other store that got most."""
    most = 0
    for turn in (one for one in turns if one.is_sync):
        meanwhile: dict[int, int] = {}
        for other in turns:
            if other.store != turn.store and turn.ready < other.begun < turn.begun:
                meanwhile[other.store] = meanwhile.get(other.store, 0) + 1
        most = max(most, *meanwhile.values(), 0) if meanwhile else most
    return most
