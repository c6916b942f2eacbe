"""Bringing files: previewed, applied whole or not at all, undone; by whom; and what Stocky's reports become."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.platform import clock, db, queue, tenancy
from tests import factories
from tests.factories import Shop

# Stocky's adjustments report has these headers (documented by a public project). The rows are made up.
ADJUSTMENTS = (
    "No.,Location,Product,Variant,SKU,Barcode,Cost,Reason,Notes,Employee,Status,Date,Adjustment\n"
    "17,Shop,Beans,,SKU-1000,,3.10,Damaged,,Zelda Quux,adjusted,25/03/2026,-2\n"
    "17,Shop,Tea,,SKU-1001,,1.05,Damaged,,Zelda Quux,adjusted,25/03/2026,-1\n"
    "18,Shop,Cup,,SKU-1002,,9.99,Found,,Zelda Quux,pending,26/03/2026,4\n"
    "19,Shop,Gone,,SKU-9,,1.00,Found,,Zelda Quux,adjusted,27/03/2026,4\n"
)
ORDERS = (
    "No.,Invoice No.,Vendor/Supplier,Archived,Paid,Received,Total Cost,PO Date,Payment Due,Received on\n"
    'PO1,,Hill Farm,No,Yes,5 of 5,"1,200.50",13/01/2026,,20/01/2026\n'
    "PO2,,Hill Farm,No,Yes,5 of 5,80.00,01/02/2026,,10/02/2026\n"
    "PO3,,Hill Farm,No,Yes,5 of 5,80.00,01/03/2026,,09/03/2026\n"
    "PO4,,Old Mill,No,No,0 of 5,10.00,02/03/2026,,\n"
)


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return factories.ready_store(app)[0]


@pytest.fixture(scope="module")
def other(app: Flask) -> Shop:
    return factories.make_store(app, name="Stranger")


@pytest.fixture(autouse=True)
def clean(app: Flask, shop: Shop) -> Iterator[None]:
    yield
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        for statement in (
            "DELETE FROM imports",
            "DELETE FROM variant_settings",
            "DELETE FROM suppliers WHERE vendor NOT IN (SELECT vendor FROM products)",
            "UPDATE suppliers SET email = '', lead_time_days = NULL, lead_time_sd_days = NULL, name = vendor",
        ):
            db.execute(statement)
    with app.app_context():
        queue.connection().flushdb()


def rows(app: Flask, shop: Shop, sql: str) -> list[Any]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        return list(db.rows(sql))


def bring(
    client: FlaskClient, shop: Shop, text: str | bytes, role: str = "manager", kind: str = ""
) -> TestResponse:
    content = text.encode() if isinstance(text, str) else text
    return client.post(
        "/imports",
        data={"file": (io.BytesIO(content), "mine.csv"), "kind": kind},
        headers=shop.headers(role, fragment=True),
        content_type="multipart/form-data",
    )


def brought(client: FlaskClient, shop: Shop, text: str | bytes, kind: str = "") -> str:
    answer = bring(client, shop, text, kind=kind)
    assert answer.status_code == 204, answer.text
    return str(answer.headers["HX-Location"]).partition("?")[0]


def page(client: FlaskClient, shop: Shop, path: str, role: str = "manager") -> str:
    answer = client.get(path, headers=shop.headers(role))
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def do(client: FlaskClient, shop: Shop, path: str, role: str = "manager", **data: str) -> TestResponse:
    return client.post(path, data=data, headers=shop.headers(role, fragment=True))


def settings(app: Flask, shop: Shop) -> dict[int, tuple[Any, ...]]:
    sql = "SELECT variant_id, lead_time_days, moq, low_stock_threshold, unit_cost FROM variant_settings"
    found = {row.variant_id: tuple(row)[1:] for row in rows(app, shop, sql)}
    return {one: values for one, values in found.items() if any(value is not None for value in values)}


def test_settings_are_previewed_applied_and_undone(app: Flask, client: FlaskClient, shop: Shop) -> None:
    text = "SKU;Lieferzeit;MOQ;Supplier;Einkaufspreis\nSKU-1000;9;12;Sea Salt Ltd;3,95\nSKU-1003;;24;;\nSKU-7;1;1;;\n"
    path = brought(client, shop, text)
    shown = page(client, shop, path, "viewer")
    assert "Sea Salt Ltd" in shown and "Coffee beans 1 kg" in shown and "SKU-7" in shown
    assert settings(app, shop) == {} and "Undo this import" not in shown
    applied = do(client, shop, f"{path}/apply")
    assert applied.status_code == 200 and "Undo this import" in applied.text
    assert settings(app, shop) == {1000: (9, 12, None, Decimal("3.95")), 1003: (None, 24, None, None)}
    link = (
        "SELECT s.name FROM variant_settings t JOIN suppliers s USING (store_id) WHERE s.id = t.supplier_id"
    )
    assert [row.name for row in rows(app, shop, link)] == ["Sea Salt Ltd"]
    with app.app_context():
        assert any(job.func_name == "app.jobs.forecasts.replan" for job in queue.queue("urgent").jobs)
    assert do(client, shop, f"{path}/undo").status_code == 200
    assert settings(app, shop) == {}
    assert rows(app, shop, "SELECT 1 FROM suppliers WHERE vendor = 'Sea Salt Ltd'") == []
    assert do(client, shop, f"{path}/undo").status_code == 409
    assert do(client, shop, f"{path}/apply").status_code == 409


def test_undo_leaves_what_somebody_changed_since_then(app: Flask, client: FlaskClient, shop: Shop) -> None:
    path = brought(client, shop, "SKU,Lead time,MOQ\nSKU-1000,9,12\n")
    do(client, shop, f"{path}/apply")
    rows(app, shop, "UPDATE variant_settings SET moq = 48 RETURNING 1")
    undone = do(client, shop, f"{path}/undo")
    assert "1 value stays" in undone.headers["HX-Trigger"]
    assert settings(app, shop) == {1000: (None, 48, None, None)}


def test_one_wrong_row_stops_all_and_is_named(app: Flask, client: FlaskClient, shop: Shop) -> None:
    path = brought(
        client, shop, "SKU,Lead time,MOQ,Cost\nSKU-1000,9,12,1\nSKU-1001,soon,0,dear\nSKU-1000,8,,\n"
    )
    shown = page(client, shop, path)
    for words in ("Row 3: Lead time “soon”", "Row 3: MOQ “0”", "Row 3: Cost", "Row 4: The product stands in"):
        assert words in shown, words
    assert do(client, shop, f"{path}/apply").status_code == 409
    assert settings(app, shop) == {}


def test_a_lead_time_beyond_the_forecasts_is_refused(client: FlaskClient, shop: Shop) -> None:
    shown = page(client, shop, brought(client, shop, "SKU,Lead time\nSKU-1000,179\n"))
    assert "between orders enter at most" in shown


def test_columns_are_chosen_by_hand(app: Flask, client: FlaskClient, shop: Shop) -> None:
    path = brought(client, shop, "Ding,Tage\nSKU-1000,5\n", kind="products")
    assert "A column is missing" in page(client, shop, path)
    data = {"column-sku": "Ding", "column-lead_time_days": "Tage", "column-moq": "Nowhere"}
    assert "Coffee beans" in do(client, shop, f"{path}/columns", **data).text
    do(client, shop, f"{path}/apply")
    assert settings(app, shop) == {1000: (5, None, None, None)}


def test_the_same_barcode_twice_is_reported_and_left_out(app: Flask, client: FlaskClient, shop: Shop) -> None:
    rows(app, shop, "UPDATE variants SET barcode = '4006' WHERE id IN (1000, 1001) RETURNING 1")
    path = brought(client, shop, "Barcode,MOQ\n4006,3\n")
    assert "Rows with several products: 1" in page(client, shop, path)
    assert do(client, shop, f"{path}/apply").status_code == 409
    rows(app, shop, "UPDATE variants SET barcode = '' RETURNING 1")


def test_suppliers(app: Flask, client: FlaskClient, shop: Shop) -> None:
    text = "Supplier,Email,Lead time,Minimum order,Currency\nHill Farm,farm@example.com,6,150,usd\nNew & Co,,,,\n"
    path = brought(client, shop, text)
    do(client, shop, f"{path}/apply")
    sql = "SELECT email, lead_time_days, minimum_order_value, currency FROM suppliers WHERE vendor = 'Hill Farm'"
    assert tuple(rows(app, shop, sql)[0]) == ("farm@example.com", 6, Decimal(150), "USD")
    assert rows(app, shop, "SELECT 1 FROM suppliers WHERE vendor = 'New & Co'")
    do(client, shop, f"{path}/undo")
    assert tuple(rows(app, shop, sql)[0]) == ("", None, None, None)
    assert not rows(app, shop, "SELECT 1 FROM suppliers WHERE vendor = 'New & Co'")


def test_stockys_adjustments(app: Flask, client: FlaskClient, shop: Shop) -> None:
    path = brought(client, shop, ADJUSTMENTS)
    kept = rows(app, shop, "SELECT content::text AS text, kind FROM imports")[0]
    assert kept.kind == "stocky_adjustments"
    assert "Zelda" not in kept.text and "Employee" not in kept.text
    shown = page(client, shop, path)
    assert "they were never carried out: 1" in shown and "Rows without a product: 1" in shown
    do(client, shop, f"{path}/apply")
    records = rows(app, shop, "SELECT number, happened_on, detail FROM imported_records ORDER BY number")
    assert [(row.number, str(row.happened_on), row.detail["lines"]) for row in records] == [
        ("17", "2026-03-25", 2)
    ]
    assert settings(app, shop)[1000][3] == Decimal("3.10")
    again = page(client, shop, brought(client, shop, ADJUSTMENTS))
    assert "they were imported before: 2" in again and "The file changes nothing." in again
    do(client, shop, f"{path}/undo")
    assert rows(app, shop, "SELECT 1 FROM imported_records") == [] and settings(app, shop) == {}


def test_stockys_orders_tell_suppliers_and_lead_times(app: Flask, client: FlaskClient, shop: Shop) -> None:
    path = brought(client, shop, ORDERS)
    shown = page(client, shop, path)
    assert "Old Mill" in shown and "Hill Farm: 8 days (3 deliveries, spread 1.0)" in shown
    do(client, shop, f"{path}/apply")
    sql = "SELECT lead_time_days, lead_time_sd_days FROM suppliers WHERE vendor = 'Hill Farm'"
    assert tuple(rows(app, shop, sql)[0]) == (8, 1.0)
    assert (
        rows(app, shop, "SELECT COUNT(*) AS n FROM imported_records WHERE kind = 'stocky_orders'")[0].n == 4
    )
    do(client, shop, f"{path}/undo")
    assert tuple(rows(app, shop, sql)[0]) == (None, None)


def test_dates_that_can_be_read_in_two_ways_are_asked(app: Flask, client: FlaskClient, shop: Shop) -> None:
    text = ADJUSTMENTS.replace("25/03", "05/03").replace("26/03", "06/03").replace("27/03", "07/03")
    path = brought(client, shop, text)
    assert "How are dates written, such as 05/03/2026?" in page(client, shop, path)
    assert do(client, shop, f"{path}/apply").status_code == 409
    columns = {
        "column-number": "No.",
        "column-sku": "SKU",
        "column-units": "Adjustment",
        "column-status": "Status",
    }
    do(client, shop, f"{path}/columns", dates="mdy", **columns, **{"column-happened_on": "Date"})
    assert do(client, shop, f"{path}/apply").status_code == 200
    assert str(rows(app, shop, "SELECT happened_on FROM imported_records")[0].happened_on) == "2026-05-03"


def test_permuted_columns_and_other_names_for_them(app: Flask, client: FlaskClient, shop: Shop) -> None:
    lines = [line.split(",") for line in ADJUSTMENTS.splitlines()]
    text = (
        "\n".join(";".join(reversed(line)) for line in lines)
        .replace("No.", "NUMBER")
        .replace("Cost", "cost price")
    )
    path = brought(client, shop, b"\xef\xbb\xbf" + text.encode() + b"\nTotal;;;;;;;;;;;;\n")
    do(client, shop, f"{path}/apply")
    assert [row.number for row in rows(app, shop, "SELECT number FROM imported_records")] == ["17"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has no rows"),
        (b"PK\x03\x04", "no CSV"),
        (b"Colour,Size\nred,9\n", "Choose it from the list"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    client: FlaskClient, shop: Shop, content: bytes, words: str
) -> None:
    answer = bring(client, shop, content)
    assert answer.status_code == 422 and words in answer.text


def test_a_preview_that_nobody_wanted_goes_after_a_week(client: FlaskClient, shop: Shop) -> None:
    old = brought(client, shop, "SKU,MOQ\nSKU-1000,5\n")
    with clock.travel(timedelta(days=8)):
        brought(client, shop, "SKU,MOQ\nSKU-1000,6\n")
    assert client.get(old, headers=shop.headers("owner")).status_code == 404


def test_no_file(client: FlaskClient, shop: Shop) -> None:
    assert "Choose a CSV file" in do(client, shop, "/imports").text


def test_only_those_who_may_edit_import(app: Flask, client: FlaskClient, shop: Shop, other: Shop) -> None:
    assert bring(client, shop, "SKU,MOQ\nSKU-1000,5\n", "viewer").status_code == 403
    path = brought(client, shop, "SKU,MOQ\nSKU-1000,5\n")
    for act in ("apply", "undo", "columns"):
        assert client.post(f"{path}/{act}").status_code == 401
        assert do(client, shop, f"{path}/{act}", "viewer").status_code == 403
        assert do(client, other, f"{path}/{act}", "owner").status_code == 404
    assert client.get(path, headers=other.headers("owner")).status_code == 404
    assert "mine.csv" not in page(client, other, "/imports", "owner")
    assert "mine.csv" in page(client, shop, "/imports", "viewer")
    assert settings(app, shop) == {}


def test_a_cost_counts_where_shopify_has_none(app: Flask, client: FlaskClient, shop: Shop) -> None:
    path = brought(client, shop, "SKU,Cost\nSKU-1000,1.00\nSKU-1003,2.50\n")
    do(client, shop, f"{path}/apply")
    factories.forecast(app, shop)
    found = rows(app, shop, "SELECT variant_id, cost / quantity AS cost FROM suggestions WHERE quantity > 0")
    costs = {row.variant_id: float(row.cost) for row in found if row.cost is not None}
    assert (costs[1000], costs[1003]) == (4.2, 2.5)
