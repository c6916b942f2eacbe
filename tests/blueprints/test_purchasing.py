"""The pages of purchase orders: who may, what a form does, and what two tabs do to each other."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from app.platform import clock, db
from tests.blueprints import ordering
from tests.blueprints.ordering import filled, one, page, post, scope, sent, supplier_of, version
from tests.factories import Shop

READS = ["/purchase-orders", "/purchase-orders/{order}", "/purchase-orders/{order}/mail"]
READS += ["/suppliers", "/suppliers/{supplier}", "/purchase-orders?show=late&page=7"]
ACTS = ["", "/lines", "/send", "/sent", "/mail", "/receive", "/schedule", "/close", "/cancel"]
WRITES = ["/purchase-orders", "/suppliers/{supplier}", *(f"/purchase-orders/{{order}}{act}" for act in ACTS)]


@pytest.fixture
def shop(app: Flask, buyer: Shop) -> Iterator[Shop]:
    """The store that orders; its orders are forgotten after each test."""
    yield buyer
    ordering.forget_orders(app, buyer)


@pytest.fixture
def draft(app: Flask, shop: Shop) -> int:
    """An order of coffee beans that is still a draft."""
    return ordering.draft(app, shop)


def address(app: Flask, shop: Shop, path: str, order: int) -> str:
    return path.format(order=order, supplier=supplier_of(app, shop))


@pytest.mark.parametrize("path", READS)
def test_members_read_and_nobody_else(
    app: Flask, client: FlaskClient, shop: Shop, stranger: tuple[Shop, list[int]], draft: int, path: str
) -> None:
    url = address(app, shop, path, draft)
    for role in ("owner", "manager", "viewer"):
        page(client, shop, url, role)
    assert client.get(url).status_code == 401
    answer = client.get(url, headers=stranger[0].headers())
    assert answer.status_code == (404 if "{" in path else 200)
    assert "PO-0" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", WRITES)
def test_viewers_strangers_and_nobody_change_nothing(
    app: Flask, client: FlaskClient, shop: Shop, stranger: tuple[Shop, list[int]], draft: int, path: str
) -> None:
    url = address(app, shop, path, draft)
    before = one(app, shop, "SELECT status, version FROM purchase_orders WHERE id = :id", id=draft)
    form = {**filled(app, shop, draft), "supplier": supplier_of(app, shop), "sku": "SKU-1003", "name": "x"}
    form |= {"recipients": "a@b.example", "expected_on": clock.now().date().isoformat()}
    assert client.post(url, data=form).status_code == 401
    assert post(client, shop, url, "viewer", **form).status_code == 403
    assert post(client, stranger[0], url, "owner", **form).status_code == 404
    after = one(app, shop, "SELECT status, version FROM purchase_orders WHERE id = :id", id=draft)
    assert tuple(after) == tuple(before)


def test_one_click_orders_all_that_is_due(app: Flask, client: FlaskClient, shop: Shop) -> None:
    assert "Make order: Hill Farm" in page(client, shop, "/purchase-orders", "manager")
    assert "Make order" not in page(client, shop, "/purchase-orders", "viewer")
    answer = post(client, shop, "/purchase-orders", supplier=supplier_of(app, shop))
    assert answer.status_code == 204
    url = answer.headers["HX-Location"].split("?")[0]
    shown = page(client, shop, url, "manager")
    assert "Coffee beans 1 kg" in shown and "Paper filters" in shown and "Green tea" not in shown
    assert re.search(r"PO-\d{4}", shown)
    with scope(app, shop):
        due = db.rows(
            "SELECT COUNT(*) AS n FROM suggestions s JOIN products p ON p.id = s.variant_id"
            " WHERE s.quantity > 0 AND p.vendor = 'Hill Farm'"
        )[0].n
        assert db.rows("SELECT COUNT(*) AS n FROM purchase_order_lines")[0].n == due


@pytest.mark.parametrize("supplier", ["", "x", "-1", "9" * 30])
def test_a_strange_supplier_is_refused(client: FlaskClient, shop: Shop, supplier: str) -> None:
    assert post(client, shop, "/purchase-orders", supplier=supplier).status_code == 400


def test_a_draft_is_saved_and_zero_takes_a_line_off(
    app: Flask, client: FlaskClient, shop: Shop, draft: int
) -> None:
    answer = post(client, shop, f"/purchase-orders/{draft}/lines", sku="SKU-1003")
    assert answer.status_code == 200 and "Paper filters" in answer.get_data(as_text=True)
    form = filled(app, shop, draft, note="Ramp 3", also_in_shopify="1")
    lines = [name for name in form if name.startswith("ordered-")]
    form |= {lines[0]: "36", lines[0].replace("ordered", "cost"): "4,1250", lines[1]: "0"}
    answer = post(client, shop, f"/purchase-orders/{draft}", **form)
    assert answer.status_code == 200
    assert json.loads(answer.headers["HX-Trigger"])["toast"]["message"] == "Order saved"
    row = one(app, shop, "SELECT * FROM purchase_orders WHERE id = :id", id=draft)
    assert (row.note, row.also_in_shopify, row.status) == ("Ramp 3", True, "draft")
    with scope(app, shop):
        stored = db.rows("SELECT ordered, unit_cost FROM purchase_order_lines WHERE order_id = :id", id=draft)
    assert [(line.ordered, str(line.unit_cost)) for line in stored] == [(36, "4.1250")]


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("ordered", "many", "Enter a whole number from 0 to 1,000,000."),
        ("ordered", "-3", "Enter a whole number"),
        ("cost", "4.20001", "at most 4 decimals"),
        ("cost", "NaN", "at most 4 decimals"),
        ("expected_on", "1999-01-01", "Choose a date from"),
        ("expected_on", "soon", "Choose a date."),
        ("note", "x" * 2001, "at most 2,000 characters"),
    ],
)
def test_a_wrong_field_keeps_what_was_typed_and_saves_nothing(
    app: Flask, client: FlaskClient, shop: Shop, draft: int, field: str, typed: str, words: str
) -> None:
    form = filled(app, shop, draft)
    name = next(key for key in form if key.startswith(field))
    answer = post(client, shop, f"/purchase-orders/{draft}", **{**form, name: typed})
    assert answer.status_code == 422
    text = unescape(answer.get_data(as_text=True))
    assert words in text and typed in text
    assert version(app, shop, draft) == form["version"]


def test_minimum_and_case_are_shown_and_said(app: Flask, client: FlaskClient, shop: Shop, draft: int) -> None:
    from app.services import catalog

    with scope(app, shop):
        catalog.change_variant_settings(1000, {"moq": 50, "case_size": 12}, actor="test", now=clock.now())
    try:
        shown = " ".join(page(client, shop, f"/purchase-orders/{draft}", "manager").split())
        assert "60 would fit the minimum of 50 and cases of 12" in shown
    finally:
        with scope(app, shop):
            db.execute("DELETE FROM variant_settings")


def test_the_second_tab_is_told(app: Flask, client: FlaskClient, shop: Shop, draft: int) -> None:
    old = filled(app, shop, draft)
    assert post(client, shop, f"/purchase-orders/{draft}", **old).status_code == 200
    answer = post(client, shop, f"/purchase-orders/{draft}", **old)
    assert answer.status_code == 409
    assert answer.headers["HX-Retarget"] == "#problem"
    assert "Load the page again" in answer.get_data(as_text=True)


def test_an_unknown_sku_is_said_beside_the_field(client: FlaskClient, shop: Shop, draft: int) -> None:
    answer = post(client, shop, f"/purchase-orders/{draft}/lines", sku="nothing like it")
    assert answer.status_code == 422
    assert "No product has the SKU or barcode “nothing like it”" in answer.get_data(as_text=True)
    again = post(client, shop, f"/purchase-orders/{draft}/lines", sku="SKU-1000")
    assert "is on this order already" in again.get_data(as_text=True)


def test_sending_by_mail_needs_an_address(app: Flask, client: FlaskClient, shop: Shop, draft: int) -> None:
    form = filled(app, shop, draft, recipients="", reply_to="not an address", message="")
    answer = post(client, shop, f"/purchase-orders/{draft}/send", **form)
    assert answer.status_code == 422
    text = unescape(answer.get_data(as_text=True))
    assert "Enter the supplier's e-mail address" in text and "name@example.com" in text
    assert one(app, shop, "SELECT status FROM purchase_orders WHERE id = :id", id=draft).status == "draft"


def test_sending_writes_the_mail_with_its_pdf_before_it_is_sent(
    app: Flask, client: FlaskClient, shop: Shop, draft: int
) -> None:
    form = filled(
        app, shop, draft, recipients="sales@hill.example", reply_to="me@shop.example", message="Thanks"
    )
    answer = post(client, shop, f"/purchase-orders/{draft}/send", **form)
    assert answer.status_code == 200
    assert "On its way to sales@hill.example" in " ".join(answer.get_data(as_text=True).split())
    mail = one(app, shop, "SELECT * FROM purchase_mails WHERE order_id = :id", id=draft)
    assert (mail.status, mail.recipients, mail.reply_to) == (
        "queued",
        ["sales@hill.example"],
        "me@shop.example",
    )
    assert "Thanks" in mail.text and "Thanks" in mail.html and "Coffee beans 1 kg" in mail.text
    pdf = PdfReader(io.BytesIO(bytes(mail.attachment))).pages[0].extract_text()
    assert "Coffee beans 1 kg" in pdf and "Draft" not in pdf
    row = one(app, shop, "SELECT * FROM purchase_orders WHERE id = :id", id=draft)
    assert row.expected_on == clock.today("Europe/Berlin") + timedelta(days=14)


def test_a_delivery_is_recorded_with_its_differences(
    app: Flask, client: FlaskClient, shop: Shop, draft: int
) -> None:
    line = sent(app, client, shop, draft)
    url = f"/purchase-orders/{draft}/receive"
    seen = version(app, shop, draft)
    form = {"version": seen, f"received-{line}": "12", f"rejected-{line}": "3"}
    too_many = post(client, shop, url, **{**form, f"received-{line}": "28"})
    assert too_many.status_code == 422 and "Only 30 are open" in too_many.get_data(as_text=True)
    nothing = post(client, shop, url, version=seen)
    assert nothing.status_code == 422 and "Enter how many units arrived" in nothing.get_data(as_text=True)
    answer = post(client, shop, url, **form)
    assert answer.status_code == 200 and "Partly received" in answer.get_data(as_text=True)
    assert post(client, shop, url, **form).status_code == 409
    rest = post(client, shop, url, version=version(app, shop, draft), all="1")
    assert rest.status_code == 200
    stored = one(app, shop, "SELECT * FROM purchase_order_lines WHERE id = :id", id=line)
    assert (stored.received, stored.rejected, stored.cancelled) == (27, 3, 0)
    assert one(app, shop, "SELECT status FROM purchase_orders WHERE id = :id", id=draft).status == "received"
    closed = post(client, shop, f"/purchase-orders/{draft}/close", version=version(app, shop, draft))
    assert "Closed" in closed.get_data(as_text=True)


def test_a_cancelled_order_cannot_be_received(
    app: Flask, client: FlaskClient, shop: Shop, draft: int
) -> None:
    line = sent(app, client, shop, draft)
    cancelled = post(client, shop, f"/purchase-orders/{draft}/cancel", version=version(app, shop, draft))
    assert cancelled.status_code == 200
    form = {"version": version(app, shop, draft), f"received-{line}": "1"}
    answer = post(client, shop, f"/purchase-orders/{draft}/receive", **form)
    # Nothing is open any more, so the field says so before the status could.
    assert answer.status_code == 422
    again = post(client, shop, f"/purchase-orders/{draft}/close", version=version(app, shop, draft))
    assert again.status_code == 409


def test_a_late_order_is_marked_until_its_day_is_moved(
    app: Flask, client: FlaskClient, shop: Shop, draft: int
) -> None:
    sent(app, client, shop, draft)
    today = clock.today("Europe/Berlin")
    url = f"/purchase-orders/{draft}/schedule"
    late = (today - timedelta(days=3)).isoformat()
    answer = post(client, shop, url, version=version(app, shop, draft), expected_on=late)
    assert "3 days late" in answer.get_data(as_text=True)
    assert "3 days late" in page(client, shop, "/purchase-orders?show=late")
    soon = (today + timedelta(days=3)).isoformat()
    post(client, shop, url, version=version(app, shop, draft), expected_on=soon)
    assert "No order is late" in page(client, shop, "/purchase-orders?show=late")


def test_units_that_shopify_lists_too_are_pointed_out_and_can_be_ticked(
    app: Flask, client: FlaskClient, shop: Shop, draft: int
) -> None:
    assert "tick “Also entered in Shopify”" in page(client, shop, f"/purchase-orders/{draft}", "manager")
    post(client, shop, f"/purchase-orders/{draft}", **filled(app, shop, draft, also_in_shopify="1"))
    shown = page(client, shop, f"/purchase-orders/{draft}", "manager")
    assert "tick “Also entered in Shopify”" not in shown and "Also in Shopify" in shown


def test_files_come_by_a_link_that_is_good_for_one_order(
    app: Flask, client: FlaskClient, shop: Shop, draft: int
) -> None:
    shown = page(client, shop, f"/purchase-orders/{draft}")
    links = [unescape(link) for link in re.findall(r'href="(/purchase-orders/file\?token=[^"]+)"', shown)]
    assert len(links) == 2
    pdf, table = (client.get(link) for link in links)
    assert pdf.mimetype == "application/pdf"
    assert "Draft – not sent" in PdfReader(io.BytesIO(pdf.get_data())).pages[0].extract_text()
    assert table.mimetype == "text/csv" and "SKU-1000" in table.get_data(as_text=True)
    assert table.headers["Cache-Control"] == "no-store"
    assert client.get(links[0] + "x").status_code == 403
    assert client.get("/purchase-orders/file").status_code == 403


@pytest.mark.parametrize(
    ("path", "most"), [("/purchase-orders", 12), ("/purchase-orders/{order}", 13), ("/suppliers", 11)]
)
def test_a_page_asks_the_database_a_bounded_number_of_times(
    app: Flask, client: FlaskClient, shop: Shop, draft: int, path: str, most: int
) -> None:
    from sqlalchemy import event

    with app.app_context():
        engine = db.db.engine
    asked: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    url = address(app, shop, path, draft)
    event.listen(engine, "before_cursor_execute", count)
    try:
        page(client, shop, url)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert len(asked) <= most, "\n".join(asked)
