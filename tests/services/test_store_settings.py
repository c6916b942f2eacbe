"""A store's settings exist from when they are first asked for, whoever asks, and once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from app.platform import db, tenancy
from app.services import stores
from tests import factories


def test_two_who_ask_first_at_the_same_time_get_the_same_row(app: Flask) -> None:
    """The first sync's job and the first page: neither may fail because the other was a moment earlier."""
    shop = factories.make_store(app)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        db.execute("DELETE FROM store_settings")
        db.session().commit()

    def ask() -> int:
        with app.app_context(), tenancy.store_scope(db.session(), shop.id):
            level = stores.settings().lead_time_days
            db.session().commit()
            return level

    with app.app_context(), tenancy.store_scope(db.session(), shop.id), ThreadPoolExecutor(1) as other:
        first = stores.settings().lead_time_days
        asked = other.submit(ask)
        while not _someone_waits():
            assert not asked.done(), "the second did not wait"
        db.session().commit()
        assert asked.result(30) == first
        assert db.rows("SELECT COUNT(*) AS number FROM store_settings")[0].number == 1


def _someone_waits() -> bool:
    """Whether a transaction waits for the row that this one has written but not committed.

    Not from pg_stat_activity: within a transaction it shows each time what it showed first.
    """
    sql = "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    return bool(db.rows(sql))
