"""Each mail that leaves the app, read in the simulated Mailgun's outbox: both parts, their links, its subject."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from app.config import Settings
from app.jobs import alerts as alert_jobs
from app.jobs import summaries
from app.models.users import User
from app.platform import clock, db
from app.platform.formats import money
from app.queries import reports
from app.queries import stores as read_stores
from app.services import stores
from tests import people
from tests.live import Live, live
from tests.mails import Mail, read

BUYER, SUPPLIER = "buyer@shop.example", "orders@supplier.example"
ODD = 'Tea <b>"Grün"</b> & Söhne'  # what a name may hold without becoming markup, or an escape in a subject


@pytest.fixture(scope="module")
def shop(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(settings, tmp_path_factory.mktemp("shopify"), variants=12, years=0.3) as running:
        assert running.install().status_code == 200
        assert running.work() == []
        yield running


@pytest.fixture(autouse=True)
def empty(shop: Live) -> Iterator[None]:
    change(shop, alert_emails=[BUYER], low_stock_threshold=100_000, language="en")
    requests.delete(f"{shop.simulator.url}/control/outbox", timeout=120).raise_for_status()
    yield


def change(shop: Live, **values: object) -> None:
    with shop.scope():
        stores.change_settings(values, actor="test", now=clock.now())
        db.session().commit()


def ask(shop: Live, method: str, path: str, **sent: Any) -> requests.Response:
    """A request of the owner, as App Bridge sends it."""
    token = shop.control("id_token")["id_token"]
    headers = {"Authorization": f"Bearer {token}", "HX-Request": "true", **sent.pop("headers", {})}
    answer = requests.request(method, shop.url + path, headers=headers, timeout=120, **sent)
    assert answer.status_code < 400, f"{path}: {answer.status_code} {answer.text[:500]}"
    return answer


def mails(shop: Live) -> list[Mail]:
    """Work off what waits; the mails that were sent, each one read, the newest first."""
    assert shop.work() == []
    return [read(one) for one in shop.outbox()]


def only(shop: Live) -> Mail:
    (mail,) = mails(shop)
    return mail


@contextmanager
def at(shop: Live, day: date, hour: int = 9) -> Iterator[int]:
    """It is this hour where the store is; the store's id."""
    with shop.scope() as store_id:
        zone = ZoneInfo(stores.time_zone())
    wanted = datetime.combine(day, time(hour, 5), zone).astimezone(UTC)
    with clock.travel(wanted - clock.now()), shop.app.app_context():
        yield store_id


def opens(link: str, words: str) -> None:
    """A link of a mail leads to a page that says this, for whoever has nothing but the mail."""
    page = requests.get(link, timeout=120)
    assert page.status_code == 200 and words in page.text, f"{link}: {page.status_code}"


def with_alerts(shop: Live) -> list[Any]:
    """The products with an open alert, of which nobody was told yet."""
    change(shop, alert_emails=[])
    with shop.scope() as store_id:
        pass
    with shop.app.app_context():
        alert_jobs.check(store_id)
    assert shop.work() == []
    change(shop, alert_emails=[BUYER])
    with shop.scope():
        db.execute("DELETE FROM alert_mails")
        db.execute("UPDATE alerts SET mail_id = NULL")
        found = db.rows(
            "SELECT a.id, a.variant_id, v.display_name AS name FROM alerts a JOIN variants v ON v.id = a.variant_id"
            " WHERE a.resolved_at IS NULL ORDER BY a.id"
        )
        db.session().commit()
        return list(found)


