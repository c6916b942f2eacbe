"""Sheets that people bring: any dialect of CSV, headers by their aliases, and what dates and numbers mean."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import sheets

PLAIN = "SKU,Name,Cost\nA-1,Beans,4.20\nB-2,Tea,3\n"


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode("utf-16"),
        PLAIN.replace("\n", "\r\n").encode(),
        ("\n\n" + PLAIN + "\n,,\n").encode(),
        b"SKU,Name,Cost,,\nA-1,Beans,4.20,,\nB-2,Tea,3,,\n",
        (PLAIN + "Total,,7.20\n").encode(),
        b'"SKU","Name","Cost"\n"A-1","Beans","4.20"\n"B-2","Tea","3"\n',
    ],
)
def test_the_same_table_in_many_dialects(content: bytes) -> None:
    sheet = sheets.read(content)
    assert sheet.columns == ["SKU", "Name", "Cost"]
    assert sheet.rows == [["A-1", "Beans", "4.20"], ["B-2", "Tea", "3"]]


def test_line_breaks_in_quotes_and_old_letters() -> None:
    sheet = sheets.read('SKU;Note\nA;"first\nsecond"\nB;Müller\n'.encode("cp1252"))
    assert sheet.rows == [["A", "first\nsecond"], ["B", "Müller"]]
    assert sheet.numbers == [2, 3]


def test_headers_without_a_name_or_twice() -> None:
    assert sheets.read(b"SKU,,SKU\n1,2,3\n").columns == ["SKU", "Column 2", "SKU (3)"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no_rows"),
        (b"SKU,Cost\n", "no_rows"),
        (b"PK\x03\x04rest", "no_csv"),
        (b"a,b\n1,\x00\n", "no_csv"),
        (b"a\n" + b"1\n" * (sheets.MOST_ROWS + 1), "too_many_rows"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(sheets.CannotRead, match=reason):
        sheets.read(content)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_refused(content: bytes) -> None:
    try:
        sheet = sheets.read(content)
    except sheets.CannotRead:
        return
    assert all(len(row) == len(sheet.columns) for row in sheet.rows)
    assert len(set(sheet.columns)) == len(sheet.columns)
    assert len(sheet.numbers) == len(sheet.rows)


def test_headers_are_matched_by_alias_whatever_their_case_and_marks() -> None:
    aliases = {"number": ("No.", "Number"), "supplier": ("Vendor/Supplier",), "cost": ("Cost", "Unit cost")}
    found = sheets.matched(["unit_cost", "VENDOR / supplier", "no", "else"], aliases)
    assert found == {"number": "no", "supplier": "VENDOR / supplier", "cost": "unit_cost"}


def test_one_column_serves_one_field() -> None:
    assert sheets.matched(["Date"], {"a": ("Date",), "b": ("Date",)}) == {"a": "Date"}


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["2026-01-31"], "ymd"),
        (["31/01/2026", "02/03/2026"], "dmy"),
        (["01/31/2026"], "mdy"),
        (["02/03/2026", "04.05.26"], None),
        (["02/03/2026 17:45"], None),
        ([], "ymd"),
    ],
)
def test_the_order_of_dates_is_settled_or_asked(values: list[str], order: str | None) -> None:
    assert sheets.date_order(values) == order


def test_dates() -> None:
    assert sheets.day("02/03/2026", "dmy") == date(2026, 3, 2)
    assert sheets.day("02/03/26 10:00", "mdy") == date(2026, 2, 3)
    assert sheets.day("2026-03-02T10:00:00Z", "dmy") == date(2026, 3, 2)
    for wrong in ("31/02/2026", "soon", "", "1/2"):
        with pytest.raises(ValueError):
            sheets.day(wrong, "dmy")


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        (["1,234.50"], "."),
        (["1.234,50 €"], ","),
        (["4,2"], ","),
        (["1,234"], None),
        (["1,234", "5.5"], "."),
        (["1.234.567"], ","),
        (["12", "7"], "."),
    ],
)
def test_the_decimal_mark_is_settled_or_asked(values: list[str], mark: str | None) -> None:
    assert sheets.decimal_mark(values) == mark


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("$1,234.50", ".", "1234.50"),
        ("1.234,50 €", ",", "1234.50"),
        ("1 234,5", ",", "1234.5"),
        ("-3", ".", "-3"),
        ("1,234", ",", "1.234"),
    ],
)
def test_numbers_as_people_write_them(text: str, mark: str, value: str) -> None:
    assert sheets.number(text, mark) == Decimal(value)


@pytest.mark.parametrize("text", ["", "x", "1,2,3.4", "12,34.5", "--1", "1.2.3"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        sheets.number(text, ".")
