"""Files of any length in bounded memory: made, kept and sent piece by piece, with the bytes they always had."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from app.platform import clock, db, downloads, tenancy
from app.platform.formats import harmless
from app.platform.spreadsheets import as_csv
from app.services import exports, reports, retention
from app.services.reports.files import PIECE_BYTES, Parts
from tests import factories
from tests.factories import Item, Shop

TODAY = date(2026, 3, 1)
MEGABYTE = 1 << 20
# Far below the long file, and the same for the short one: what is held does not follow the length.
MOST = 3 * MEGABYTE
NAME = "=Größe " + "x" * 190


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    made = factories.make_store(app, name="Long")
    factories.fill(app, made, [Item(NAME, (1,), on_hand=1, days=1)] * 20, first_id=90_000)
    return made


@pytest.fixture(autouse=True)
def current(app: Flask, shop: Shop) -> Iterator[None]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        yield
        db.session().rollback()


def sell(days: int) -> None:
    """Each of the twenty products has sold on so many days."""
    db.execute("DELETE FROM daily_sales")
    db.execute(
        "INSERT INTO daily_sales (store_id, variant_id, day, units, revenue)"
        " SELECT store_id, id, CAST(:today AS date) - n, 1, 9.9 FROM variants, generate_series(1, :days) AS n",
        today=TODAY,
        days=days,
    )


def asked(kind: str) -> int:
    return reports.request(kind, actor="Owner Person", now=clock.now())


def peak(act: Callable[[], Any]) -> int:
    """How much memory Python held at most, beyond what it held before."""
    act()  # what is imported and cached at first use is no part of it
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def made(make: Callable[..., None], kind: str) -> int:
    number = asked(kind)
    make(number, today=TODAY, now=clock.now())
    db.session().flush()
    return number


@pytest.mark.parametrize(("make", "kind"), [(reports.make, "sales"), (exports.make, reports.EXPORT)])
def test_memory_does_not_grow_with_the_rows(make: Callable[..., None], kind: str) -> None:
    for days in (200, 2000):
        sell(days)
        number = made(make, kind)
        assert db.rows("SELECT rows FROM reports WHERE id = :id", id=number)[0].rows >= 20 * days
        assert peak(lambda: made(make, kind)) < MOST
    if kind == "sales":
        assert reports.file(number).size > 8 * MEGABYTE


def test_a_download_holds_a_piece_at_a_time(shop: Shop) -> None:
    sell(2000)
    number = made(reports.make, "sales")
    size = reports.file(number).size
    db.session().commit()

    def read() -> None:
        sent = downloads.pieces(shop.id, lambda n: reports.piece(number, n))
        assert sum(map(len, sent)) == size

    assert peak(read) < MOST
    db.execute("DELETE FROM reports")
    sell(1)
    db.session().commit()


def test_rows_come_through_a_cursor_of_the_server() -> None:
    rows = db.stream("SELECT generate_series(1, 100000)", batch=10)
    next(rows)
    assert db.rows("SELECT COUNT(*) AS n FROM pg_cursors")[0].n == 1
    rows.close()


def test_a_file_is_the_one_that_was_written_at_a_go() -> None:
    sell(2000)
    number = made(reports.make, "sales")
    rows = [
        (NAME, f"SKU-{90_000 + n}", 1, None, TODAY - timedelta(days=back), 1, Decimal("9.90"))
        for back in range(2000, 0, -1)
        for n in range(20)
    ]
    whole = io.StringIO()
    writer = csv.writer(whole, lineterminator="\r\n")
    head = ["product_name", "sku", "current_stock", "predicted_demand", "day", "units", "revenue"]
    writer.writerows([head, *([harmless(cell) for cell in row] for row in rows)])
    assert factories.file_of(number) == ("\ufeff" + whole.getvalue()).encode()
    pieces = db.rows("SELECT octet_length(content) AS size FROM report_parts ORDER BY number")
    assert len(pieces) > 10 and {row.size for row in pieces[:-1]} == {PIECE_BYTES}


def test_no_cell_is_cut_or_lost_between_pieces() -> None:
    rows = [("ä" * (n % 50), "=1", 'a "b"\r\nc', n) for n in range(20_000)]
    pieces = list(as_csv(["-a", "b", "c", "d"], rows))
    assert len(pieces) > 3
    text = b"".join(pieces).decode("utf-8-sig")
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert found == [["'-a", "b", "c", "d"], *([a, "'=1", c, str(n)] for a, _, c, n in rows)]


def test_a_file_goes_with_its_report() -> None:
    number = made(reports.make, "inventory")
    db.session().commit()
    assert db.rows("SELECT 1 FROM report_parts WHERE report_id = :id", id=number)
    retention.prune(now=clock.now() + timedelta(days=91))
    assert db.rows("SELECT 1 FROM report_parts") == []
    assert reports.piece(number, 0) is None
    with pytest.raises(reports.ReportNotFound):
        reports.file(number)
    db.session().commit()


def test_a_worker_that_dies_leaves_no_piece_and_the_next_one_makes_it_whole() -> None:
    number = asked("inventory")
    db.session().commit()
    parts = Parts(number)
    parts.write(b"x" * (PIECE_BYTES * 2))
    assert db.rows("SELECT COUNT(*) AS n FROM report_parts")[0].n == 2
    db.session().rollback()
    reports.make(number, today=TODAY, now=clock.now())
    first = factories.file_of(number)
    reports.make(number, today=TODAY, now=clock.now())
    assert factories.file_of(number) == first
    assert len(first) == reports.file(number).size


def test_what_the_release_before_made_can_still_be_had() -> None:
    number = made(reports.make, "inventory")
    db.execute("DELETE FROM report_parts")
    db.execute("UPDATE reports SET size = NULL, content = 'a,b' WHERE id = :id", id=number)
    assert (reports.file(number).size, factories.file_of(number)) == (3, b"a,b")


def test_a_zip_that_is_written_piece_by_piece_is_whole() -> None:
    sell(200)
    number = made(exports.make, reports.EXPORT)
    archive = zipfile.ZipFile(io.BytesIO(factories.file_of(number)))
    assert archive.testzip() is None
    assert archive.read("daily_sales.csv").count(b"\r\n") == 20 * 200 + 1
