"""Dismissing, snoozing and mailing alerts."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.jobs.alerts import render
from app.platform import db, queue, tenancy
from app.services.alerts import Address, LowProduct
from tests import factories
from tests.factories import Shop


@pytest.fixture
def shop(app: Flask) -> Shop:
    found, _ = factories.ready_store(app)
    with app.app_context():
        queue.connection().flushdb()
    return found


def alert_ids(client: FlaskClient, shop: Shop, path: str = "/alerts") -> list[str]:
    page = client.get(path, headers=shop.headers()).get_data(as_text=True)
    return re.findall(r"/alerts/(\d+)/dismiss", page)


def test_a_dismissed_alert_leaves_the_open_list_and_stays_on_record(client: FlaskClient, shop: Shop) -> None:
    before = alert_ids(client, shop)
    assert len(before) == 4
    answer = client.post(f"/alerts/{before[0]}/dismiss", headers=shop.headers(fragment=True))
    assert answer.status_code == 200
    assert alert_ids(client, shop) == before[1:]
    everything = client.get("/alerts?show=all", headers=shop.headers()).get_data(as_text=True)
    assert "dismissed" in everything


def test_the_gravest_come_first(client: FlaskClient, shop: Shop) -> None:
    page = client.get("/alerts", headers=shop.headers()).get_data(as_text=True)
    words = re.findall(r'badge-\w+">(Out of stock|Runs out soon|Below threshold)', page)
    assert words == sorted(words, key=["Out of stock", "Runs out soon", "Below threshold"].index)
    assert words[0] == "Out of stock"


def test_the_banner_dismisses_what_it_shows(client: FlaskClient, shop: Shop) -> None:
    home = client.get("/", headers=shop.headers()).get_data(as_text=True)
    shown = re.findall(r'name="alert" value="(\d+)"', home)
    assert len(shown) == 3
    left = client.post("/alerts/dismiss", data={"alert": shown}, headers=shop.headers(fragment=True))
    assert "1 product needs attention" in left.get_data(as_text=True)
    assert len(alert_ids(client, shop)) == 1
    last = re.findall(r'name="alert" value="(\d+)"', left.get_data(as_text=True))
    none = client.post("/alerts/dismiss", data={"alert": last}, headers=shop.headers(fragment=True))
    assert none.get_data(as_text=True).strip().startswith('<div id="alert-banner">')
    assert "needs attention" not in none.get_data(as_text=True)


@pytest.mark.parametrize(
    ("hours", "status"), [("24", 200), ("168", 200), ("1", 400), ("", 400), ("9999999", 400)]
)
def test_snoozing_takes_a_day_or_a_week(client: FlaskClient, shop: Shop, hours: str, status: int) -> None:
    number = alert_ids(client, shop)[0]
    answer = client.post(
        f"/alerts/{number}/snooze", data={"hours": hours}, headers=shop.headers(fragment=True)
    )
    assert answer.status_code == status
    assert ("no message until" in answer.get_data(as_text=True)) is (status == 200)


def test_check_now_plans_anew(app: Flask, client: FlaskClient, shop: Shop) -> None:
    answer = client.post("/alerts/send", headers=shop.headers("manager", fragment=True))
    assert "Checking your stock" in answer.headers["HX-Trigger"]
    with app.app_context():
        assert [job.func_name for job in queue.queue("urgent").jobs] == ["app.jobs.alerts.check"]


def test_what_became_of_the_mail_is_shown(app: Flask, client: FlaskClient, shop: Shop) -> None:
    number = int(alert_ids(client, shop)[0])
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute(
            "WITH m AS (INSERT INTO alert_mails (store_id, recipients, subject, text, html, status, provider_id,"
            " error) VALUES (:store, '[]', 's', 't', 'h', 'failed', '', 'Mailgun refused the message.')"
            " RETURNING id) UPDATE alerts SET mail_id = m.id FROM m WHERE alerts.id = :id",
            store=shop.id,
            id=number,
        )
    page = client.get("/alerts", headers=shop.headers()).get_data(as_text=True)
    assert "Not sent" in page
    assert "Mailgun refused the message." in page


MAIL = Address("email", "owner@shop.example")


def low(name: str) -> LowProduct:
    return LowProduct(
        1, name, "S-1", "below_threshold", "medium", 3, 10, date(2026, 11, 26), date(2026, 11, 20), 40
    )


def test_the_mail_names_one_product_or_counts_several(app: Flask) -> None:
    shop = factories.make_store(app)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        one = render(MAIL, [low("Mug & <b>Co</b>")])
        several = render(MAIL, [low("A"), low("B")]).subject
    subject, text, html = one.subject, one.text, one.html
    assert subject == "Low Stock Alert for Mug & <b>Co</b>"
    assert several == "Low Stock Alert: 2 products"
    assert "3 left. That is below your threshold of 10." in text
    assert "26 November 2026" in text
    assert "Suggested order: 40 units" in text
    assert "Mug &amp; &lt;b&gt;Co&lt;/b&gt;" in html
    assert f"/store/{shop.domain.split('.')[0]}/apps/" in text
