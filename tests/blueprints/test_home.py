"""Home in each state of a store: waiting, importing, failed, without sales, ready, cut off."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.blueprints.layout import Here
from app.models.forecasts import ForecastPart, ForecastRun
from app.models.stores import Store
from app.platform import clock, db, tenancy
from app.queries import dashboard
from tests import factories
from tests.factories import Shop


@pytest.fixture
def shop(app: Flask) -> Shop:
    return factories.make_store(app)


def home(client: FlaskClient, shop: Shop, role: str = "owner") -> str:
    return client.get("/", headers=shop.headers(role)).get_data(as_text=True)


def polls(page: str) -> bool:
    return bool(re.search(r'id="home"[^>]*hx-trigger="every 2s"', page))


def test_before_the_first_sync_the_page_waits(client: FlaskClient, shop: Shop) -> None:
    page = home(client, shop)
    assert "Getting your store ready" in page
    assert polls(page)


@pytest.mark.parametrize(
    ("stage", "done", "said"),
    [
        ("queued", 0, "under way"),
        ("products", 1, "812"),
        ("orders", 3, "15,000"),
        ("demand", 4, "under way"),
    ],
)
def test_progress_ticks_and_counts(
    app: Flask, client: FlaskClient, shop: Shop, stage: str, done: int, said: str
) -> None:
    counts = {"products": 812, "orders": 15000}
    factories.sync_run(app, shop, status="running", stage=stage, done=counts, finished_at=None)
    page = home(client, shop)
    assert page.count('class="done"') == done
    assert page.count('class="now"') == 1
    assert said in page
    assert "Numbers may still rise" in page
    assert polls(page)


def test_after_the_sync_it_waits_for_the_forecast(app: Flask, client: FlaskClient, shop: Shop) -> None:
    factories.sync_run(app, shop)
    page = home(client, shop)
    assert page.count('class="done"') == 5
    assert polls(page)


def test_a_store_without_sales_is_told_so_and_not_kept_waiting(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    factories.sync_run(app, shop, done={"products": 3, "variant_days": 0})
    page = home(client, shop)
    assert "No sales yet" in page
    assert not polls(page)


@pytest.mark.parametrize(("role", "may_start"), [("owner", True), ("viewer", False)])
def test_a_failed_sync_says_why_and_offers_another(
    app: Flask, client: FlaskClient, shop: Shop, role: str, may_start: bool
) -> None:
    factories.sync_run(app, shop, status="failed", stage="levels", error="Shopify is <busy>.")
    page = home(client, shop, role)
    assert "The last sync failed" in page
    assert "Shopify is &lt;busy&gt;." in page
    assert ("Sync again" in page) is may_start
    assert not polls(page)


def test_a_sync_started_from_the_failed_page_is_watched(app: Flask, client: FlaskClient, shop: Shop) -> None:
    factories.sync_run(app, shop, status="failed", started_at=clock.now() - timedelta(hours=1))
    page = client.post("/sync?home=1", headers=shop.headers(fragment=True)).get_data(as_text=True)
    assert "Getting your store ready" in page
    assert polls(page)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("frozen", "Shopify has paused this store"),
        ("reauthorize", "Fluxor lost its connection to your store"),
    ],
)
def test_a_store_that_is_cut_off_is_told(app: Flask, shop: Shop, status: str, said: str) -> None:
    with app.test_request_context(), db.separate_transaction() as own:
        found = own.get(Store, shop.id)
        assert found is not None
        found.status = status
    with app.test_request_context(), tenancy.store_scope(db.session(), shop.id):
        trouble = Here().trouble
    assert trouble is not None
    assert trouble.title == said


def test_without_redis_the_page_says_so_and_still_shows_the_numbers(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, _ = factories.ready_store(app, items=factories.ITEMS[:1])
    from redis import Redis

    monkeypatch.setitem(
        app.extensions, "redis", Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=1)
    )
    page = home(client, shop)
    assert "Background work is paused" in page
    assert "Reorder suggestions" in page
    assert page.count('class="banner ') == 1
    refused = client.post("/alerts/send", headers=shop.headers(fragment=True))
    assert refused.status_code == 503
    assert "Background work is paused" in refused.get_data(as_text=True)


def test_a_new_plan_is_awaited_without_a_word_until_it_is_there(app: Flask, client: FlaskClient) -> None:
    shop, ids = factories.ready_store(app, items=factories.ITEMS[:1])
    headers = shop.headers(fragment=True)
    for path in (f"/products/{ids[0]}/plan", "/alerts/check"):
        now, past = clock.now(), clock.now() - timedelta(minutes=1)
        assert client.get(path, query_string={"after": now.isoformat()}, headers=headers).status_code == 204
        made = client.get(path, query_string={"after": past.isoformat()}, headers=headers)
        assert made.status_code == 200
        assert "<hx-partial" in made.get_data(as_text=True)
        assert client.get(path, query_string={"after": "soon"}, headers=headers).status_code == 400
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("UPDATE suggestions SET made_at = now() - INTERVAL '1 day'")
    old = (clock.now() - timedelta(minutes=6)).isoformat()
    late = client.get(f"/products/{ids[0]}/plan", query_string={"after": old}, headers=headers)
    assert "longer than usual" in late.get_data(as_text=True)
    assert "hx-trigger" not in late.get_data(as_text=True)


def test_the_setup_guide_ticks_itself_and_goes_when_all_is_done(app: Flask, client: FlaskClient) -> None:
    shop, ids = factories.ready_store(app, items=factories.ITEMS[:1])
    assert "0 of 5 steps done" in home(client, shop)
    assert "Set up Fluxor" not in home(client, shop, "viewer")
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("UPDATE store_settings SET alert_emails = ARRAY['a@example.com']")
        db.execute("UPDATE suppliers SET lead_time_days = 9, email = 'b@example.com'")
    assert "3 of 5 steps done" in home(client, shop)
    client.post(f"/suggestions/{ids[0]}/accept", data={"quantity": "9"}, headers=shop.headers(fragment=True))
    assert "4 of 5 steps done" in home(client, shop)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("UPDATE purchase_orders SET status = 'sent', sent_at = now()")
    assert "Set up Fluxor" not in home(client, shop)


def test_the_setup_guide_can_be_put_away(app: Flask, client: FlaskClient) -> None:
    shop, _ = factories.ready_store(app, items=factories.ITEMS[:1])
    assert client.post("/setup/dismiss", headers=shop.headers("viewer", fragment=True)).status_code == 403
    assert "Set up Fluxor" in home(client, shop)
    answer = client.post("/setup/dismiss", headers=shop.headers(fragment=True))
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, "")
    assert "Set up Fluxor" not in home(client, shop)


def test_home_says_what_money_lies_in_stock_beyond_need(app: Flask, client: FlaskClient) -> None:
    shop, _ = factories.ready_store(app, items=factories.ITEMS[2:3])
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        idle = db.rows("SELECT overstock_units, overstock_value FROM suggestions")[0]
    assert idle.overstock_units > 0
    page = home(client, shop)
    assert f"€{idle.overstock_value:,.2f}" in page
    assert "1 product with more than they will sell" in page


@pytest.mark.parametrize("days", [30, 90, 365])
def test_the_trend_holds_every_unit_once(app: Flask, days: int) -> None:
    shop, _ = factories.ready_store(app, items=factories.ITEMS[:3])
    today = clock.today("Europe/Berlin")
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        sold = db.rows(
            "SELECT day, SUM(units) AS units FROM daily_sales WHERE day >= :first GROUP BY day",
            first=today - timedelta(days=days),
        )
        found = dashboard.sales_trend(today=today, days=days)
    by_day = {row.day: int(row.units) for row in sold}
    assert found.total_units == sum(by_day.values()) > 0
    step = 7 if found.is_weekly else 1
    for first, units in zip(found.days, found.units, strict=True):
        assert units == sum(by_day.get(first + timedelta(days=i), 0) for i in range(step))


def in_parts(app: Flask, shop: Shop) -> None:
    """A forecast of 10,000 products under way, of which 6,800 wait."""
    now = clock.now()
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction() as session:
        run = ForecastRun(engine="prophet", origin=now.date(), variants=10_000, started_at=now)
        session.add(run)
        session.flush()
        for number, variants, done in ((1, 400, 400), (2, 8_000, 1_200)):
            part = {"number": number, "variants": variants, "done": done, "content": b"", "touched_at": now}
            session.add(ForecastPart(run_id=run.id, **part))


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_a_forecast_in_parts_tells_how_far_it_is(app: Flask, client: FlaskClient, role: str) -> None:
    shop, _ = factories.ready_store(app)
    assert "Forecast under way" not in home(client, shop, role)
    in_parts(app, shop)
    page = home(client, shop, role)
    assert "Forecast under way: 3,200 of 10,000 products" in page
    assert re.search(r'id="status"[^>]*hx-trigger="every 10s"', page)
    status = client.get("/status", headers={**shop.headers(role), "HX-Request": "true"}).get_data(
        as_text=True
    )
    assert "3,200 of 10,000" in status and "New numbers are in" not in status
    in_german = {**shop.headers(role), "Accept-Language": "de"}
    assert "Prognose läuft: 3.200 von 10.000 Produkten" in client.get("/", headers=in_german).get_data(
        as_text=True
    )
    other, _ = factories.ready_store(app, name="Other")
    assert "Forecast under way" not in home(client, other, role)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("DELETE FROM forecast_parts")
    status = client.get("/status", headers={**shop.headers(role), "HX-Request": "true"}).get_data(
        as_text=True
    )
    assert "hx-trigger" not in status and "New numbers are in" in status


def test_the_first_forecast_in_parts_tells_how_far_it_is(app: Flask, client: FlaskClient, shop: Shop) -> None:
    factories.sync_run(app, shop)
    assert ">under way</span>" in home(client, shop)
    in_parts(app, shop)
    page = home(client, shop)
    assert "3,200 of 10,000 products" in page and polls(page)
