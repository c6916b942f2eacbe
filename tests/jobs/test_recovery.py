"""Broken results, dead workers and merchants who leave in the middle of a run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.jobs import parts, sync
from app.platform import clock, db
from tests.jobs.storms import fault, faults, is_true, run
from tests.live import Live

pytestmark = pytest.mark.usefixtures("calm")


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "result_truncated", "count": 4},
        {"kind": "result_expired", "count": 1},
        {"kind": "bulk_failed", "count": 2},
        {"kind": "server_error", "count": 2},
        {"kind": "rate_limited", "retry_after": "0.1", "count": 3},
        {"kind": "throttled", "count": 3},
        {"kind": "not_json", "count": 2},
        {"kind": "unauthorized", "count": 1},
    ],
    ids=lambda fault: fault["kind"],
)
def test_the_first_run_survives(shop: Live, broken: dict[str, Any]) -> None:
    fault(shop, **broken)
    row = run(shop, "first")
    assert faults(shop)[broken["kind"]] == broken["count"]
    assert (row.kind, row.status) == ("first", "done")
    is_true(shop)


def test_a_run_killed_after_any_stretch_goes_on_where_it_was(
    shop: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "BATCH_LINES", 40)
    monkeypatch.setattr(parts, "STEP_LINES", 120)
    before = parts.chain.keep
    kept: list[int] = []

    def die(*arguments: Any, **keywords: Any) -> None:
        before(*arguments, **keywords)
        kept.append(next(iter(keywords["cursors"].values())).get("at", 0))
        if len(kept) % 5 == 0:
            raise SystemExit("killed")

    monkeypatch.setattr(parts.chain, "keep", die)
    with shop.scope() as store_id:
        db.execute("DELETE FROM order_lines")
        db.execute("DELETE FROM orders")
        db.session().commit()
        sync.begin(store_id, "first")
    with clock.travel(timedelta(days=1)):
        for turn in range(200):
            with shop.scope():
                row = db.rows("SELECT * FROM sync_runs ORDER BY id DESC LIMIT 1")[0]
            if row.status == "done":
                break
            with clock.travel(timedelta(minutes=5 * turn)), shop.app.app_context():
                try:
                    sync.step(row.store_id, row.id, row.step)
                except SystemExit:
                    db.session.remove() if hasattr(db.session, "remove") else None
    assert len(kept) > 20
    assert (row.status, row.done["orders"]) == ("done", _orders(shop))
    is_true(shop)


def _orders(shop: Live) -> int:
    with shop.scope():
        return int(db.rows("SELECT COUNT(*) AS n FROM orders")[0].n)


def test_uninstalling_stops_a_run_between_two_stretches(shop: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "BATCH_LINES", 40)
    before, kept = parts.chain.keep, []

    def leave(*arguments: Any, **keywords: Any) -> None:
        kept.append(1)
        if len(kept) == 3:
            shop.control("uninstall")
            shop.deliver()
        before(*arguments, **keywords)

    monkeypatch.setattr(parts.chain, "keep", leave)
    with shop.scope() as store_id:
        sync.begin(store_id, "first")
    assert shop.work() == []
    assert len(kept) == 3
    with shop.scope():
        row = db.rows("SELECT * FROM sync_runs ORDER BY id DESC LIMIT 1")[0]
    assert row.status == "failed"
    monkeypatch.setattr(parts.chain, "keep", before)
    assert shop.install().status_code == 200
    assert shop.work() == []
    is_true(shop)