@pytest.mark.parametrize(
    ("language", "many", "one"),
    [
        ("en", "Low Stock Alert: {} products", "Low Stock Alert for {}"),
        ("de", "Niedriger Bestand: {} Produkte", "Niedriger Bestand: {}"),
    ],
)
def test_the_digest(shop: Live, language: str, many: str, one: str) -> None:
    low = with_alerts(shop)
    assert len(low) > 1
    change(shop, language=language)
    day = clock.today("UTC") + timedelta(days=3 if language == "en" else 5)
    with at(shop, day) as store_id:
        alert_jobs.digest(store_id)
        mail = only(shop)
    assert (mail.to, mail.subject, mail.language) == (BUYER, many.format(len(low)), language)
    mail.both(*(row.name for row in low))
    check_unsubscribe(shop, mail)
    assert mail.link("/apps/fluxor").startswith(shop.simulator.url)

    # On the next day one product alone is new, and its name is odd: the subject is the name as it stands.
    requests.delete(f"{shop.simulator.url}/control/outbox", timeout=120).raise_for_status()
    with shop.scope():
        db.execute("UPDATE alerts SET mail_id = NULL WHERE id = :id", id=low[0].id)
        db.execute("UPDATE variants SET display_name = :name WHERE id = :id", name=ODD, id=low[0].variant_id)
        db.session().commit()
    with at(shop, day + timedelta(days=1)) as store_id:
        alert_jobs.digest(store_id)
        mail = only(shop)
    assert mail.subject == one.format(ODD)
    mail.both(ODD)
    with shop.scope():
        db.execute(
            "UPDATE variants SET display_name = :name WHERE id = :id",
            name=low[0].name,
            id=low[0].variant_id,
        )
        db.session().commit()


def check_unsubscribe(shop: Live, mail: Mail) -> None:
    """The link at the end is the one that mail programs use, and asks before it does anything."""
    link = mail.link("/alerts/unsubscribe")
    assert mail.headers["h:List-Unsubscribe"] == [f"<{link}>"]
    assert mail.headers["h:List-Unsubscribe-Post"] == ["List-Unsubscribe=One-Click"]
    opens(link, BUYER)
    with shop.scope():
        assert stores.settings().alert_emails == [BUYER]


def test_the_weekly_summary(shop: Live) -> None:
    today = clock.today("UTC")
    monday = today + timedelta(days=7 - today.weekday())
    with at(shop, monday) as store_id:
        summaries.summary(store_id)
        mail = only(shop)
        with shop.scope():
            week = reports.week(monday)
            revenue = money(week.revenue, read_stores.store().currency)
    noun = "unit" if week.units == 1 else "units"
    assert (mail.to, mail.subject) == (BUYER, f"Your week: {week.units:,} {noun}, {revenue}")
    mail.both("The week before:", "To order now:", f"Open alerts: {week.open_alerts:,}", revenue)
    mail.both(*(name for name, _ in week.best))
    assert mail.link("/apps/fluxor")
    check_unsubscribe(shop, mail)


@pytest.mark.parametrize(
    ("language", "subject", "asks"),
    [
        ("en", "Purchase order {} from {}", "Please find our order attached as a PDF."),
        ("de", "Bestellung {} von {}", "unsere Bestellung"),
    ],
)
def test_the_purchase_order(shop: Live, language: str, subject: str, asks: str) -> None:
    change(shop, language=language)
    with shop.scope():
        name = read_stores.store().name
        product = db.rows(
            "SELECT id, display_name, sku FROM variants WHERE deleted_at IS NULL ORDER BY id LIMIT 1"
        )[0]
    supplier = ask(shop, "GET", "/api/suppliers").json()["items"][0]["id"]
    wanted = {"supplier_id": supplier, "items": [{"product_id": product.id, "quantity": 1234}]}
    order = ask(shop, "POST", "/api/purchase-orders", json=wanted).json()
    message = "Ramp B, please.\nCall <before> 8 & not later."
    letter = {"recipients": [SUPPLIER], "message": message, "reply_to": "ann@shop.example"}
    sent = {"version": order["version"], "email": letter}
    ask(shop, "POST", f"/api/purchase-orders/{order['id']}/send", json=sent)
    mail = only(shop)
    code = f"PO-{order['number']:04d}"
    assert (mail.to, mail.subject, mail.language) == (SUPPLIER, subject.format(code, name), language)
    quantity = "1,234" if language == "en" else "1.234"
    mail.both(asks, product.display_name, f"SKU {product.sku}", quantity, " ".join(message.split()))
    mail.both("ann@shop.example")
    assert mail.links == [], "a supplier has nothing to open"
    assert mail.headers["h:Reply-To"] == ["ann@shop.example"]
    pdf = ask(shop, "GET", f"/api/purchase-orders/{order['id']}/pdf").content
    assert [(one["name"], one["bytes"]) for one in mail.attachments] == [(f"{code}.pdf", len(pdf))]


