"""Downloads: the signed link is the proof, and it is good for one report of one store for a short while."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.blueprints.reports import LINK_SECONDS
from app.jobs import reports as report_jobs
from app.platform.secrets import LinkSigner
from tests import factories
from tests.factories import Shop


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    found, _ = factories.ready_store(app)
    return found


@pytest.fixture(scope="module")
def link(app: Flask, shop: Shop) -> str:
    """The download address of a report that was asked for on the page and made by its job."""
    client = app.test_client()
    client.post("/reports", data={"kind": "reorder"}, headers=shop.headers(fragment=True))
    with app.app_context():
        report_jobs.make(shop.id, newest(app, shop))
    page = client.get("/reports", headers=shop.headers("viewer")).get_data(as_text=True)
    found = re.search(
        r'href="(/reports/download\?token=[^"]+)" download="(fluxor-reorder-[\d-]+\.csv)"', page
    )
    assert found is not None
    return unescape(found[1])


def newest(app: Flask, shop: Shop) -> int:
    from app.platform import db, tenancy

    with tenancy.store_scope(db.session(), shop.id):
        return int(db.rows("SELECT MAX(id) AS id FROM reports")[0].id)


def test_the_file_comes_without_any_token_but_the_links(client: FlaskClient, link: str) -> None:
    answer = client.get(link)
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="fluxor-reorder-')
    assert int(answer.headers["Content-Length"]) == len(answer.get_data())
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert list(rows[0])[:4] == ["product_name", "sku", "current_stock", "predicted_demand"]
    assert {row["product_name"] for row in rows} == {"Coffee beans 1 kg", "Green tea 100 g", "Paper filters"}


def test_a_link_ends(app: Flask, client: FlaskClient, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from itsdangerous import TimestampSigner

    made = TimestampSigner.get_timestamp
    later = int(timedelta(seconds=LINK_SECONDS + 1).total_seconds())
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: made(self) + later)
    answer = client.get(link)
    assert answer.status_code == 403
    assert "expired" in answer.get_data(as_text=True)


@pytest.mark.parametrize("token", ["", "x", "eyJzdG9yZSI6MX0.aaaa.bbbb"])
def test_a_forged_link_is_refused(client: FlaskClient, token: str) -> None:
    assert client.get("/reports/download", query_string={"token": token}).status_code == 403


def test_a_link_for_another_purpose_or_store_opens_nothing(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    key = app.extensions["settings"].secret_key
    with app.app_context():
        number = newest(app, shop)
    claims = {"store": shop.id, "report": number}
    other_purpose = LinkSigner(key, purpose="unsubscribe").sign(claims)
    assert client.get("/reports/download", query_string={"token": other_purpose}).status_code == 403
    other_store = LinkSigner(key, purpose="report").sign({**claims, "store": factories.make_store(app).id})
    assert client.get("/reports/download", query_string={"token": other_store}).status_code == 404


def test_accuracy_sets_what_was_forecast_beside_what_was_sold(app: Flask, client: FlaskClient) -> None:
    from app.platform import clock, db, tenancy
    from app.services import reports

    shop, ids = factories.ready_store(app)
    today = clock.today("Europe/Berlin")
    origin = today - timedelta(days=40)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        # The run that made the store has noted its forecasts, and a second one in the same week notes none.
        assert db.rows("SELECT COUNT(*) AS n FROM forecast_records")[0].n > 0
        assert reports.record_forecasts(today=today) == 0
        assert (
            reports.record_forecasts(today=today + timedelta(days=8)) == 0
        )  # the same forecast, noted already
        db.execute(
            "INSERT INTO forecast_records (store_id, variant_id, origin, days, units, low, high, model)"
            " VALUES (:store, :variant, :origin, 28, 100, 90, 110, 'prophet')",
            store=shop.id,
            variant=ids[0],
            origin=origin,
        )
        sold = db.rows(
            "SELECT SUM(units) AS n FROM daily_sales WHERE variant_id = :id AND day BETWEEN :first AND :last",
            id=ids[0],
            first=origin + timedelta(days=1),
            last=origin + timedelta(days=28),
        )[0].n
    client.post("/reports", data={"kind": "accuracy"}, headers=shop.headers(fragment=True))
    with app.app_context():
        report_jobs.make(shop.id, newest(app, shop))
        with tenancy.store_scope(db.session(), shop.id):
            content = factories.file_of(newest(app, shop))
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert list(row)[:4] == ["product_name", "sku", "current_stock", "predicted_demand"]
    assert (float(row["forecast_units"]), int(row["sold_units"])) == (100, sold)
    assert float(row["error_units"]) == 100 - sold
    assert float(row["error_percent"]) == float(round(100 * (100 - sold) / sold, 1))
    assert (row["from_day"], row["model"]) == ((origin + timedelta(days=1)).isoformat(), "prophet")
