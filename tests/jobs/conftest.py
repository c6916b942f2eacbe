"""A small shop that is read by the app, and calm after each storm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from app.config import Settings
from app.platform import db, queue
from app.services import stores
from tests.live import Live, live


@pytest.fixture(scope="module")
def shop(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    state: Path = tmp_path_factory.mktemp("shopify")
    with live(settings, state, variants=20, years=0.4, orders_per_year=800) as running:
        assert running.install().status_code == 200
        assert running.work() == []
        with running.scope():
            settings_row = stores.settings()
            settings_row.engine, settings_row.alert_emails = "moving_average", ["owner@shop.test"]
            db.session().commit()
        yield running


@pytest.fixture
def calm(shop: Live) -> Iterator[None]:
    yield
    requests.delete(f"{shop.simulator.url}/control/faults", timeout=120).raise_for_status()
    with shop.app.app_context():
        queue.connection().flushdb()
    with shop.scope():
        # A test that travelled leaves nothing of its future behind.
        db.execute("UPDATE sync_runs SET started_at = LEAST(started_at, now())")
        db.session().commit()