@pytest.mark.parametrize(
    ("language", "subject", "words", "page"),
    [
        ("en", "Set a new Fluxor password", "The link works once, for one hour.", "Set a new password"),
        ("de", "Neues Passwort für Fluxor festlegen", "Der Link gilt einmal, eine Stunde lang.", "Passwort"),
    ],
)
def test_a_password_reset(shop: Live, language: str, subject: str, words: str, page: str) -> None:
    _, email = people.make_user(shop.app)
    headers = {"Origin": shop.url, "Accept-Language": language}
    asked = requests.post(f"{shop.url}/forgot", data={"email": email}, headers=headers, timeout=120)
    assert asked.status_code == 200
    mail = only(shop)
    assert (mail.to, mail.subject, mail.language) == (email, subject, language)
    mail.both(words)
    (link,) = mail.links
    assert link.startswith(f"{shop.url}/reset?token=")
    shown = requests.get(link, headers=headers, timeout=120)
    assert shown.status_code == 200 and page in shown.text
    fresh = "Fresh horse 4"
    typed = {"token": link.split("token=")[1], "password": fresh, "password_confirmation": fresh}
    done = requests.post(f"{shop.url}/reset", data=typed, headers=headers, timeout=120, allow_redirects=False)
    assert done.status_code == 303
    with shop.app.test_client() as visitor:
        entered = visitor.post(
            "/login", data={"email": email, "password": fresh}, headers={"Origin": shop.url}
        )
    assert entered.status_code == 303


@pytest.mark.parametrize(
    ("language", "subject", "role", "words"),
    [
        ("en", "You are invited to {} on Fluxor", "Your role: Manager.", "The link works for 7 days."),
        ("de", "Sie sind zu {} bei Fluxor eingeladen", "Ihre Rolle:", "7 Tage"),
    ],
)
def test_an_invitation(shop: Live, language: str, subject: str, role: str, words: str) -> None:
    email = people.address()
    headers = {"Accept-Language": language}
    ask(
        shop,
        "POST",
        "/settings/members/invitations",
        data={"email": email, "role": "manager"},
        headers=headers,
    )
    mail = only(shop)
    with shop.scope():
        name = read_stores.store().name
        inviter = db.rows("SELECT name FROM members WHERE role = 'owner'")[0].name
    assert (mail.to, mail.subject, mail.language) == (email, subject.format(name), language)
    mail.both(inviter, role, words)
    (link,) = mail.links
    assert link.startswith(f"{shop.url}/join?token=")
    opens(link, email)
    typed = {"token": link.split("token=")[1], "password": people.PASSWORD}
    joined = requests.post(
        f"{shop.url}/join",
        data={**typed, "password_confirmation": people.PASSWORD},
        headers={"Origin": shop.url},
        timeout=120,
        allow_redirects=False,
    )
    assert joined.status_code == 303
    with shop.scope():
        assert db.rows("SELECT role FROM members WHERE email = :email", email=email)[0].role == "manager"


def test_a_sign_up_is_confirmed_and_a_known_address_reminded(shop: Live) -> None:
    email = people.address()
    typed = {"email": email, "password": people.PASSWORD, "password_confirmation": people.PASSWORD}
    for subject, path in (
        ("Confirm your e-mail address", "/confirm?token="),
        ("You already have a Fluxor account", "/forgot"),
    ):
        answer = requests.post(f"{shop.url}/signup", data=typed, headers={"Origin": shop.url}, timeout=120)
        assert answer.status_code == 200
        mail = only(shop)
        assert (mail.to, mail.subject) == (email, subject)
        mail.both("Somebody, most likely you,")
        (link,) = mail.links
        assert link.startswith(f"{shop.url}{path}")
        assert requests.get(link, timeout=120).status_code == 200
        with shop.app.app_context(), db.separate_transaction() as own:
            own.query(User).where(User.email == email).update({"confirmed_at": clock.now()})
        requests.delete(f"{shop.simulator.url}/control/outbox", timeout=120).raise_for_status()


def test_the_test_mail(shop: Live) -> None:
    ask(shop, "POST", "/settings/test-mail")
    mail = only(shop)
    assert (mail.to, mail.subject) == (BUYER, "Test e-mail from Fluxor")
    mail.both(shop.shop, "Low-stock alerts will come to this address.")
    assert len(mail.links) == 1 and mail.link("/apps/fluxor")
