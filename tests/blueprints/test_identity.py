"""Who gets in: ID tokens of our app, of this shop, still valid; everybody else is told what App Bridge expects."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config import SHOPIFY_APP_BRIDGE_URL
from app.models.stores import Store
from app.platform import db, tenancy
from tests.signing import SECRET, id_token

SHOP = "identity.myshopify.com"
PAGE = "/settings"


@pytest.fixture
def store_id(app: Flask):
    later = datetime.now(UTC) + timedelta(hours=1)
    with app.app_context(), db.separate_transaction() as own:
        store = Store(
            shop=SHOP,
            access_token_sealed="k1.x",
            refresh_token_sealed="k1.x",
            access_expires_at=later,
            refresh_expires_at=later,
        )
        own.add(store)
        own.flush()
        found = store.id
    yield found
    with app.app_context(), db.separate_transaction() as own:
        own.delete(own.get(Store, found))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_valid_token_opens_the_page(client: FlaskClient, store_id: int) -> None:
    answer = client.get(PAGE, headers=bearer(id_token(SHOP)))
    assert answer.status_code == 200
    assert (
        f"frame-ancestors https://{SHOP} https://admin.shopify.com"
        in answer.headers["Content-Security-Policy"]
    )
    assert "Set-Cookie" not in answer.headers
    assert "X-Frame-Options" not in answer.headers


def test_a_page_load_with_the_token_in_its_query_opens(client: FlaskClient, store_id: int) -> None:
    answer = client.get(PAGE, query_string={"id_token": id_token(SHOP), "shop": SHOP, "host": "aG9zdA"})
    assert answer.status_code == 200


def test_the_first_member_is_owner_and_the_next_are_viewers(
    app: Flask, client: FlaskClient, store_id: int
) -> None:
    for user in ("11", "12", "13", "11"):
        client.get(PAGE, headers=bearer(id_token(SHOP, user=user)))
    with app.app_context(), tenancy.store_scope(db.session(), store_id):
        roles = [(row.shopify_user_id, row.role) for row in db.rows("SELECT * FROM members ORDER BY id")]
    assert roles == [("11", "owner"), ("12", "viewer"), ("13", "viewer")]


@pytest.mark.parametrize(
    "token",
    [
        id_token(SHOP, secret="another-secret-that-is-long-enough-000"),
        id_token(SHOP, aud="another-app"),
        id_token(SHOP, exp=int(time.time()) - 60),
        id_token(SHOP, exp=None),
        id_token(SHOP, iss="https://other.myshopify.com/admin"),
        id_token(SHOP, iss=f"http://{SHOP}/admin"),
        id_token(SHOP, dest="https://evil.example.com", iss="https://evil.example.com/admin"),
        id_token(SHOP, sub=None),
        "nonsense",
    ],
    ids=["secret", "audience", "expired", "endless", "issuer", "scheme", "host", "nobody", "nonsense"],
)
def test_a_bad_token_on_a_fetch_answers_401_and_asks_for_a_retry(
    client: FlaskClient, store_id: int, token: str
) -> None:
    answer = client.get(PAGE, headers=bearer(token))
    assert answer.status_code == 401
    assert answer.headers["X-Shopify-Retry-Invalid-Session-Request"] == "1"


def test_a_page_load_without_a_token_bounces_back_to_itself(client: FlaskClient, store_id: int) -> None:
    answer = client.get(PAGE, query_string={"shop": SHOP, "host": "aG9zdA", "embedded": "1"})
    assert answer.status_code == 302
    target = urlsplit(answer.headers["Location"])
    assert (target.netloc, target.path) == ("fluxor.test", "/auth/bounce")
    assert parse_qs(target.query)["shopify-reload"][0].startswith(PAGE)


def test_an_expired_token_in_the_query_bounces(client: FlaskClient, store_id: int) -> None:
    old = id_token(SHOP, exp=int(time.time()) - 60)
    assert client.get(PAGE, query_string={"shop": SHOP, "id_token": old}).status_code == 302


@pytest.mark.parametrize(
    "shop", ["evil.com", "a.myshopify.com.evil.com", "a.myshopify.com\n", "a_b.myshopify.com"]
)
def test_a_malformed_shop_gets_no_framing_and_no_bounce(client: FlaskClient, shop: str) -> None:
    for path in (PAGE, "/auth/bounce"):
        answer = client.get(path, query_string={"shop": shop, "shopify-reload": "/"})
        assert answer.status_code == 400
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_a_token_of_one_shop_does_not_open_anothers_address(client: FlaskClient, store_id: int) -> None:
    answer = client.get(PAGE, query_string={"shop": "other.myshopify.com"}, headers=bearer(id_token(SHOP)))
    assert answer.status_code == 401


def test_without_any_proof_the_page_says_where_to_open_it(client: FlaskClient) -> None:
    answer = client.get(PAGE)
    assert answer.status_code == 401
    assert "Shopify admin" in answer.text
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_the_bounce_page_loads_app_bridge_for_this_shop(client: FlaskClient) -> None:
    answer = client.get("/auth/bounce", query_string={"shop": SHOP, "shopify-reload": "/products"})
    assert answer.status_code == 200
    assert SHOPIFY_APP_BRIDGE_URL in answer.text
    assert f"frame-ancestors https://{SHOP}" in answer.headers["Content-Security-Policy"]
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    "target", ["https://evil.com", "//evil.com", "/\\evil.com", "javascript:alert(1)", ""]
)
def test_the_bounce_page_goes_back_to_our_pages_only(client: FlaskClient, target: str) -> None:
    answer = client.get("/auth/bounce", query_string={"shop": SHOP, "shopify-reload": target})
    assert answer.status_code == 400
