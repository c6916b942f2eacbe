"""Past forecasts for pictures of a new demo: made from what was known weeks ago, and noted as they are each week"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from app import create_app
from app.config import Settings
from app.jobs import forecasts as jobs
from app.platform import clock, db, tenancy
from app.services import forecasts, reports, stores

WEEKS = 7  # of forecasts whose 28 days are over
_OVER = timedelta(days=29)


def note_past_forecasts(environment: Mapping[str, str], shop: str) -> None:
    """Do it for a demo's shop (its domain), in whose app's environment."""
    with create_app(Settings.from_env(environment)).app_context():
        store = stores.find(shop)
        assert store is not None, "the demo installs the app first"
        note(store.id)


def note(store_id: int) -> None:
    """Forecast a store that has sold for long as of one day in each of WEEKS weeks, then anew as of today."""
    with tenancy.store_scope(db.session(), store_id):
        today = clock.today(stores.time_zone())
        db.execute("DELETE FROM forecast_records")
        for weeks in range(WEEKS - 1, -1, -1):
            then = today - _OVER - timedelta(weeks=weeks)
            made = forecasts.run(today=then, now=clock.now(), in_parts=False)
            assert made is not None, "nothing was sold before that day"
            forecasts.finish(made.run_id, now=clock.now())
            reports.record_forecasts(today=then)
            db.session().commit()
    jobs.run(store_id)
