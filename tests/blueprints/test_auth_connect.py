"""Connecting a store from outside the admin, against a simulated Shopify: the right way in, and every wrong one."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
import shopify

from app.config import Settings
from app.platform import db, queue
from app.services import stores
from app.shopify import authorization_code
from tests.live import Live, live
from tests.people import PASSWORD, make_user
from tests.signing import SECRET

CALLBACK = "/auth/shopify/callback"


@pytest.fixture(scope="module")
def world(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    state: Path = tmp_path_factory.mktemp("shopify")
    with live(settings, state, variants=10, years=0.2) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh_counts(world: Live) -> None:
    with world.app.app_context():
        queue.connection().flushdb()


class Browser(requests.Session):
    """A browser in which somebody has logged in."""

    def __init__(self, world: Live) -> None:
        super().__init__()
        self.world = world
        self.headers["Origin"] = world.url
        self.user_id, email = make_user(world.app)
        answer = self.post(
            f"{world.url}/login", data={"email": email, "password": PASSWORD}, allow_redirects=False
        )
        assert answer.status_code == 303

    def leave(self, shop: str) -> str:
        """Type the shop and follow to Shopify; returns Shopify's address."""
        page = self.get(f"{self.world.url}/connect")
        proof = re.search(r'name="form_token" value="(\w+)"', page.text)
        assert proof, page.text
        answer = self.post(f"{self.world.url}/connect", data={"shop": shop, "form_token": proof.group(1)})
        found = re.search(r'class="button button-primary" href="([^"]+)"', answer.text)
        assert answer.status_code == 200 and found, answer.text
        return unescape(found.group(1))

    def grant(self, address: str) -> str:
        """Say yes at Shopify; returns the address that Shopify sends the browser back to."""
        answer = requests.post(address, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def back(self, address: str) -> requests.Response:
        """Come back from Shopify."""
        return self.get(address, allow_redirects=False, headers={"Accept": "text/html"})


@pytest.fixture
def browser(world: Live) -> Browser:
    return Browser(world)


def changed(address: str, **change: str | None) -> str:
    """The way back with other parameters, signed anew as whoever knows the secret could."""
    parts = urlsplit(address)
    given = {**dict(parse_qsl(parts.query)), **change}
    given = {name: value for name, value in given.items() if value is not None}
    if "hmac" not in change:
        given.pop("hmac", None)
        signer = type("Signer", (shopify.Session,), {"secret": SECRET})
        given["hmac"] = signer.calculate_hmac(given)
    return parts._replace(query=urlencode(given)).geturl()


def test_connecting_makes_a_member_with_expiring_tokens_and_starts_the_first_sync(
    world: Live, browser: Browser
) -> None:
    address = browser.leave(world.shop)
    asked = dict(parse_qsl(urlsplit(address).query))
    assert asked["redirect_uri"] == world.url + CALLBACK
    assert set(asked["scope"].split(",")) == set(authorization_code.scopes())
    assert len(asked["state"]) >= 32
    answer = browser.back(browser.grant(address))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    home = browser.get(world.url + "/")
    assert home.status_code == 200
    with world.scope() as store_id:
        store = stores.get(store_id)
        members = db.rows("SELECT role, email FROM members")
        linked = db.rows("SELECT user_id FROM store_users WHERE store_id = :id", id=store_id)
        row = db.rows("SELECT * FROM stores WHERE id = :id", id=store_id)[0]
    assert store.is_active
    assert 3500 < (row.access_expires_at - row.installed_at).total_seconds() < 3700
    assert (row.refresh_expires_at - row.installed_at).days in (89, 90)
    assert [member.role for member in members] == ["owner"]
    assert browser.user_id in [link.user_id for link in linked]
    assert world.work() == []
    with world.scope():
        assert db.rows("SELECT kind, status FROM sync_runs")[0] == ("first", "done")
        assert db.rows("SELECT COUNT(*) AS n FROM variants")[0].n >= 10
    second = Browser(world)
    assert second.back(second.grant(second.leave(world.shop))).status_code == 303
    with world.scope():
        assert [row.role for row in db.rows("SELECT role FROM members ORDER BY id")] == ["owner", "manager"]
    again = browser.back(browser.grant(browser.leave(world.shop)))  # once more changes no role
    assert again.status_code == 303
    with world.scope():
        assert db.rows("SELECT COUNT(*) AS n FROM members")[0].n == 2


def test_the_answer_works_once(world: Live, browser: Browser) -> None:
    address = browser.grant(browser.leave(world.shop))
    kept = dict(browser.cookies)
    assert browser.back(address).status_code == 303
    browser.cookies.update(kept)
    refused = browser.back(address)
    assert refused.status_code == 400
    assert "used before" in refused.text


def test_another_browser_cannot_bring_the_answer(world: Live, browser: Browser) -> None:
    address = browser.grant(browser.leave(world.shop))
    victim = Browser(world)
    assert victim.back(address).status_code == 400
    victim.cookies.set("fluxor_connect", browser.cookies["fluxor_connect"])
    assert victim.back(address).status_code == 400  # the cookie names the user who asked
    stranger = requests.get(address, allow_redirects=False, timeout=10)
    assert stranger.status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"hmac": "0" * 64},
        {"hmac": "é"},
        {"hmac": None},
        {"state": "another"},
        {"state": None},
        {"code": None},
        {"shop": "other.myshopify.com"},
        {"shop": "evil.example.com"},
        {"shop": "evil.example.com/.myshopify.com"},
        {"timestamp": str(int(time.time()) - 3600)},
        {"timestamp": str(int(time.time()) + 3600)},
        {"timestamp": "now"},
        {"timestamp": "-1"},
        {"timestamp": "9" * 30},
        {"timestamp": "١٢"},
        {"code": "never-given"},
    ],
    # No value in the names: two of them hold the time, and the test processes must agree on names.
    ids=lambda change: "-".join(change),
)
def test_any_other_answer_is_refused(world: Live, browser: Browser, change: dict[str, str | None]) -> None:
    address = browser.grant(browser.leave(world.shop))
    refused = browser.back(changed(address, **change))
    assert refused.status_code == 400
    assert "The store was not connected" in refused.text


