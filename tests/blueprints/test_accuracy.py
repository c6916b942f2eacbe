"""A product's forecasts beside what was sold: noted with their range, scored, losing cases told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.platform import clock, db, tenancy
from tests import factories
from tests.factories import Item, Shop

Ready = tuple[Shop, list[int]]
TODAY = clock.today("Europe/Berlin")


@pytest.fixture
def store(app: Flask) -> Ready:
    """Sells 5 a day."""
    return factories.ready_store(app, items=(Item("Steady", (5,), on_hand=90, days=200),))


def read(app: Flask, shop: Shop, sql: str) -> list[Any]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return list(db.rows(sql))


def note(app: Flask, shop: Shop, variant_id: int, *forecasts: tuple[int, float, float, float]) -> None:
    """Noted forecasts in place of those there are: days ago, units, low, high."""
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("DELETE FROM forecast_records")
        for ago, units, low, high in forecasts:
            db.execute(
                "INSERT INTO forecast_records (store_id, variant_id, origin, days, units, low, high, model)"
                " VALUES (:store, :variant, :origin, 28, :units, :low, :high, 'auto')",
                store=shop.id,
                variant=variant_id,
                origin=TODAY - timedelta(days=ago),
                units=units,
                low=low,
                high=high,
            )


def page(client: FlaskClient, store: Ready, role: str = "viewer") -> str:
    return client.get(f"/products/{store[1][0]}", headers=store[0].headers(role)).get_data(as_text=True)


def test_a_forecast_is_noted_with_the_range_of_its_sum(app: Flask, client: FlaskClient, store: Ready) -> None:
    (made,) = read(app, store[0], "SELECT * FROM forecasts")
    (noted,) = read(app, store[0], "SELECT * FROM forecast_records")
    width, row = len(made.grid_q), made.grid_days.index(28)
    low, high = (made.sum_quantiles[row * width + made.grid_q.index(q)] for q in (0.1, 0.9))
    assert (noted.low, noted.high) == (low, high)
    assert noted.units == pytest.approx(140)
    shown = page(client, store)
    assert "The first forecast can be compared with what was sold on" in shown
    assert "% of what was sold" not in shown


def test_where_nothing_is_forecast_nothing_is_noted(app: Flask) -> None:
    items = (Item("Known", (5,), on_hand=90), Item("Too new", (1,), on_hand=3, days=4))
    shop, ids = factories.ready_store(app, items=items)
    assert [row.variant_id for row in read(app, shop, "SELECT variant_id FROM forecast_records")] == ids[:1]


def test_forecasts_are_scored_against_what_was_sold(app: Flask, client: FlaskClient, store: Ready) -> None:
    shop, ids = store
    # 140 are sold in each 28 days: two forecasts of 154, three of 140, one whose range did not hold.
    note(
        app,
        shop,
        ids[0],
        *((ago, 154, 130, 160) for ago in (70, 63)),
        *((ago, 140, 130, 160) for ago in (56, 49)),
        (42, 140, 141, 160),
        (7, 9, 1, 10),  # not over yet
    )
    shown = page(client, store)
    assert "4 % of what was sold" in shown
    assert "+4 % (above 0: forecast too much)" in shown
    assert "80 %, 80 % are expected" in shown
    assert shown.count("outside") == 1
    assert "was closer here" in shown, "as much as before is exact for a product that sells the same each day"
    for role in ("owner", "manager"):
        assert "How good the forecasts were" in page(client, store, role)


def test_with_few_forecasts_there_is_no_score(app: Flask, client: FlaskClient, store: Ready) -> None:
    note(app, store[0], store[1][0], *((ago, 140, 130, 160) for ago in (56, 49, 42, 35)))
    shown = page(client, store)
    assert "Too few forecasts are over" in shown
    assert "% of what was sold" not in shown
    note(app, store[0], store[1][0])
    assert "No forecast of this product has been noted yet." in page(client, store)


def test_strangers_see_none_of_it(client: FlaskClient, store: Ready, stranger: Ready) -> None:
    answer = client.get(f"/products/{store[1][0]}", headers=stranger[0].headers())
    assert answer.status_code == 404
