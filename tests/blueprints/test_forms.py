"""What forms take, what they refuse and say, and what follows from a change."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.platform import db, queue, tenancy
from tests import factories
from tests.factories import Shop

GOOD = {
    "low_stock_threshold": "15",
    "alert_emails": "ann@example.com, bob@example.com\nann@example.com",
    "time_zone": "America/New_York",
    "lead_time_days": "21",
    "lead_time_sd_days": "2,5",
    "review_days": "14",
    "service_level": "97.5",
    "engine": "average_28",
    "digest_hour": "7",
    "quiet_days": ["6", "7"],
    "language": "en",
}


@pytest.fixture
def shop(app: Flask) -> Shop:
    found = factories.make_store(app)
    with app.app_context():
        queue.connection().flushdb()
    return found


def stored(app: Flask, shop: Shop, sql: str) -> list[dict[str, object]]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return [row._asdict() for row in db.rows(sql)]


def queued(app: Flask, name: str = "urgent") -> list[str]:
    with app.app_context():
        return [str(job.func_name).rpartition("app.jobs.")[2] for job in queue.queue(name).jobs]


def test_settings_are_stored_and_days_are_counted_anew(app: Flask, client: FlaskClient, shop: Shop) -> None:
    answer = client.post("/settings", data=GOOD, headers=shop.headers(fragment=True))
    assert answer.status_code == 200
    assert "Settings saved" in answer.headers["HX-Trigger"]
    (row,) = stored(app, shop, "SELECT * FROM store_settings")
    assert row["alert_emails"] == ["ann@example.com", "bob@example.com"]
    assert (row["low_stock_threshold"], row["lead_time_sd_days"], row["service_level"]) == (15, 2.5, 0.975)
    assert row["time_zone"] == "America/New_York"
    assert (row["digest_hour"], row["quiet_days"], row["weekly_summary"]) == (7, [6, 7], False)
    assert queued(app) == ["sync.recount"]
    shown = answer.get_data(as_text=True)
    assert re.search(r'<option value="America/New_York"\s+selected>', shown)
    assert 'value="97.5"' in shown


@pytest.mark.parametrize(
    ("change", "jobs"),
    [
        ({"time_zone": ""}, ["forecasts.replan"]),
        ({"time_zone": "", "engine": "moving_average"}, ["forecasts.run"]),
    ],
)
def test_what_follows_from_a_change(
    app: Flask, client: FlaskClient, shop: Shop, change: dict[str, str], jobs: list[str]
) -> None:
    client.post("/settings", data={**GOOD, **change}, headers=shop.headers(fragment=True))
    assert queued(app) == jobs


def test_saving_the_same_changes_nothing(app: Flask, client: FlaskClient, shop: Shop) -> None:
    client.post("/settings", data=GOOD, headers=shop.headers(fragment=True))
    with app.app_context():
        queue.connection().flushdb()
    answer = client.post("/settings", data=GOOD, headers=shop.headers(fragment=True))
    assert "Nothing to change" in answer.headers["HX-Trigger"]
    assert queued(app) == []


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("low_stock_threshold", "-1", "from 0 to"),
        ("low_stock_threshold", "ten", "whole number"),
        ("low_stock_threshold", "", "whole number"),
        ("alert_emails", "ann@example.com, bob@", "“bob@” is not an e-mail address"),
        ("alert_emails", "<script>@x.com", "is not an e-mail address"),
        ("alert_emails", " ".join(f"a{i}@example.com" for i in range(21)), "at most 20"),
        ("time_zone", "Europe/Atlantis", "Choose one"),
        ("lead_time_days", "180", "from 0 to 179"),
        ("lead_time_days", "170", "come to 184"),
        ("lead_time_sd_days", "nan", "from 0 to 60"),
        ("review_days", "0", "from 1 to 90"),
        ("service_level", "100", "from 51 to 99.9"),
        ("engine", "crystal_ball", "Choose one"),
        ("language", "tlh", "Choose one"),
        ("digest_hour", "24", "from 0 to 23"),
        ("quiet_days", "8", "Choose from"),
    ],
)
def test_a_wrong_value_is_said_beside_its_field(
    app: Flask, client: FlaskClient, shop: Shop, field: str, typed: str, said: str
) -> None:
    answer = client.post("/settings", data={**GOOD, field: typed}, headers=shop.headers(fragment=True))
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    error = re.search(rf'<p class="error" id="{field}-error">([^<]*)</p>', page)
    assert error is not None
    assert said in error[1]
    assert 'aria-invalid="true"' in page
    assert stored(app, shop, "SELECT low_stock_threshold AS n FROM store_settings") == [{"n": 10}]
    assert queued(app) == []


def test_a_product_takes_settings_of_its_own_and_gives_them_back(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    (variant_id,) = factories.fill(app, shop, factories.ITEMS[:1], first_id=70_000)
    url = f"/products/{variant_id}/settings"
    own = {"low_stock_threshold": "7", "lead_time_days": "", "moq": "24", "case_size": "12", "engine": ""}
    answer = client.post(url, data=own, headers=shop.headers("manager", fragment=True))
    assert answer.status_code == 200
    (row,) = stored(app, shop, "SELECT * FROM variant_settings")
    assert (row["low_stock_threshold"], row["lead_time_days"], row["moq"], row["engine"]) == (
        7,
        None,
        24,
        None,
    )
    assert queued(app) == ["forecasts.replan"]
    empty = dict.fromkeys(own, "")
    shown = client.post(url, data=empty, headers=shop.headers(fragment=True)).get_data(as_text=True)
    assert 'placeholder="10"' in shown
    assert [row["moq"] for row in stored(app, shop, "SELECT moq FROM variant_settings")] == [None]
    history = stored(app, shop, "SELECT actor FROM audit_entries WHERE action LIKE 'variant%' ORDER BY id")
    assert [entry["actor"] for entry in history] == ["Manager Person", "Owner Person"]


def test_a_products_wrong_value_keeps_what_was_typed(app: Flask, client: FlaskClient, shop: Shop) -> None:
    (variant_id,) = factories.fill(app, shop, factories.ITEMS[:1], first_id=71_000)
    typed = {"moq": "0", "case_size": "6", "lead_time_days": "175"}
    answer = client.post(f"/products/{variant_id}/settings", data=typed, headers=shop.headers(fragment=True))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="6"' in page
    assert "Enter at most 173" in page
    assert stored(app, shop, "SELECT * FROM variant_settings") == []


def test_a_report_is_asked_for_and_made(app: Flask, client: FlaskClient, shop: Shop) -> None:
    answer = client.post("/reports", data={"kind": "inventory"}, headers=shop.headers(fragment=True))
    assert "Being made" in answer.get_data(as_text=True)
    assert 'hx-trigger="every 2s"' in answer.get_data(as_text=True)
    assert queued(app) == ["reports.make"]
    wrong = client.post("/reports", data={"kind": "gossip"}, headers=shop.headers(fragment=True))
    assert wrong.status_code == 422


def test_a_test_mail_needs_an_address_and_shows_what_became_of_it(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    headers = shop.headers(fragment=True)
    refused = client.post("/settings/test-mail", headers=headers)
    assert refused.status_code == 422
    assert "Enter and save an address first" in refused.get_data(as_text=True)
    client.post("/settings", data=GOOD, headers=headers)
    sent = client.post("/settings/test-mail", headers=headers).get_data(as_text=True)
    assert "On its way" in sent
    assert 'hx-trigger="every 2s"' in sent
    mail, other = stored(app, shop, "SELECT recipients, subject, text, html FROM alert_mails ORDER BY id")
    assert [mail["recipients"], other["recipients"]] == [["ann@example.com"], ["bob@example.com"]]
    assert mail["subject"] == "Test e-mail from Fluxor"
    assert shop.domain in str(mail["text"])
    assert "alerts.send" in queued(app)


def test_a_sync_is_started_once(app: Flask, client: FlaskClient, shop: Shop) -> None:
    first = client.post("/sync", headers=shop.headers("manager", fragment=True)).get_data(as_text=True)
    assert "Reading from Shopify" in first
    client.post("/sync", headers=shop.headers(fragment=True))
    assert len(stored(app, shop, "SELECT id FROM sync_runs")) == 1
    assert queued(app) == ["sync.step"]
