"""One digest a day at the store's hour, none on quiet days, to every channel; paused and dismissed products wait."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain import alerts as rules
from app.jobs import alerts as alert_jobs
from app.jobs import channels, schedule, summaries
from app.platform import clock, db, queue, tenancy
from app.platform.channels import Unavailable, Webhook, signature
from app.services import alerts, stores
from tests import factories, people
from tests.factories import Shop
from tests.people import PostBox

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2027, 3, 1)  # the frozen days of these tests lie ahead of any real run
SEVEN = 7


@pytest.fixture
def shop(app: Flask) -> Iterator[Shop]:
    found, _ = factories.ready_store(app)
    change(app, found, alert_emails=["owner@shop.example"])
    with app.app_context():
        queue.connection().flushdb()
    yield found
    with app.app_context():
        queue.connection().flushdb()


@pytest.fixture
def box(app: Flask) -> Iterator[PostBox]:
    with people.post_box(app) as found:
        yield found


def change(app: Flask, shop: Shop, **values: object) -> None:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        stores.change_settings(values, actor="test", now=clock.now())


@contextmanager
def at(day: date, hour: int, minute: int = 5) -> Iterator[None]:
    """It is this time in Berlin."""
    wanted = datetime.combine(day, time(hour, minute), BERLIN).astimezone(UTC)
    with clock.travel(wanted - clock.now()):
        yield


def run_hourly(app: Flask, shop: Shop) -> None:
    with app.app_context():
        alert_jobs.digest(shop.id)
    people.work(app)


def test_the_digest_goes_out_once_from_the_hour_on(app: Flask, shop: Shop, box: PostBox) -> None:
    with at(MONDAY, SEVEN):
        run_hourly(app, shop)
    assert box.sent == []
    with at(MONDAY, 11):
        run_hourly(app, shop)
        run_hourly(app, shop)
    with at(MONDAY + timedelta(days=1), 9):
        run_hourly(app, shop)
    assert [mail.subject for mail in box.sent] == ["Low Stock Alert: 4 products"]


def test_every_store_is_asked_each_hour(app: Flask, shop: Shop, box: PostBox) -> None:
    with at(MONDAY, 9), app.app_context():
        schedule.digest_due()
        people.work(app)
    assert [mail.to for mail in box.sent if mail.to == ["owner@shop.example"]] != []


def test_what_comes_up_after_the_digest_waits_for_the_next_day(app: Flask, shop: Shop, box: PostBox) -> None:
    with at(MONDAY, 9):
        run_hourly(app, shop)
        change(app, shop, low_stock_threshold=100_000)
        with app.app_context(), tenancy.store_scope(db.session(), shop.id):
            db.execute("UPDATE alerts SET mail_id = NULL WHERE id = (SELECT max(id) FROM alerts)")
            db.session().commit()
        run_hourly(app, shop)
    assert len(box.sent) == 1
    with at(MONDAY + timedelta(days=1), 8):
        run_hourly(app, shop)
    assert len(box.sent) == 2
    assert box.sent[1].subject.startswith("Low Stock Alert for ")


def test_a_quiet_day_is_made_up_for_on_the_next(app: Flask, shop: Shop, box: PostBox) -> None:
    change(app, shop, quiet_days=[1, 2])
    for days in range(3):
        with at(MONDAY + timedelta(days=days), 10):
            run_hourly(app, shop)
        assert len(box.sent) == (1 if days == 2 else 0)


def test_dismissed_and_snoozed_products_are_left_out_and_a_pause_ends(
    app: Flask, shop: Shop, box: PostBox
) -> None:
    with at(MONDAY, 6), app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        ids = [row.id for row in db.rows("SELECT id FROM alerts WHERE resolved_at IS NULL ORDER BY id")]
        alerts.dismiss(ids[0], actor="t", now=clock.now())
        alerts.snooze(ids[1], until=clock.now() + timedelta(hours=30), actor="t")
    with at(MONDAY, 9):
        run_hourly(app, shop)
    with at(MONDAY + timedelta(days=2), 9):
        run_hourly(app, shop)
    assert [mail.subject[:17] for mail in box.sent] == ["Low Stock Alert: ", "Low Stock Alert f"]
    assert box.sent[0].subject == "Low Stock Alert: 2 products"


def test_the_stores_language_is_spoken(app: Flask, shop: Shop, box: PostBox) -> None:
    change(app, shop, language="de")
    with at(MONDAY, 9):
        run_hourly(app, shop)
    assert "Niedriger Bestand: 4 Produkte" in box.sent[0].subject
    assert "Abmelden" not in box.sent[0].text  # that is logging out
    assert '<html lang="de">' in box.sent[0].html


@pytest.mark.parametrize(
    ("hour", "day", "due"), [(7, 2, False), (8, 2, True), (23, 2, True), (9, 7, False), (9, 6, True)]
)
def test_the_rule_of_hour_and_quiet_days(hour: int, day: int, due: bool) -> None:
    local = datetime(2027, 3, day, hour, tzinfo=BERLIN)  # 1 March is a Monday
    assert rules.digest_is_due(local, hour=8, quiet_days={7}) is due
    assert rules.summary_is_due(local - timedelta(days=local.weekday()), hour=8) is (hour >= 8)
    assert not rules.summary_is_due(local, hour=8) or local.isoweekday() == 1


def unsubscribe_link(box: PostBox) -> str:
    return box.sent[-1].headers["List-Unsubscribe"].strip("<>").removeprefix("http://fluxor.test")


def test_one_address_takes_itself_off(app: Flask, client: FlaskClient, shop: Shop, box: PostBox) -> None:
    change(app, shop, alert_emails=["owner@shop.example", "Buyer@shop.example"])
    with at(MONDAY, 9):
        run_hourly(app, shop)
    link = unsubscribe_link(box)
    assert "Buyer@shop.example" in client.get(link).get_data(as_text=True)

    def left() -> list[str]:
        with app.app_context(), tenancy.store_scope(db.session(), shop.id):
            return list(stores.settings().alert_emails)

    assert len(left()) == 2  # looking changes nothing
    # As a mail program does it: no cookie, no origin, only the link and one field.
    done = client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    assert left() == ["owner@shop.example"]
    assert client.post(link).status_code == 200  # a second click is no error
    assert left() == ["owner@shop.example"]


@pytest.mark.parametrize("change_it", [lambda t: t[:-2] + "xx", lambda t: ""])
def test_a_forged_link_takes_nobody_off(app: Flask, client: FlaskClient, shop: Shop, change_it: Any) -> None:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        token = channels.unsubscribing().sign({"store": shop.id, "address": "owner@shop.example"})
    for ask in (client.get, client.post):
        assert ask(f"/alerts/unsubscribe?token={change_it(token)}").status_code == 403
    assert client.post(f"/alerts/unsubscribe?token={token}").status_code == 200


class Wire:
    """Stands where the network would, and keeps what was posted."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.posts = list(statuses), list[tuple[str, bytes, dict[str, str]]]()

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.posts.append((url, body, headers))
        return self.statuses.pop(0) if self.statuses else 200


