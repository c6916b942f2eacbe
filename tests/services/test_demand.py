"""Demand from sales and stock records: an empty shelf is not a day on which nobody wanted anything."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from flask import Flask

from app.domain.demand import holidays
from app.models.inventory import StockDay
from app.platform import clock, db, tenancy
from app.services import demand, forecasts
from tests import factories
from tests.factories import Item, Shop

# Sells 6 a day while there is stock; each fourth day the shelf was empty.
ITEMS = (Item("Often out", (6, 0, 6, 6), on_hand=5), Item("Never out", (4,), on_hand=50))
FIRST = 8100


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    made = factories.make_store(app)
    ids = factories.fill(app, made, ITEMS, first_id=FIRST)
    today = clock.today("Europe/Berlin")
    with app.app_context(), tenancy.store_scope(db.session(), made.id), db.transaction() as session:
        for back in range(1, 41):
            for variant_id in ids:
                left = 0 if variant_id == FIRST and back % 4 == 1 else 7
                day = today - timedelta(days=back)
                session.add(StockDay(inventory_item_id=variant_id, day=day, available=left, on_hand=left))
        session.add(StockDay(inventory_item_id=999, day=today - timedelta(days=3), available=0, on_hand=0))
    return made


def test_recorded_empty_days_get_their_demand_back(app: Flask, shop: Shop) -> None:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        panel = forecasts.load_panel(last_day=clock.today("Europe/Berlin") - timedelta(days=1))
        assert panel is not None
        wanted = demand.as_wanted(panel)
        assert np.allclose(wanted.units[0, -11:], 6)
        assert np.array_equal(wanted.units[0, :-40], panel.units[0, :-40])
        assert np.array_equal(wanted.units[1], panel.units[1])
        closing = demand.closing_stock(panel)
        assert (closing[0, -40:] == 0).sum() == 10 and np.isnan(closing[:, :-40]).all()
        alone = panel.take(np.array([1]))
        assert demand.as_wanted(alone).units.tolist() == alone.units.tolist()


def test_the_nightly_forecast_expects_what_was_wanted(app: Flask, shop: Shop) -> None:
    factories.forecast(app, shop)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        made = forecasts.load([FIRST])
        assert made is not None
        # 4.5 were sold; a hidden day far enough back may draw one of the days before any record.
        assert made.daily_mean[0].mean() == pytest.approx(6, rel=0.08)


def test_without_records_sales_stand_as_they_are(app: Flask) -> None:
    plain = factories.make_store(app)
    factories.fill(app, plain, ITEMS, first_id=8200)
    with app.app_context(), tenancy.store_scope(db.session(), plain.id):
        panel = forecasts.load_panel(last_day=clock.today("Europe/Berlin") - timedelta(days=1))
        assert panel is not None
        assert demand.as_wanted(panel) is panel
        assert np.isnan(demand.closing_stock(panel)).all()


def test_days_apart_are_no_example_for_empty_days_and_stay_as_they_are(app: Flask, shop: Shop) -> None:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        panel = forecasts.load_panel(last_day=clock.today("Europe/Berlin") - timedelta(days=1))
        assert panel is not None
        panel.units[0, 60:90] = 50
        apart = np.zeros(panel.units.shape, dtype=bool)
        apart[0, 60:90] = True
        wanted = demand.as_wanted(panel, apart=apart)
        assert np.array_equal(wanted.units[apart], panel.units[apart])
        assert wanted.units[0, 90:].max() <= 6
        assert demand.as_wanted(panel).units[0, 90:].max() == 50


def test_a_holiday_is_read_from_the_titles_of_products_and_variants(app: Flask) -> None:
    named = factories.make_store(app)
    titles = ("Easter egg", "Green tea", "Candle")
    daily = tuple([5] * 60)
    ids = factories.fill(app, named, [Item(title, daily, 5) for title in titles], first_id=8400)
    with app.app_context(), tenancy.store_scope(db.session(), named.id):
        db.execute("UPDATE variants SET title = 'Christmas' WHERE id = :id", id=ids[2])
        panel = forecasts.load_panel(last_day=clock.today("Europe/Berlin") - timedelta(days=1))
        assert panel is not None and panel.holiday is not None
        assert panel.holiday.tolist() == holidays.named(["Easter", "Tea", "Christmas"]).tolist()
