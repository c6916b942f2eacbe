"""Faults, runs and the comparison with the truth, for tests of one shop."""

from __future__ import annotations

from typing import Any

import requests

from app.jobs import reconciliation, sync
from app.platform import db
from app.queries import reconciliation as found
from tests.live import Live


def fault(shop: Live, **values: Any) -> None:
    requests.post(f"{shop.simulator.url}/control/faults", json=values, timeout=120).raise_for_status()


def faults(shop: Live) -> dict[str, int]:
    listed = requests.get(f"{shop.simulator.url}/control/faults", timeout=120).json()["faults"]
    return {one["kind"]: one["happened"] for one in listed}


def run(shop: Live, kind: str = "incremental") -> Any:
    """Work off one run; answers its row."""
    with shop.scope() as store_id:
        sync.begin(store_id, kind)
    assert shop.work() == []
    with shop.scope():
        return db.rows("SELECT * FROM sync_runs ORDER BY id DESC LIMIT 1")[0]


def reconcile(shop: Live, scope: str = "nightly") -> Any:
    with shop.scope() as store_id:
        reconciliation.begin(store_id, scope)
    assert shop.work() == []
    with shop.scope():
        return found.latest()


def is_true(shop: Live) -> None:
    assert shop.our_units() == shop.true_units()
    assert shop.our_stock() == shop.true_stock()


def variants(shop: Live) -> list[int]:
    return sorted({variant for variant, _ in shop.true_stock()})