@pytest.fixture
def wire(app: Flask) -> Iterator[Wire]:
    before, found = app.extensions["outbound"], Wire()
    app.extensions["outbound"] = found
    yield found
    app.extensions["outbound"] = before


def add(app: Flask, shop: Shop, kind: str, url: str) -> tuple[int, str]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        return alerts.add_channel(kind, url, cipher=app.extensions["cipher"], actor="t", now=clock.now())


def test_a_webhook_gets_every_product_signed(app: Flask, shop: Shop, box: PostBox, wire: Wire) -> None:
    _, secret = add(app, shop, "webhook", "https://erp.example/hook?key=1")
    with at(MONDAY, 9):
        run_hourly(app, shop)
    ((url, body, headers),) = wire.posts
    told = json.loads(body)
    assert url == "https://erp.example/hook?key=1"
    assert (told["event"], told["store"], told["count"]) == ("alerts.digest", shop.domain, 4)
    assert len(told["alerts"]) == 4
    assert {"product_name", "sku", "current_stock", "reorder_quantity"} <= set(told["alerts"][0])
    moment = int(headers["X-Fluxor-Signature"].split(",")[0].removeprefix("t="))
    assert headers["X-Fluxor-Signature"] == signature(body, secret=secret, at=moment)
    assert len(box.sent) == 1  # e-mail goes on beside it


