"""The proof page: everybody of the store reads it, a manager starts it, a stranger sees nothing of it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.jobs import proof as jobs
from app.platform import db, queue, tenancy
from tests import factories
from tests.factories import Shop


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    made = factories.make_store(app, name="Proofed")
    factories.fill(app, made, factories.ITEMS, first_id=61_000)
    factories.forecast(app, made)
    return made


def newest(app: Flask, shop: Shop) -> int:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return int(db.rows("SELECT MAX(id) AS id FROM proofs")[0].id)


def text(client: FlaskClient, shop: Shop, role: str = "viewer", path: str = "/proof") -> str:
    return client.get(path, headers=shop.headers(role)).get_data(as_text=True)


def test_from_the_wish_to_the_figures(app: Flask, client: FlaskClient, shop: Shop) -> None:
    assert "No look back yet" in text(client, shop)
    assert "Look back now" not in text(client, shop)
    assert "Look back now" in text(client, shop, "manager")
    assert client.post("/proof", headers=shop.headers("viewer", fragment=True)).status_code == 403
    answer = client.post("/proof", headers=shop.headers("manager", fragment=True))
    assert answer.status_code == 200
    assert "<progress" in answer.text and "Look back now" not in answer.text
    with app.app_context():
        jobs.make(shop.id, newest(app, shop))
        queue.connection().flushdb()
    page = text(client, shop)
    assert "This is a look back, not a promise." in page
    assert "Your stock of those days was not recorded" in page
    assert "Coffee beans 1 kg" in page and "Gift mug, limited" not in page
    assert "<progress" not in page
    assert "Look back again" in text(client, shop, "owner")
    part = client.get(
        "/proof/products?sort=product&search=tea", headers=shop.headers("viewer", fragment=True)
    )
    assert "Green tea 100 g" in part.text and "Coffee beans" not in part.text
    assert part.headers["HX-Push-Url"].startswith("/proof?sort=product")
    product = text(client, shop, "viewer", "/products/61000")
    assert "/proof" in product and "look back" in product.lower()


def test_a_stranger_sees_none_of_it(
    client: FlaskClient, shop: Shop, stranger: tuple[Shop, list[int]]
) -> None:
    assert "No look back yet" in text(client, stranger[0], "owner")
    assert "Coffee beans" not in text(client, stranger[0], "owner")


def test_a_failure_says_what_to_do_next(app: Flask, client: FlaskClient) -> None:
    young = factories.make_store(app, name="Young")
    factories.fill(app, young, (factories.Item("Tea", (2,), on_hand=3, days=12),), first_id=62_000)
    client.post("/proof", headers=young.headers("owner", fragment=True))
    with app.app_context():
        jobs.make(young.id, newest(app, young))
        queue.connection().flushdb()
    page = text(client, young, "owner")
    assert "It needs more days of sales. Ask again from" in page
    assert "Look back now" in page
