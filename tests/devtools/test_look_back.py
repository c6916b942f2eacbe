"""Past forecasts of a demo: noted week by week, from what was known then alone, and followed by today's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.jobs import accuracy
from app.platform import clock, db, tenancy
from app.services import stores
from devtools import look_back
from tests import factories
from tests.factories import Item


def test_weeks_of_forecasts_can_be_compared_at_once(app: Flask) -> None:
    # It sold 5 a day until 60 days ago, and 50 a day since.
    shop, _ = factories.ready_store(
        app, name="Looked back", items=(Item("Tea", (50,) * 60 + (5,) * 140, on_hand=9, days=200),)
    )
    today = clock.today("Europe/Berlin")
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        stores.change_settings({"engine": "moving_average"}, actor="test", now=clock.now())
    with app.app_context():
        look_back.note(shop.id)
        accuracy.add_up(shop.id)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        noted = db.rows("SELECT origin, units FROM forecast_records ORDER BY origin")
        summed = db.rows("SELECT forecasts FROM accuracy_sums")
        (now,) = db.rows("SELECT origin FROM forecasts")
    past = [today - timedelta(days=30 + 7 * weeks) for weeks in range(look_back.WEEKS - 1, -1, -1)]
    assert [one.origin for one in noted] == [*past, today - timedelta(days=1)]
    assert noted[0].units == pytest.approx(140), "28 days at 5: what came later was not known"
    assert noted[-1].units == pytest.approx(1400)
    assert [one.forecasts for one in summed] == [look_back.WEEKS]
    assert now.origin == today - timedelta(days=1)