def test_slack_gets_text_in_which_names_are_no_markup(
    app: Flask, shop: Shop, box: PostBox, wire: Wire
) -> None:
    add(app, shop, "slack", "https://hooks.slack.com/services/T/B/x")
    with app.app_context(), tenancy.store_scope(db.session(), shop.id), db.transaction():
        db.execute("UPDATE variants SET display_name = 'Mug <!channel> & co'")
    with at(MONDAY, 9):
        run_hourly(app, shop)
    text = json.loads(wire.posts[0][1])["text"]
    assert "Mug &lt;!channel&gt; &amp; co" in text
    assert text.startswith("*Low Stock Alert: 4 products*")


def test_a_channel_that_is_away_is_tried_again_with_the_same_key(
    app: Flask, shop: Shop, box: PostBox, wire: Wire
) -> None:
    wire.statuses = [503, 200]
    channel_id, _ = add(app, shop, "webhook", "https://erp.example/hook")
    with at(MONDAY, 9), app.app_context():
        alert_jobs.digest(shop.id)
        with tenancy.store_scope(db.session(), shop.id):
            mail_id = db.rows("SELECT id FROM alert_mails WHERE channel_id = :id", id=channel_id)[0].id
        with pytest.raises(Unavailable):
            alert_jobs.send(shop.id, mail_id)
        alert_jobs.send(shop.id, mail_id)
        alert_jobs.send(shop.id, mail_id)  # sent is sent
    keys = [headers["X-Fluxor-Delivery"] for _, _, headers in wire.posts]
    assert keys == [f"fluxor-{shop.id}-{mail_id}"] * 2


def test_a_refusal_and_a_removed_channel_are_noted(app: Flask, shop: Shop, box: PostBox, wire: Wire) -> None:
    wire.statuses = [410]
    first, _ = add(app, shop, "webhook", "https://gone.example/hook")
    second, _ = add(app, shop, "webhook", "https://removed.example/hook")
    with at(MONDAY, 9), app.app_context():
        alert_jobs.digest(shop.id)
        with tenancy.store_scope(db.session(), shop.id), db.transaction():
            alerts.remove_channel(second, actor="t", now=clock.now())
    people.work(app)
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        found = {
            row.channel_id: (row.status, row.error)
            for row in db.rows("SELECT * FROM alert_mails WHERE channel_id IS NOT NULL")
        }
    assert found == {
        first: ("failed", "The other side answered 410."),
        second: ("failed", "This channel was removed."),
    }


def test_addresses_lie_sealed_and_turn_with_the_key(app: Flask, shop: Shop) -> None:
    channel_id, secret = add(app, shop, "webhook", "https://erp.example/secret-path")
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        row = db.rows("SELECT * FROM alert_channels")[0]
        assert "secret-path" not in str(row)
        assert secret not in str(row)
        assert alerts.rotate_secrets(cipher=app.extensions["cipher"]) == 0
        known = alerts.endpoint(channel_id, cipher=app.extensions["cipher"])
        assert (known.url, known.secret) == ("https://erp.example/secret-path", secret)


def test_a_webhook_is_a_channel_like_any_other(wire: Wire) -> None:
    from app.platform.channels import Channel

    found: Channel = Webhook(wire, "https://x.example", "s")  # type: ignore[arg-type]
    assert found


def test_the_week_is_told_once_on_monday(app: Flask, shop: Shop, box: PostBox) -> None:
    def run() -> None:
        with app.app_context():
            summaries.summary(shop.id)
        people.work(app)

    today = clock.today("Europe/Berlin")
    monday = today + timedelta(days=(7 - today.weekday()) % 7)
    with at(monday + timedelta(days=1), 9):
        run()
    with at(monday, 7):
        run()
    assert box.sent == []
    with at(monday, 8):
        run()
        run()
    (mail,) = box.sent
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        sold = db.rows(
            "SELECT COALESCE(SUM(units), 0) AS units FROM daily_sales WHERE day BETWEEN :first AND :last",
            first=monday - timedelta(days=7),
            last=monday - timedelta(days=1),
        )[0].units
    assert mail.subject.startswith(f"Your week: {sold:,} unit")
    for part in (mail.text, mail.html):
        assert "The week before:" in part
        assert "To order now:" in part
        assert "/alerts/unsubscribe?token=" in part
    assert "List-Unsubscribe" in mail.headers


def test_who_wants_no_summary_gets_none(app: Flask, shop: Shop, box: PostBox) -> None:
    change(app, shop, weekly_summary=False)
    with at(MONDAY, 9), app.app_context():
        summaries.summary(shop.id)
    people.work(app)
    assert box.sent == []
