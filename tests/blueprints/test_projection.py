"""Where stock is heading: the paths of the page cross zero on the plan's own stock-out dates."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.platform import clock, db, tenancy
from app.queries import projections
from app.queries.projections import Projection
from tests import factories
from tests.factories import Shop


def projection(app: Flask, shop: Shop, variant_id: int) -> Projection | None:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return projections.projection(variant_id)


def order(app: Flask, client: FlaskClient, shop: Shop, variant_id: int, *, units: int, in_days: int) -> None:
    client.post(
        f"/suggestions/{variant_id}/accept",
        data={"quantity": str(units)},
        headers=shop.headers(fragment=True),
    )
    day = clock.today("Europe/Berlin") + timedelta(days=in_days)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("UPDATE purchase_orders SET status = 'sent', sent_at = now(), expected_on = :day", day=day)
    factories.forecast(app, shop)


@pytest.mark.parametrize("in_days", [0, 4, 40])
def test_the_paths_end_on_the_plans_stock_out_dates(app: Flask, client: FlaskClient, in_days: int) -> None:
    shop, ids = factories.ready_store(app, items=factories.ITEMS[3:4])
    if in_days:
        order(app, client, shop, ids[0], units=200, in_days=in_days)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        plan = db.rows("SELECT * FROM suggestions")[0]
    found = projection(app, shop, ids[0])
    assert found is not None
    assert found.days[0] == clock.today("Europe/Berlin")
    assert {len(found.days)} == {len(found.early), len(found.middle), len(found.late)}
    for path, day in (
        (found.early, plan.stock_out_early),
        (found.middle, plan.stock_out),
        (found.late, plan.stock_out_late),
    ):
        assert path[0] == plan.on_hand
        empty = next(i for i, units in enumerate(path) if units == 0)
        assert found.days[empty] == day
    assert all(
        low <= mid <= high for low, mid, high in zip(found.early, found.middle, found.late, strict=True)
    )
    if in_days:
        assert [(one.units, one.is_dated) for one in found.arrivals] == [(200, True)]
        assert (found.arrivals[0].day - found.days[0]).days == in_days


def test_what_is_on_the_way_without_a_date_comes_after_the_lead_time(app: Flask) -> None:
    shop, ids = factories.ready_store(app, items=factories.ITEMS[:1])
    found = projection(app, shop, ids[0])
    assert found is not None
    assert [(one.units, one.is_dated) for one in found.arrivals] == [(24, False)]
    assert (found.arrivals[0].day - found.days[0]).days == 14


def test_without_a_forecast_there_is_none_and_the_page_says_so(app: Flask, client: FlaskClient) -> None:
    shop, ids = factories.ready_store(app, items=factories.ITEMS[4:5])
    assert projection(app, shop, ids[0]) is None
    page = client.get(f"/products/{ids[0]}", headers=shop.headers()).get_data(as_text=True)
    assert "does not say when stock runs out" in page


def test_another_store_sees_no_projection(app: Flask, stranger: tuple[Shop, list[int]]) -> None:
    _, ids = factories.ready_store(app, items=factories.ITEMS[:1])
    assert projection(app, stranger[0], ids[0]) is None
