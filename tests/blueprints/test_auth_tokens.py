"""Our session tokens and Shopify's ID tokens are never taken for one another; roles hold on every door."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.config import Settings
from app.platform import clock, sessions
from tests.people import bearer, join, log_in, make_shop, make_user, token
from tests.signing import SECRET, id_token

pytestmark = pytest.mark.usefixtures("fresh_counts")
KEY = sessions.derived_key("k" * 40, "session")


@pytest.fixture
def member(app: Flask) -> tuple[int, int]:
    user_id, (store_id, _) = make_user(app)[0], make_shop(app)
    join(app, user_id, store_id, "owner")
    return user_id, store_id


def claims(app: Flask, member: tuple[int, int]) -> dict[str, object]:
    return jwt.decode(token(app, *member), options={"verify_signature": False})


def test_the_claims(app: Flask, member: tuple[int, int]) -> None:
    found = claims(app, member)
    assert set(found) == {"iss", "aud", "sub", "store", "jti", "ver", "iat", "exp"}
    assert found["exp"] - found["iat"] == 24 * 3600  # type: ignore[operator]


@pytest.mark.parametrize(
    ("change", "key", "algorithm"),
    [
        ({}, SECRET, "HS256"),
        ({}, "k" * 40, "HS256"),
        ({}, sessions.derived_key("k" * 40, "form"), "HS256"),
        ({}, KEY, "HS512"),
        ({}, None, "none"),
        ({"aud": "test-client-id"}, KEY, "HS256"),
        ({"aud": None}, KEY, "HS256"),
        ({"iss": "https://x.myshopify.com/admin"}, KEY, "HS256"),
        ({"exp": None}, KEY, "HS256"),
        ({"exp": "soon"}, KEY, "HS256"),
        ({"exp": 10**30}, KEY, "HS256"),
        ({"jti": None}, KEY, "HS256"),
        ({"ver": 2}, KEY, "HS256"),
        ({"sub": "999999999"}, KEY, "HS256"),
        ({"sub": "one"}, KEY, "HS256"),
        ({"store": "x"}, KEY, "HS256"),
    ],
)
def test_any_other_token_is_refused(
    app: Flask, client: FlaskClient, member: tuple[int, int], change: dict, key: object, algorithm: str
) -> None:
    body = {name: value for name, value in {**claims(app, member), **change}.items() if value is not None}
    forged = jwt.encode(body, key, algorithm)  # type: ignore[arg-type]
    assert client.get("/settings", headers=bearer(forged)).status_code == 401
    client.set_cookie("fluxor_session", forged, domain="localhost")
    assert client.get("/settings").status_code == 401


def test_the_right_key_and_claims_are_accepted(
    app: Flask, client: FlaskClient, member: tuple[int, int]
) -> None:
    same = jwt.encode(claims(app, member), KEY, "HS256")
    assert client.get("/settings", headers=bearer(same)).status_code == 200


def test_an_id_token_in_our_cookie_is_nobody(app: Flask, client: FlaskClient) -> None:
    _, shop = make_shop(app)
    client.set_cookie("fluxor_session", id_token(shop), domain="localhost")
    assert client.get("/settings").status_code == 401


def test_a_store_of_others_in_a_rightly_signed_token_opens_nothing(
    app: Flask, client: FlaskClient, member: tuple[int, int]
) -> None:
    foreign, _ = make_shop(app, name="Not yours")
    answer = client.get("/settings", headers=bearer(token(app, member[0], foreign)))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/connect")
    assert client.get("/api/alerts", headers=bearer(token(app, member[0], foreign))).status_code in (403, 404)


def test_inside_the_admin_the_id_token_decides_not_the_cookie(
    app: Flask, client: FlaskClient, member: tuple[int, int]
) -> None:
    _, shop = make_shop(app, name="Opened in the admin")
    client.set_cookie("fluxor_session", token(app, *member), domain="localhost")
    page = client.get("/settings", headers=bearer(id_token(shop)))
    assert f"frame-ancestors https://{shop}" in page.headers["Content-Security-Policy"]
    loaded = client.get("/settings", query_string={"shop": shop, "id_token": id_token(shop), "host": "aA"})
    assert f"frame-ancestors https://{shop}" in loaded.headers["Content-Security-Policy"]


def test_the_cookie_is_bound_to_the_host_and_https_where_there_is_https(settings: Settings) -> None:
    secure = create_app(replace(settings, app_url="https://fluxor.test"))
    _, email = make_user(secure)
    answer = secure.test_client().post(
        "/login",
        data={"email": email, "password": "Right horse 9"},
        headers={"Origin": "https://fluxor.test"},
        base_url="https://fluxor.test",
    )
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-fluxor_session=")
    assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie


@pytest.mark.parametrize(("role", "status"), [("owner", 422), ("manager", 403), ("viewer", 403)])
def test_the_role_is_the_members(app: Flask, client: FlaskClient, role: str, status: int) -> None:
    user_id, (store_id, _) = make_user(app)[0], make_shop(app)
    join(app, user_id, store_id, role)
    sent = bearer(token(app, user_id, store_id))
    assert client.get("/settings", headers=sent).status_code == 200
    assert client.post("/settings", headers=sent).status_code == status


def test_a_member_who_is_taken_off_has_no_way_in(
    app: Flask, client: FlaskClient, member: tuple[int, int]
) -> None:
    from app.platform import db, tenancy

    sent = bearer(token(app, *member))
    assert client.get("/settings", headers=sent).status_code == 200
    with app.app_context(), tenancy.store_scope(db.session(), member[1]), db.transaction():
        db.execute("DELETE FROM members")
    assert client.get("/settings", headers=sent).headers["Location"] == "/connect"


def test_switching_among_ones_own_stores(app: Flask, client: FlaskClient, member: tuple[int, int]) -> None:
    second, _ = make_shop(app, name="Second shop")
    foreign, _ = make_shop(app, name="Not yours")
    join(app, member[0], second, "viewer")
    sent = bearer(token(app, *member))
    page = client.get("/settings", headers=sent)
    assert "Second shop" in page.text and "Not yours" not in page.text
    assert client.post("/stores/switch", data={"store_id": foreign}, headers=sent).status_code == 404
    assert client.post("/stores/switch", data={"store_id": "1' OR"}, headers=sent).status_code == 404
    moved = client.post("/stores/switch", data={"store_id": second}, headers=sent)
    assert moved.status_code == 303
    assert client.get("/settings").status_code == 200  # by the cookie that came with it
    assert 'aria-current="true">Second shop' in client.get("/settings").text


def test_a_switched_session_keeps_its_end(app: Flask, client: FlaskClient, member: tuple[int, int]) -> None:
    second, _ = make_shop(app)
    join(app, member[0], second, "viewer")
    sent = bearer(token(app, *member))
    with clock.travel(timedelta(hours=23)):
        client.post("/stores/switch", data={"store_id": second}, headers=sent)
        assert client.get("/settings").status_code == 200
    with clock.travel(timedelta(hours=24, seconds=1)):
        assert client.get("/settings").status_code == 401


def test_without_redis_no_session_is_let_in(
    app: Flask, client: FlaskClient, member: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from redis import Redis

    sent = bearer(token(app, *member))
    monkeypatch.setitem(
        app.extensions, "redis", Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=1)
    )
    assert client.get("/settings", headers=sent).status_code == 503
    assert log_in(client, "a@example.com").status_code == 503


def test_an_uninstalled_store_says_so_and_an_erased_one_is_gone(
    app: Flask, client: FlaskClient, member: tuple[int, int]
) -> None:
    from app.services import stores

    sent = bearer(token(app, *member))
    with app.app_context():
        shop = stores.get(member[1]).shop
        stores.uninstall(shop=shop, now=clock.now())
    assert "uninstalled from this store" in client.get("/settings", headers=sent).text
    with app.app_context():
        stores.erase(shop=shop, requested_at=clock.now(), webhook_id="w-erase", now=clock.now())
    gone = client.get("/settings", headers=sent)
    assert (gone.status_code, gone.headers["Location"]) == (303, "/connect")
