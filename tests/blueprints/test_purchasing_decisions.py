"""Suggestions are decided where they stand, and suppliers say how they deliver: by whom, and with what effect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.platform import clock, db, queue
from tests.blueprints import ordering
from tests.blueprints.ordering import one, page, post, scope, sent, supplier_of
from tests.factories import Shop

DECIDE = ["/suggestions/1000/accept", "/suggestions/1000/snooze", "/suggestions/1000/wake"]


@pytest.fixture
def shop(app: Flask, buyer: Shop) -> Iterator[Shop]:
    """The store that orders; its orders are forgotten after each test."""
    yield buyer
    ordering.forget_orders(app, buyer)


@pytest.fixture
def draft(app: Flask, shop: Shop) -> int:
    """An order of coffee beans that is still a draft."""
    return ordering.draft(app, shop)


@pytest.mark.parametrize("path", DECIDE)
def test_only_those_who_may_decide_do(
    app: Flask, client: FlaskClient, shop: Shop, stranger: tuple[Shop, list[int]], path: str
) -> None:
    until = (clock.today("Europe/Berlin") + timedelta(days=9)).isoformat()
    form = {"quantity": "3", "until": until}
    assert client.post(path, data=form).status_code == 401
    assert post(client, shop, path, "viewer", **form).status_code == 403
    answer = post(client, stranger[0], path, "owner", **form)
    assert answer.status_code == (200 if path.endswith("wake") else 404)
    with scope(app, shop):
        assert db.rows("SELECT COUNT(*) AS n FROM purchase_orders")[0].n == 0
        assert db.rows("SELECT COUNT(*) AS n FROM suggestion_snoozes")[0].n == 0


@pytest.mark.parametrize("role", ["owner", "manager"])
def test_accepting_a_changed_quantity_puts_it_on_the_draft(
    app: Flask, client: FlaskClient, shop: Shop, role: str
) -> None:
    answer = post(client, shop, "/suggestions/1000/accept", role, quantity="17", show="order")
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    code = re.search(r"17 on draft (PO-\d{4})", text)
    assert code is not None
    assert code[1] in json.loads(answer.headers["HX-Trigger"])["toast"]["message"]
    assert one(app, shop, "SELECT ordered FROM purchase_order_lines").ordered == 17


@pytest.mark.parametrize("quantity", ["", "0", "-1", "2.5", "x", "1000001"])
def test_a_quantity_that_cannot_be_ordered_is_said_in_its_row(
    app: Flask, client: FlaskClient, shop: Shop, quantity: str
) -> None:
    answer = post(client, shop, "/suggestions/1000/accept", quantity=quantity)
    assert answer.status_code == 422
    assert 'id="quantity-1000-error"' in answer.get_data(as_text=True)
    with scope(app, shop):
        assert db.rows("SELECT COUNT(*) AS n FROM purchase_orders")[0].n == 0


def test_a_snoozed_product_leaves_the_list_until_it_is_put_back(client: FlaskClient, shop: Shop) -> None:
    until = (clock.today("Europe/Berlin") + timedelta(days=9)).isoformat()
    url = "/suggestions/1000/snooze"
    gone = post(client, shop, url, until=until, reason="Season is over", show="order")
    assert gone.status_code == 200 and "Coffee beans" not in gone.get_data(as_text=True)
    listed = page(client, shop, "/suggestions?show=snoozed")
    assert "Coffee beans" in listed and "Season is over" in listed
    back = post(client, shop, "/suggestions/1000/wake", show="order")
    assert "Coffee beans" in back.get_data(as_text=True)
    late = post(client, shop, url, until=clock.today("Europe/Berlin").isoformat(), show="order")
    assert late.status_code == 422 and "Choose a date from" in late.get_data(as_text=True)


def test_a_product_shows_where_its_incoming_comes_from(
    app: Flask, client: FlaskClient, shop: Shop, draft: int
) -> None:
    assert "On the way with your orders" not in page(client, shop, "/products/1000")
    sent(app, client, shop, draft)
    shown = " ".join(page(client, shop, "/products/1000").split())
    assert re.search(r"PO-\d{4}</a>: 30 units, expected", shown)


def test_a_supplier_is_changed_and_the_plan_follows(app: Flask, client: FlaskClient, shop: Shop) -> None:
    url = f"/suppliers/{supplier_of(app, shop)}"
    form = {"name": "Hill Farm Ltd", "email": "sales@hill.example", "lead_time_days": "21", "currency": "gbp"}
    answer = post(client, shop, url, **form, minimum_order_value="150,50", lead_time_sd_days="2.5")
    assert answer.status_code == 200
    row = one(app, shop, "SELECT * FROM suppliers WHERE vendor = 'Hill Farm'")
    assert (row.name, row.email, row.lead_time_days, row.currency) == (
        "Hill Farm Ltd",
        "sales@hill.example",
        21,
        "GBP",
    )
    assert (str(row.minimum_order_value), row.lead_time_sd_days) == ("150.50", 2.5)
    with app.app_context():
        assert any("replan" in job_id for job_id in queue.queue("urgent").get_job_ids())
    assert "Hill Farm Ltd" in page(client, shop, "/suppliers?search=farm")


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("name", "", "Enter a text."),
        ("email", "nobody", "name@example.com"),
        ("currency", "EURO", "three letters"),
        ("lead_time_days", "179", "forecasts reach 180 days"),
        ("lead_time_sd_days", "-1", "Enter a number from 0 to 60."),
        ("minimum_order_value", "1e9", "Enter an amount such as 4.20"),
    ],
)
def test_a_wrong_field_of_a_supplier_is_named(
    app: Flask, client: FlaskClient, shop: Shop, field: str, typed: str, words: str
) -> None:
    answer = post(client, shop, f"/suppliers/{supplier_of(app, shop)}", **{"name": "Hill Farm", field: typed})
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
