"""What a supplier gets: the PDF is read by a PDF library, the CSV by a CSV reader, the mail by the outbox."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from pypdf import PdfReader

from app.queries.purchasing import Line, Order
from app.queries.purchasing.orders import OrderRow
from app.queries.stores import StoreView
from app.services.purchasing import papers

NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # half past midnight of 2 March in Berlin
STORE = StoreView(
    "tee.myshopify.com", "Teehaus Grün", "Europe/Berlin", "UTC", "EUR", "installed", "", [], NOW, 1
)


def line(number: int, name: str, *, ordered: int = 12, cost: str | None = "4.20", sku: str = "") -> Line:
    return Line(
        id=number,
        variant_id=number,
        name=name,
        sku=sku or f"SKU-{number}",
        barcode="4006381333931",
        suggested=ordered,
        ordered=ordered,
        received=0,
        rejected=0,
        cancelled=0,
        unit_cost=Decimal(cost) if cost else None,
        moq=0,
        case_size=1,
        fitting=ordered,
        shopify_incoming=0,
        other_orders=0,
    )


def order(lines: list[Line], *, status: str = "sent", note: str = "") -> Order:
    row = OrderRow(
        id=1,
        number=7,
        supplier_id=1,
        supplier="Łódź Teeßen & Söhne <GmbH>",
        status=status,
        currency="EUR",
        expected_on=date(2026, 3, 16),
        location_id=2,
        location="=Lager Süd",
        created_at=NOW,
        lines=len(lines),
        ordered=sum(one.ordered for one in lines),
        open=0,
        total=sum((one.amount for one in lines if one.amount is not None), Decimal(0)),
        open_value=None,
        without_cost=sum(one.unit_cost is None for one in lines),
        late_days=0,
    )
    return Order(row, 1, note, False, "Ann", NOW, None, "a@b.example", 14, None, lines, [], None)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_the_pdf_says_who_orders_what_from_whom_in_any_european_letters() -> None:
    lines = [
        line(1, "Größe L – Ökotee 100 g", ordered=1200),
        line(2, "Café <b>crème</b> & Żubrówka", cost=None),
    ]
    text = text_of(papers.as_pdf(order(lines, note="Bitte an der Rampe\nanliefern."), STORE))
    for words in (
        "Purchase order PO-0007",
        "Łódź Teeßen & Söhne <GmbH>",
        "Teehaus Grün",
        "2 March 2026",
        "16 March 2026",
        "Größe L – Ökotee 100 g",
        "Café <b>crème</b> & Żubrówka",
        "1,200",
        "€4.20",
        "€5,040.00",
        "1,212",
        "Lines without a unit cost are not part of the total.",
        "anliefern.",
    ):
        assert words in " ".join(text.split()) or words in text, words
    assert "Draft" not in text


def test_a_draft_is_marked_as_one() -> None:
    assert "Draft – not sent" in text_of(papers.as_pdf(order([line(1, "Tea")], status="draft"), STORE))


def test_a_long_order_repeats_its_head_and_numbers_its_pages() -> None:
    lines = [line(i, f"Product {i} " + "with a very long name " * (i % 5)) for i in range(1, 121)]
    pages = PdfReader(io.BytesIO(papers.as_pdf(order(lines), STORE))).pages
    assert len(pages) > 3
    for number, page in enumerate(pages, start=1):
        text = page.extract_text()
        assert f"Page {number}" in text
        assert "Unit cost" in text
    whole = "\n".join(page.extract_text() for page in pages)
    assert all(f"SKU-{i}\n" in whole for i in range(1, 121))


def test_the_same_order_is_the_same_file() -> None:
    made = [papers.as_pdf(order([line(1, "Tea")]), STORE) for _ in range(2)]
    assert made[0] == made[1]


def test_a_cost_below_a_cent_is_not_rounded_away() -> None:
    assert papers.unit_cost(Decimal("0.0125"), "EUR") == "EUR 0.0125"
    assert papers.unit_cost(Decimal("4.2000"), "EUR") == "€4.20"
    assert papers.unit_cost(None, "EUR") == "–"


def test_the_csv_is_read_back_and_holds_no_formula() -> None:
    lines = [
        line(1, "=HYPERLINK(1)", cost="4.2000"),
        line(2, 'Tea, "fine"\nloose', cost=None),
        line(3, "Tea"),
    ]
    content = papers.as_csv(order([*lines[:2], replace(lines[2], sku="@cmd")])).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert tuple(rows[0]) == papers.CSV_COLUMNS
    assert [row["Cost"] for row in rows] == ["4.20", "", "4.20"]
    assert [row["Quantity"] for row in rows] == ["12", "12", "12"]
    assert rows[0]["Product"] == "'=HYPERLINK(1)"
    assert rows[1]["Product"] == 'Tea, "fine"\nloose'
    assert rows[2]["SKU"] == "'@cmd"
    assert rows[0]["Barcode"] == "4006381333931"
    assert [row["Location"] for row in rows] == ["'=Lager Süd"] * 3


def test_an_order_says_where_it_goes_if_it_knows() -> None:
    known = order([line(1, "Tea")])
    unknown = replace(known, row=replace(known.row, location_id=None, location=None))
    files = [io.BytesIO(papers.as_pdf(one, STORE)) for one in (known, unknown)]
    said, silent = (PdfReader(file).pages[0].extract_text() for file in files)
    assert "Deliver to" in said and "=Lager Süd" in said
    assert "Deliver to" not in silent
    rows = list(csv.DictReader(io.StringIO(papers.as_csv(unknown).decode("utf-8-sig"), newline="")))
    assert rows[0]["Location"] == ""
