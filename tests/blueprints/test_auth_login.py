"""Login and logout: who is let in, how guessing is slowed, and what a session can do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.platform import clock, sessions
from tests.people import (
    ORIGIN,
    PASSWORD,
    address,
    bearer,
    log_in,
    make_user,
    token,
)

pytestmark = pytest.mark.usefixtures("fresh_counts")
HERE = {"Origin": ORIGIN}


def test_login_opens_the_pages_with_a_navigation_and_without_app_bridge(
    client: FlaskClient, owner: tuple[int, str, int]
) -> None:
    answer = log_in(client, owner[1])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    page = client.get("/settings")
    assert page.status_code == 200
    assert "app-bridge" not in page.text
    assert 'class="sidebar"' in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_wrong_password_and_unknown_address_get_the_same_answer(app: Flask, client: FlaskClient) -> None:
    _, known = make_user(app)
    answers = [log_in(client, email, "Wrong horse 9") for email in (known, address())]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert all("The e-mail address or the password is wrong." in answer.text for answer in answers)
    assert all("Set-Cookie" not in answer.headers for answer in answers)


def test_an_unknown_address_costs_the_same_work(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[bytes] = []
    import bcrypt

    genuine = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda word, known: checked.append(known) or genuine(word, known))
    log_in(client, address(), "Wrong horse 9")
    log_in(client, make_user(app)[1], "Wrong horse 9")
    assert [known[:7] for known in checked] == [b"$2b$04$", b"$2b$04$"]


def test_guessing_is_slowed_for_the_guesser_alone(app: Flask, client: FlaskClient) -> None:
    _, email = make_user(app)
    guesser = {"REMOTE_ADDR": "203.0.113.9"}
    statuses = [log_in(client, email, f"Wrong horse {n}", environ_base=guesser).status_code for n in range(6)]
    assert statuses == [403] * 5 + [429]
    refused = log_in(client, email, environ_base=guesser)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 180
    assert log_in(client, email, environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == 303


def test_a_known_place_is_not_held_up_by_guesses_from_many_addresses(app: Flask, client: FlaskClient) -> None:
    _, email = make_user(app)
    home = {"REMOTE_ADDR": "198.51.100.7"}
    assert log_in(client, email, environ_base=home).status_code == 303
    for n in range(101):
        where = {"REMOTE_ADDR": f"203.0.{n}.1"}
        last = log_in(app.test_client(), email, "Wrong horse 9", environ_base=where)
    assert last.status_code == 429
    assert log_in(app.test_client(), email, environ_base=home).status_code == 303


def test_one_ipv6_customer_is_one_guesser(app: Flask, client: FlaskClient) -> None:
    _, email = make_user(app)
    for n in range(5):
        log_in(client, email, "Wrong 1 horse", environ_base={"REMOTE_ADDR": f"2001:db8::{n}"})
    assert log_in(client, email, environ_base={"REMOTE_ADDR": "2001:db8::ffff"}).status_code == 429
    assert log_in(client, email, environ_base={"REMOTE_ADDR": "2001:db8:0:1::1"}).status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "\\\\evil",
        "/a\r\nSet-Cookie: x=1",
    ],
)
def test_login_goes_on_to_our_pages_only(
    client: FlaskClient, owner: tuple[int, str, int], target: str
) -> None:
    answer = client.post(
        "/login", data={"email": owner[1], "password": PASSWORD, "next": target}, headers=HERE
    )
    assert answer.headers["Location"] == "/"


def test_login_goes_on_to_the_page_that_was_asked_for(
    client: FlaskClient, owner: tuple[int, str, int]
) -> None:
    refused = client.get("/products?search=tea", headers={"Accept": "text/html"})
    assert refused.status_code == 401
    assert "/login?next=/products?search%3Dtea" in refused.text
    data = {"email": owner[1], "password": PASSWORD, "next": "/products?search=tea"}
    assert client.post("/login", data=data, headers=HERE).headers["Location"] == "/products?search=tea"


def test_logout_ends_the_session_even_for_a_copied_cookie(
    app: Flask, client: FlaskClient, owner: tuple[int, str, int]
) -> None:
    log_in(client, owner[1])
    copied = client.get_cookie("fluxor_session").value
    proof = form_token(app, copied)
    assert client.post("/logout", data={"form_token": proof}, headers=HERE).status_code == 303
    assert client.get_cookie("fluxor_session") is None
    thief = app.test_client()
    thief.set_cookie("fluxor_session", copied, domain="localhost")
    assert thief.get("/settings").status_code == 401


def test_logout_everywhere_ends_the_other_sessions(
    app: Flask, client: FlaskClient, owner: tuple[int, str, int]
) -> None:
    other = app.test_client()
    log_in(client, owner[1])
    log_in(other, owner[1])
    proof = form_token(app, client.get_cookie("fluxor_session").value)
    client.post("/logout", data={"form_token": proof, "everywhere": "1"}, headers=HERE)
    assert other.get("/settings").status_code == 401
    assert log_in(other, owner[1]).status_code == 303


def form_token(app: Flask, cookie: str) -> str:
    """The proof that a page of this session would carry."""
    from flask import g

    with app.test_request_context():
        g.session = sessions.decode(cookie)
        return sessions.form_token()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ORIGIN, "HX-Request": "true"}, 200),
        ({"Origin": ORIGIN, "X-Requested-With": "fetch"}, 200),
        ({"Origin": ORIGIN}, 403),
        ({"HX-Request": "true", "Origin": "https://evil.example"}, 403),
        ({"HX-Request": "true", "Origin": "null"}, 403),
        ({"HX-Request": "true", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"HX-Request": "true", "Sec-Fetch-Site": "same-site"}, 403),
        ({}, 403),
    ],
)
def test_writes_by_cookie_need_proof_that_our_page_sent_them(
    client: FlaskClient, owner: tuple[int, str, int], headers: dict[str, str], status: int
) -> None:
    log_in(client, owner[1])
    assert client.post("/alerts/send", headers=headers).status_code == status


def test_another_sites_page_cannot_log_its_visitor_in(
    client: FlaskClient, owner: tuple[int, str, int]
) -> None:
    answer = client.post(
        "/login",
        data={"email": owner[1], "password": PASSWORD},
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_bearer_token_needs_no_form_token(
    app: Flask, client: FlaskClient, owner: tuple[int, str, int]
) -> None:
    sent = bearer(token(app, owner[0], owner[2]))
    assert client.post("/alerts/send", headers=sent).status_code == 200


def test_a_session_lives_24_hours(app: Flask, client: FlaskClient, owner: tuple[int, str, int]) -> None:
    sent = bearer(token(app, owner[0], owner[2]))
    with clock.travel(timedelta(hours=23, minutes=59)):
        assert client.get("/settings", headers=sent).status_code == 200
    with clock.travel(timedelta(hours=24, seconds=1)):
        assert client.get("/settings", headers=sent).status_code == 401
