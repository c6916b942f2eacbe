"""What the tests of the purchasing pages share: a store that orders, its forms, and looks into its rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.platform import clock, db, queue, tenancy
from app.services import purchasing, stores
from tests import factories
from tests.factories import ITEMS, Shop


def make_buyer(app: Flask) -> Shop:
    """A store with suggestions and nothing ordered."""
    shop = factories.make_store(app)
    factories.fill(app, shop, ITEMS)
    with scope(app, shop):  # any forecast will do here, the quickest is best
        stores.change_settings({"engine": "moving_average"}, actor="test", now=clock.now())
    factories.sync_run(app, shop)
    factories.forecast(app, shop)
    return shop


def forget_orders(app: Flask, shop: Shop) -> None:
    """Leave the store as it was made."""
    with scope(app, shop):
        db.execute("DELETE FROM purchase_orders")
        db.execute("DELETE FROM suggestion_snoozes")
        db.execute("UPDATE suppliers SET name = vendor, email = '', lead_time_days = NULL, currency = NULL")
    with app.app_context():
        queue.connection().flushdb()


def draft(app: Flask, shop: Shop) -> int:
    """A draft order of coffee beans."""
    with scope(app, shop):
        return purchasing.accept(1000, quantity=30, actor="Ann", now=clock.now()).id


@contextmanager
def scope(app: Flask, shop: Shop) -> Iterator[None]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        yield


def one(app: Flask, shop: Shop, sql: str, **values: Any) -> Any:
    with scope(app, shop):
        return db.rows(sql, **values)[0]


def post(client: FlaskClient, shop: Shop, path: str, role: str = "manager", **data: Any) -> TestResponse:
    return client.post(path, data=data, headers=shop.headers(role, fragment=True))


def page(client: FlaskClient, shop: Shop, path: str, role: str = "viewer") -> str:
    answer = client.get(path, headers=shop.headers(role))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def filled(app: Flask, shop: Shop, order: int, **values: Any) -> dict[str, Any]:
    """The draft's form as the page shows it, with some fields typed over."""
    row = one(app, shop, "SELECT version FROM purchase_orders WHERE id = :id", id=order)
    form: dict[str, Any] = {"version": row.version, "expected_on": "", "note": ""}
    with scope(app, shop):
        for line in db.rows("SELECT id, ordered FROM purchase_order_lines WHERE order_id = :id", id=order):
            form |= {f"ordered-{line.id}": line.ordered, f"cost-{line.id}": "4.20"}
    return {**form, **values}


def sent(app: Flask, client: FlaskClient, shop: Shop, order: int) -> int:
    """Mark the draft as sent; answers the line's id."""
    answer = post(client, shop, f"/purchase-orders/{order}/sent", **filled(app, shop, order))
    assert answer.status_code == 200
    return int(one(app, shop, "SELECT id FROM purchase_order_lines WHERE order_id = :id", id=order).id)


def version(app: Flask, shop: Shop, order: int) -> int:
    return int(one(app, shop, "SELECT version FROM purchase_orders WHERE id = :id", id=order).version)


def supplier_of(app: Flask, shop: Shop, vendor: str = "Hill Farm") -> int:
    return int(one(app, shop, "SELECT id FROM suppliers WHERE vendor = :v", v=vendor).id)
