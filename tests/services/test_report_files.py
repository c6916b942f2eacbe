"""Reports as a spreadsheet reads them: columns are numbers and days, names stay names, no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pandas as pd
import pytest
from flask import Flask

from app.platform import clock, db, tenancy
from app.services import reports
from tests import factories
from tests.factories import Item, Shop

TODAY = clock.today("Europe/Berlin")
FIRST = ["product_name", "sku", "current_stock", "predicted_demand"]
NUMBERS = {
    "inventory": ["current_stock", "on_hand", "committed", "incoming", "unit_cost", "stock_value"],
    "forecast": ["current_stock", "predicted_demand", "horizon_days"],
    "reorder": ["predicted_demand", "reorder_quantity", "cost", "target_stock", "safety_stock", "on_hand"],
    "accuracy": [
        "forecast_units",
        "sold_units",
        "error_units",
        "error_percent",
        "low_units",
        "high_units",
        "within_range",
        "average_units",
        "average_error_units",
        "average_error_percent",
    ],
    "sales": ["current_stock", "units", "revenue"],
}
DAYS = {"sales": ["day"], "accuracy": ["from_day", "to_day"], "reorder": ["order_by"]}
EVIL = '=HYPERLINK("http://evil.example","Click")'
NAMES = [
    EVIL,
    "+49 Tee",
    "@SUM(A1)",
    "-2+3 cmd|' /C calc'!A0",
    'Größe "L", rot; 7 €\nzweite Zeile',
    "  Plain, with a comma  ",
]


@pytest.fixture(scope="module")
def shop(app: Flask) -> Iterator[Shop]:
    """Products whose names are what no spreadsheet should run, one forecast of each being over."""
    items = [
        Item(name, (6, 4), on_hand=3, days=60, vendor="=1+1" if name == EVIL else "Hill Farm")
        for name in NAMES
    ]
    made, ids = factories.ready_store(app, name="Sheets", items=items)
    with app.app_context(), tenancy.store_scope(db.session(), made.id), db.transaction():
        for variant_id in ids:
            db.execute(
                "INSERT INTO forecast_records (store_id, variant_id, origin, days, units, low, high, model)"
                " VALUES (:store, :variant, :origin, 28, 150, 120, 190, 'auto')",
                store=made.id,
                variant=variant_id,
                origin=TODAY - timedelta(days=40),
            )
    yield made


def made(app: Flask, shop: Shop, kind: str) -> tuple[bytes, int]:
    """A report's file and how many rows it is said to have."""
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        report_id = reports.request(kind, actor="Owner Person", now=clock.now())
        reports.make(report_id, today=TODAY, now=clock.now())
        rows = db.rows("SELECT rows FROM reports WHERE id = :id", id=report_id)[0].rows
        return factories.file_of(report_id), rows


@pytest.mark.parametrize("kind", reports.KINDS)
def test_a_spreadsheet_reads_it(app: Flask, shop: Shop, kind: str) -> None:
    content, rows = made(app, shop, kind)
    sheet = pd.read_csv(io.BytesIO(content), encoding="utf-8-sig", parse_dates=DAYS.get(kind, []))
    assert list(sheet.columns)[:4] == FIRST
    assert len(sheet) == rows >= len(NAMES)
    for column in NUMBERS[kind]:
        assert pd.api.types.is_numeric_dtype(sheet[column]), column
        assert sheet[column].notna().all(), column
    for column in DAYS.get(kind, []):
        assert pd.api.types.is_datetime64_any_dtype(sheet[column]), column
    harmless = {name if name[0] not in "=+-@" else f"'{name}" for name in NAMES}
    assert set(sheet["product_name"]) == harmless


@pytest.mark.parametrize("kind", reports.KINDS)
def test_its_bytes_are_as_spreadsheets_want_them(app: Flask, shop: Shop, kind: str) -> None:
    """The dialect of Excel, marked as UTF-8; each row as wide as the head; no text that is run as a formula."""
    content, rows = made(app, shop, kind)
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    head, *body = list(csv.reader(io.StringIO(text, newline=""), dialect="excel", strict=True))
    assert len(body) == rows and {len(row) for row in body} == {len(head)}
    assert text.endswith("\r\n")
    for row in body:
        for cell in row:
            assert cell[:1] not in ("=", "+", "@", "\t", "\r"), cell
            assert not cell.startswith("-") or float(cell) <= 0, cell
