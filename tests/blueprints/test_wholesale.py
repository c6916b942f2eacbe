"""Large one-off orders: recognised in the order lines, kept apart, shown, and counted in again on wish."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models.sales import DailySales, Order, OrderLine
from app.platform import clock, db, queue, tenancy
from tests import factories
from tests.factories import Item, Shop

Ready = tuple[Shop, list[int]]
TODAY = clock.today("Europe/Berlin")
DAY, LARGE, REST = TODAY - timedelta(days=10), 77, 300


def order(session: Any, variant_id: int, units: int, number: int) -> None:
    noon = datetime.combine(DAY, time(12), UTC)
    session.add(Order(id=number, processed_at=noon, updated_at=noon))
    session.flush()
    session.add(OrderLine(id=number, order_id=number, variant_id=variant_id, ordered=units, units=units))
    session.flush()


@pytest.fixture
def store(app: Flask) -> Ready:
    """Coffee sells 6 a day, and once 300 more; tea sells 4 a day."""
    shop = factories.make_store(app)
    ids = factories.fill(app, shop, (Item("Coffee", (6,), on_hand=0), Item("Tea", (4,), on_hand=0)))
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction() as session:
        order(session, ids[0], REST, LARGE)
        db.execute("UPDATE daily_sales SET units = 306 WHERE variant_id = :v AND day = :d", v=ids[0], d=DAY)
    factories.forecast(app, shop)
    with app.app_context():
        queue.connection().flushdb()
    return shop, ids


def read(app: Flask, shop: Shop, sql: str, **values: Any) -> list[Any]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return list(db.rows(sql, **values))


def daily(app: Flask, shop: Shop) -> list[float]:
    found = read(app, shop, "SELECT daily_mean FROM forecasts ORDER BY variant_id")
    return [sum(row.daily_mean) / len(row.daily_mean) for row in found]


def decide(client: FlaskClient, shop: Shop, variant_id: int, counted: str, role: str = "manager") -> Any:
    address = f"/products/{variant_id}/wholesale/{LARGE}"
    return client.post(address, data={"counted": counted}, headers=shop.headers(role, fragment=True))


def test_it_is_kept_apart_and_the_ledger_says_so(app: Flask, client: FlaskClient, store: Ready) -> None:
    shop, ids = store
    (found,) = read(app, shop, "SELECT * FROM wholesale_lines")
    assert (found.line_id, found.variant_id, found.day, found.units) == (LARGE, ids[0], DAY, REST)
    assert (found.usual_units, found.is_counted) == (6, False)
    assert daily(app, shop) == pytest.approx([6, 4])
    coffee, tea = read(app, shop, "SELECT ledger, quantity FROM suggestions ORDER BY variant_id")
    assert coffee.ledger[0]["detail"].items() >= {"large_orders": 1, "large_units": REST}.items()
    assert "large_orders" not in tea.ledger[0]["detail"]
    assert sum(line["units"] for line in coffee.ledger) == coffee.quantity
    page = client.get(f"/products/{ids[0]}", headers=shop.headers("viewer")).get_data(as_text=True)
    assert "large one-off orders left out: 1 order, 300 units" in page
    assert "usually 6 · kept apart" in page
    assert "Count it in" not in page
    other = client.get(f"/products/{ids[1]}", headers=shop.headers()).get_data(as_text=True)
    assert "Large one-off orders" not in other


def test_the_merchant_counts_it_in_and_keeps_it_apart_again(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, ids = store
    answer = decide(client, shop, ids[0], "1")
    assert "counted as demand (Manager Person)" in answer.get_data(as_text=True)
    with app.app_context():
        assert [str(job.func_name) for job in queue.queue("urgent").jobs] == ["app.jobs.forecasts.run"]
    factories.forecast(app, shop)
    assert daily(app, shop)[0] == pytest.approx(6 + REST / 28)
    assert read(app, shop, "SELECT is_counted FROM wholesale_lines")[0].is_counted
    decide(client, shop, ids[0], "0")
    factories.forecast(app, shop)
    assert daily(app, shop)[0] == pytest.approx(6)
    told = read(app, shop, "SELECT detail FROM audit_entries WHERE action = 'wholesale.decided' ORDER BY id")
    assert [one.detail["is_counted"] for one in told] == [True, False]


def test_what_is_no_longer_rare_is_demand_again_but_a_decision_stays(
    app: Flask, client: FlaskClient, store: Ready
) -> None:
    shop, ids = store
    decide(client, shop, ids[0], "0")
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction() as session:
        for number in range(3):
            order(session, ids[0], REST, 900 + number)
            order(session, ids[1], REST, 950 + number)
        session.add(DailySales(variant_id=ids[1], day=TODAY, units=1, revenue=1))
    factories.forecast(app, shop)
    assert [row.line_id for row in read(app, shop, "SELECT line_id FROM wholesale_lines")] == [LARGE]


def test_cancelled_and_deleted_orders_are_forgotten(app: Flask, store: Ready) -> None:
    shop, _ = store
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("UPDATE orders SET cancelled_at = processed_at WHERE id = :id", id=LARGE)
    factories.forecast(app, shop)
    assert read(app, shop, "SELECT 1 FROM wholesale_lines") == []


def test_viewers_and_strangers_decide_nothing(
    app: Flask, client: FlaskClient, store: Ready, stranger: Ready
) -> None:
    shop, ids = store
    assert decide(client, shop, ids[0], "1", role="viewer").status_code == 403
    assert decide(client, stranger[0], ids[0], "1", role="owner").status_code == 404
    assert decide(client, shop, ids[1], "1").status_code == 404, "another product's line"
    assert client.post(f"/products/{ids[0]}/wholesale/{LARGE}").status_code == 401
    assert not read(app, shop, "SELECT is_counted FROM wholesale_lines")[0].is_counted
