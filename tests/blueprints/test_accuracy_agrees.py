"""A product's accuracy is one thing: its page, the API, the table of all products and the report say the same."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.jobs import accuracy as jobs
from app.platform import clock, db, tenancy
from app.platform.formats import number
from app.services import reports
from tests import factories
from tests.factories import Item, Shop

TODAY = clock.today("Europe/Berlin")
UNEVEN = (5, 9, 2, 0, 7, 3, 4, 11, 0, 1, 6)
# Days ago, units, low, high. The last four have no part: too old, not over yet, over today, without a range.
NOTED = (
    (29, 150, 100, 180),
    (36, 90, 60, 110),
    (43, 130.55, 120, 140),
    (50, 121, 1, 2),
    (182, 118, 100, 140),
    (75, 160, 130, 190),
)
LEFT_OUT = ((183, 999, 1, 2), (7, 999, 1, 2), (28, 999, 1, 2), (57, 999, None, None))


@pytest.fixture(scope="module")
def ready(app: Flask) -> tuple[Shop, int]:
    shop, ids = factories.ready_store(app, name="Agreed", items=(Item("Tea", UNEVEN, on_hand=90, days=260),))
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("DELETE FROM forecast_records")
        for ago, units, low, high in NOTED + LEFT_OUT:
            db.execute(
                "INSERT INTO forecast_records (store_id, variant_id, origin, days, units, low, high, model)"
                " VALUES (:store, :variant, :origin, 28, :units, :low, :high, 'auto')",
                store=shop.id,
                variant=ids[0],
                origin=TODAY - timedelta(days=ago),
                units=units,
                low=low,
                high=high,
            )
    with app.app_context():
        jobs.add_up(shop.id)
    return shop, ids[0]


def report(app: Flask, shop: Shop) -> list[dict[str, str]]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        report_id = reports.request("accuracy", actor="Owner Person", now=clock.now())
        reports.make(report_id, today=TODAY, now=clock.now())
        text = factories.file_of(report_id).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_page_api_table_and_report_agree(app: Flask, client: FlaskClient, ready: tuple[Shop, int]) -> None:
    shop, product_id = ready
    asked = shop.headers("viewer")
    one = client.get(f"/api/products/{product_id}/accuracy", headers=asked).json
    (row,) = client.get("/api/forecast/accuracy/products", headers=asked).json["items"]
    names = ("forecasts", "wape", "bias", "average_wape", "within_range", "pinball_loss", "losing")
    assert {name: one[name] for name in names} == pytest.approx({name: row[name] for name in names})
    assert one["forecasts"] == len(NOTED) and 0 < one["within_range"] < 1
    assert len({one["wape"], abs(one["bias"]), one["average_wape"]}) == 3, "the case tells them apart"

    page = client.get(f"/products/{product_id}", headers=asked).text
    card = page.split('id="accuracy"')[1].split("</section>")[0]
    for share in (one["wape"], one["average_wape"]):
        assert f"{number(100 * share)} % of what was sold" in card
    assert f"{number(100 * one['within_range'])} %, 80 % are expected" in card
    assert card.count("<tr>") - 1 == len(NOTED)
    assert card.count("outside") == sum(not item["within_range"] for item in one["items"])

    listed = report(app, shop)
    for line, item in zip(listed, one["items"], strict=True):
        assert (line["from_day"], line["to_day"], line["model"]) == (
            item["from_day"],
            item["to_day"],
            item["model"],
        )
        for name in ("forecast_units", "low_units", "high_units", "sold_units", "average_units"):
            assert float(line[name]) == pytest.approx(item[name], abs=0.006)
        assert line["within_range"] == str(int(item["within_range"]))
        assert float(line["error_units"]) == pytest.approx(
            item["forecast_units"] - item["sold_units"], abs=0.006
        )
    sold = sum(float(line["sold_units"]) for line in listed)
    for column, share in (("error_units", "wape"), ("average_error_units", "average_wape")):
        assert sum(abs(float(line[column])) for line in listed) / sold == pytest.approx(one[share], abs=0.001)
    assert sum(int(line["within_range"]) for line in listed) / len(listed) == one["within_range"]
    for line in listed:
        share = 100 * float(line["average_error_units"]) / float(line["sold_units"])
        assert float(line["average_error_percent"]) == pytest.approx(share, abs=0.06)


def test_a_stranger_reads_none_of_it(client: FlaskClient, ready: tuple[Shop, int]) -> None:
    stranger = factories.make_store(client.application)
    assert client.get(f"/api/products/{ready[1]}/accuracy", headers=stranger.headers()).status_code == 404


def test_where_nothing_was_sold_shares_are_unknown_and_the_rest_is_told(
    app: Flask, client: FlaskClient, ready: tuple[Shop, int]
) -> None:
    shop, product_id = ready
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("DELETE FROM daily_sales WHERE variant_id = :id", id=product_id)
    one = client.get(f"/api/products/{product_id}/accuracy", headers=shop.headers()).json
    assert (one["wape"], one["bias"], one["average_wape"], one["forecasts"]) == (None, None, None, len(NOTED))
    assert one["within_range"] == 0 and one["pinball_loss"] > 0
    page = client.get(f"/products/{product_id}", headers=shop.headers()).text
    assert "Nothing was sold on the days of these forecasts." in page and "0 %, 80 % are expected" in page
    assert {line["error_percent"] for line in report(app, shop)} == {""}
