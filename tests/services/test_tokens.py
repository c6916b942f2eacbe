"""Asking for a store's token and writing to the store do not wait for each other."""

from __future__ import annotations

import threading

import pytest
from flask import Flask

from app.jobs import clients
from app.platform import clock, db, tenancy
from app.services import audit, stores
from bench._ground import store as connected_store


@pytest.fixture
def store_id(app: Flask) -> int:
    return connected_store(app, f"tokens-{id(app):x}.myshopify.com")


def test_a_job_that_has_written_gets_a_token(app: Flask, store_id: int) -> None:
    got: list[str] = []

    def ask() -> None:
        with app.app_context():
            cipher = clients.cipher()
            got.append(stores.access_token(store_id, cipher=cipher, refresh=lambda old: old, now=clock.now()))

    with app.app_context(), tenancy.store_scope(db.session(), store_id):
        audit.record(actor="Owner", action="planted")
        db.session().flush()  # written, and not committed yet
        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(10)
        waits = asking.is_alive()
        db.session().rollback()
        asking.join()
    assert not waits
    assert got == ["shpat_benchmark"]