def test_a_parameter_that_comes_twice_is_refused(world: Live, browser: Browser) -> None:
    address = browser.grant(browser.leave(world.shop))
    assert browser.back(address + "&shop=other.myshopify.com").status_code == 400


def test_unsigned_parameters_are_refused(world: Live, browser: Browser) -> None:
    address = browser.grant(browser.leave(world.shop))
    assert browser.back(address + "&extra=1").status_code == 400


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("demo.myshopify.com", "demo.myshopify.com"),
        (" Demo ", "demo.myshopify.com"),
        ("https://demo.myshopify.com/admin", "demo.myshopify.com"),
        ("evil.com", None),
        ("demo.myshopify.com.evil.com", None),
        ("demo.myshopify.com@evil.com", None),
        ("evil.com/demo.myshopify.com", None),
        ("[::1", None),
        ("demo_shop.myshopify.com", None),
        ("", None),
        ("x" * 300, None),
    ],
)
def test_what_was_typed_is_a_shop_or_nothing(typed: str, meant: str | None) -> None:
    assert authorization_code.clean_shop(typed) == meant


def test_a_mistyped_shop_is_said_beside_the_field(browser: Browser, world: Live) -> None:
    answer = browser.post(
        f"{world.url}/connect", data={"shop": "evil.com"}, headers={"X-Requested-With": "fetch"}
    )
    assert answer.status_code == 422
    assert 'id="shop-error"' in answer.text


def test_shopify_brings_the_shop_along(browser: Browser, world: Live) -> None:
    page = browser.get(f"{world.url}/connect?shop={world.shop}")
    assert f'name="shop" value="{world.shop}"' in page.text
    assert 'placeholder="your-store.myshopify.com"' not in page.text


@pytest.mark.parametrize(
    ("fault", "status"), [("server_error", 503), ("rate_limited", 503), ("not_json", 503), ("forbidden", 400)]
)
def test_shopifys_trouble_is_said_and_nothing_is_half_done(
    browser: Browser, world: Live, fault: str, status: int
) -> None:
    address = browser.grant(browser.leave(world.shop))
    sent = {"kind": fault, "operation": "oauth", "count": 1}
    requests.post(f"{world.simulator.url}/control/faults", json=sent, timeout=10).raise_for_status()
    assert browser.back(address).status_code == status
    with world.app.app_context():
        linked = db.rows("SELECT store_id FROM store_users WHERE user_id = :id", id=browser.user_id)
        assert linked == []
    assert browser.back(browser.grant(browser.leave(world.shop))).status_code == 303
