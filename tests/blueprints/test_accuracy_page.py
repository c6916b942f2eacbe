"""The accuracy page and its API: added up once a day, by class and product, beside the average and own numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.jobs import accuracy as jobs
from app.jobs import forecasts as forecast_jobs
from app.platform import clock, db, queue, tenancy
from tests import factories
from tests.factories import Item, Shop

TODAY = clock.today("Europe/Berlin")
# Coffee sells 5 each day, tea 7 on one day of the week, mugs nothing since 100 days.
ITEMS = (
    Item("Coffee", (5,), on_hand=90, days=200),
    Item("Tea", (7, 0, 0, 0, 0, 0, 0), on_hand=90, days=200),
    Item("Mug", (0,) * 100 + (3,) * 100, on_hand=90, days=199),
)
AGO = (70, 63, 56, 49, 42)


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    """Of 28 days' forecasts coffee's were 154 for 140, tea's right on 28, mugs' 0 for 0."""
    made, ids = factories.ready_store(app, name="Measured", items=ITEMS)
    with app.app_context(), tenancy.store_scope(db.session(), made.id), db.transaction():
        db.execute("DELETE FROM forecast_records")
        for variant_id, units in zip(ids, (154, 28, 0), strict=True):
            for ago in (*AGO, 7):  # the last is not over yet
                note(made, variant_id, ago, units)
        own_number(made, ids[0])
    with app.app_context():
        jobs.add_up(made.id)
        queue.connection().flushdb()
    return made


def note(shop: Shop, variant_id: int, ago: int, units: float) -> None:
    db.execute(
        "INSERT INTO forecast_records (store_id, variant_id, origin, days, units, low, high, model)"
        " VALUES (:store, :variant, :origin, 28, :units, :low, :high, 'auto')",
        store=shop.id,
        variant=variant_id,
        origin=TODAY - timedelta(days=ago),
        units=units,
        low=units - 10,
        high=units + 10,
    )


def own_number(shop: Shop, variant_id: int) -> None:
    """4 a day for 10 days, of which the model expected 6 a day; 5 a day were sold. Another one was ended early."""
    for until, ended in ((20, None), (40, 45)):
        db.execute(
            "INSERT INTO forecast_overrides (store_id, variant_id, kind, value, starts_on, until, reason, actor,"
            " ended_at, ended_by, model_units, override_units)"
            " VALUES (:store, :id, 'units', 4, :first, :until, 'Fair', 'Owner Person', :ended, '', 60, 45)",
            store=shop.id,
            id=variant_id,
            first=TODAY - timedelta(days=until + 9),
            until=TODAY - timedelta(days=until),
            ended=ended and clock.now() - timedelta(days=ended),
        )


def text(client: FlaskClient, shop: Shop, role: str = "viewer", path: str = "/accuracy") -> str:
    return client.get(path, headers=shop.headers(role)).get_data(as_text=True)


def test_the_page_tells_good_and_bad_cases(client: FlaskClient, shop: Shop) -> None:
    page = text(client, shop)
    # 5 × 14 units off of 5 × (140 + 28) sold.
    assert (
        "Over all products the plain 7-day average was closer: it was off by 0 %, our forecasts by 8 %."
        in page
    )
    assert "Sells steadily" in page and "Added up on" in page
    assert "The 7-day average was closer (1)" in page and "Our forecast was closer (2)" in page
    assert "1 number of your own is over." in page and "by 10 %" in page and "by 20 %" in page
    for role in ("owner", "manager"):
        assert text(client, shop, role).count("Coffee") == page.count("Coffee")


def test_the_table_is_sorted_searched_and_narrowed(client: FlaskClient, shop: Shop) -> None:
    asked = shop.headers("viewer", fragment=True)
    worse = client.get("/accuracy/products?show=worse", headers=asked)
    assert "Coffee" in worse.text and "Tea" not in worse.text
    assert "+10 %" in worse.text and "−70" in worse.text  # direction; units closer
    assert worse.headers["HX-Push-Url"].startswith("/accuracy?sort=-sold")
    found = client.get("/accuracy/products?search=mug&sort=-error", headers=asked).text
    assert "Mug" in found and "Coffee" not in found
    assert "–" in found, "nothing sold: a share of nothing says nothing"
    for sort in ("product", "error", "average", "gain", "bias", "held", "loss", "-loss", "nonsense"):
        assert client.get(f"/accuracy/products?sort={sort}", headers=asked).status_code == 200


@pytest.mark.parametrize("asked", ["sort=-sold", "sort=product", "search=o", "search=o&sort=product"])
def test_a_product_that_is_gone_is_in_no_table(
    app: Flask, client: FlaskClient, shop: Shop, asked: str
) -> None:
    def listed() -> set[str]:
        page = client.get(f"/accuracy/products?{asked}", headers=shop.headers("viewer", fragment=True)).text
        return {name for name in ("Coffee", "Tea", "Mug") if f">{name}<" in page}

    def mark(value: str) -> None:
        with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
            db.execute(f"UPDATE variants SET deleted_at = {value} WHERE display_name = 'Coffee'")

    before = listed()
    mark("now()")
    try:
        assert before - listed() == {"Coffee"}
    finally:
        mark("NULL")


def test_a_stranger_sees_none_of_it(
    client: FlaskClient, shop: Shop, stranger: tuple[Shop, list[int]]
) -> None:
    page = text(client, stranger[0], "owner")
    assert "No forecast has been noted yet" in page and "Coffee" not in page


def test_before_the_first_forecast_is_over_the_page_says_when(app: Flask, client: FlaskClient) -> None:
    young = factories.ready_store(app, name="Fresh", items=ITEMS[:1])[0]
    page = text(client, young)
    assert "The first one can be compared from" in page and "Product by product" not in page


def test_it_is_added_up_once_a_day(app: Flask, shop: Shop) -> None:
    with app.app_context():
        queue.connection().flushdb()
        forecast_jobs.run(shop.id)
        assert queue.queue("backfill").job_ids == [], "it was added up today"
        with tenancy.store_scope(db.session(), shop.id), db.transaction():
            before = [tuple(row) for row in db.rows("SELECT * FROM accuracy_sums ORDER BY variant_id")]
            db.execute("UPDATE accuracy_sums SET made_on = made_on - 1, sold = 0")
        forecast_jobs.run(shop.id)
        assert len(queue.queue("backfill").job_ids) == 1
        queue.connection().flushdb()
        jobs.add_up(shop.id)
        with tenancy.store_scope(db.session(), shop.id):
            assert [
                tuple(row) for row in db.rows("SELECT * FROM accuracy_sums ORDER BY variant_id")
            ] == before


def test_the_api_says_the_same(client: FlaskClient, shop: Shop, stranger: tuple[Shop, list[int]]) -> None:
    asked = shop.headers("viewer")
    found = client.get("/api/forecast/accuracy", headers=asked).json
    assert found["total"]["products"] == 3 and found["total"]["forecasts"] == 15
    assert found["total"]["wape"] == pytest.approx(70 / 840) and found["total"]["losing"] is True
    assert found["total"]["within_range"] == pytest.approx(10 / 15)
    assert sum(one["products"] for one in found["demand_classes"]) == 3
    own = found["overrides"]
    assert (own["count"], own["override_closer"], own["override_wape"], own["model_wape"]) == (1, 1, 0.1, 0.2)
    assert (own["items"][0]["sold_units"], own["items"][0]["closer"]) == (50, "override")
    listed = client.get("/api/forecast/accuracy/products?sort=-wape&per_page=2", headers=asked).json
    assert [one["product_name"] for one in listed["items"]] == ["Coffee", "Tea"] and listed["total"] == 3
    assert listed["items"][0]["units_closer"] == pytest.approx(-70)
    assert client.get("/api/forecast/accuracy/products?page=9", headers=asked).json["items"] == []
    foreign = client.get("/api/forecast/accuracy", headers=stranger[0].headers()).json
    assert foreign["total"] is None and foreign["demand_classes"] == []
