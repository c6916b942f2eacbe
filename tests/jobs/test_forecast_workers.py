"""Parts of a forecast in worker processes: several share them, one is killed, Redis is emptied; nothing is lost."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from flask import Flask

from app.config import Settings
from app.jobs import forecasts as jobs
from app.platform import db, queue, tenancy
from app.services import stores
from app.services.forecasts import parts
from tests.factories import Item, Shop, fill, make_store

MANY, IN_A_PART = 14, 4
# A worker as `flask worker` starts it, but with small parts, of which each product is a step.
WORKER = f"""
from app.services.forecasts import parts
parts.AT_ONCE, parts.IN_A_PART, parts.IN_A_STEP = 1, {IN_A_PART}, 1
from app import create_app
from app.config import Settings
from app.jobs import schedule
from app.platform import queue, workers
app = create_app(Settings.from_env())
with app.app_context():
    workers.work(app, queue.queues(), burst=False, rebuild=schedule.rebuild)
"""
STORED = "SELECT (to_jsonb(f) - 'run_id' - 'store_id')::text AS row FROM forecasts f ORDER BY variant_id"


@pytest.fixture
def shop(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(parts, "AT_ONCE", 1)
    monkeypatch.setattr(parts, "IN_A_PART", IN_A_PART)
    items = [
        Item(f"Product {k}", tuple(np.random.default_rng(k).poisson(1 + k % 4, 40).tolist()), 9, days=40)
        for k in range(MANY)
    ]
    with app.app_context():
        queue.connection().flushdb()
        db.execute("DELETE FROM outbox")
        db.session().commit()
        made = make_store(app)
        fill(app, made, items)
        with tenancy.store_scope(db.session(), made.id):
            stores.settings().engine = "prophet"
            db.session().commit()
        yield made
        queue.connection().flushdb()


@contextmanager
def worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url.replace("+psycopg2", ""),
        "REDIS_URL": settings.redis_url,
        "SHOPIFY_API_KEY": settings.shopify_api_key,
        "SHOPIFY_API_SECRET": settings.shopify_api_secret,
        "APP_URL": settings.app_url,
        "SECRET_KEY": settings.secret_key,
        "TOKEN_KEYS": "k1:" + base64.b64encode(b"1" * 32).decode(),
        "LOG_LEVEL": "CRITICAL",
    }
    running = subprocess.Popen([sys.executable, "-c", WORKER], env=environment)
    try:
        yield running
    finally:
        running.kill()
        running.wait(timeout=30)


def rows(shop: Shop, sql: str) -> list[Any]:
    with tenancy.store_scope(db.session(), shop.id):
        return list(db.rows(sql))


def until(is_so: Callable[[], object], seconds: float = 120.0) -> None:
    limit = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.05)


def is_whole(shop: Shop) -> bool:
    return bool(rows(shop, "SELECT 1 FROM forecast_runs WHERE status = 'done'"))


def answered(shop: Shop) -> int:
    return int(rows(shop, "SELECT COUNT(*) FROM forecast_answers")[0][0])


def places(shop: Shop) -> dict[int, str]:
    """Where each answer lies: one that is written again lies elsewhere."""
    found = rows(shop, "SELECT variant_id, ctid::text AS at FROM forecast_answers")
    return {row.variant_id: row.at for row in found}


def expected(shop: Shop) -> list[str]:
    """The forecast of this process, in one go and from nothing."""
    with tenancy.store_scope(db.session(), shop.id):
        db.execute("DELETE FROM forecast_answers")
        db.session().commit()
    parts.AT_ONCE = 1000  # the fixture puts it back
    jobs.run(shop.id)
    return [row.row for row in rows(shop, STORED)]


def test_a_killed_worker_and_an_emptied_redis_lose_no_product_and_ask_none_twice(
    shop: Shop, settings: Settings
) -> None:
    with worker(settings) as first:
        jobs.run(shop.id)
        until(lambda: answered(shop) >= 2)
        first.kill()
        first.wait(timeout=30)
    before = places(shop)
    assert 2 <= len(before) < MANY
    queue.connection().flushdb()
    with worker(settings):
        until(lambda: is_whole(shop))
    after = places(shop)
    assert len(after) == MANY
    assert {key: at for key, at in after.items() if key in before} == before
    assert [row.row for row in rows(shop, STORED)] == expected(shop)


def test_two_workers_share_the_parts_and_one_of_them_makes_the_run_whole(
    shop: Shop, settings: Settings
) -> None:
    with worker(settings), worker(settings):
        until(lambda: len(queue.connection().smembers("rq:workers")) == 2)
        jobs.run(shop.id)
        until(lambda: is_whole(shop))
        until(lambda: not rows(shop, "SELECT 1 FROM outbox WHERE name LIKE 'forecast-%'"))
    assert [row.row for row in rows(shop, STORED)] == expected(shop)
    assert len(rows(shop, "SELECT 1 FROM suggestions")) == MANY
