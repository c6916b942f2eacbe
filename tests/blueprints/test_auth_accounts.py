"""Sign-up and reset: addresses are proven by mail, passwords keep to the rule, strangers learn nothing."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models.users import User
from app.platform import db
from app.platform.passwords import Hasher, problem
from tests.people import (
    ORIGIN,
    PASSWORD,
    address,
    log_in,
    make_user,
    post_box,
    work,
)

pytestmark = pytest.mark.usefixtures("fresh_counts")
HERE = {"Origin": ORIGIN}


def sign_up(client: FlaskClient, email: str, password: str = PASSWORD, again: str | None = None):
    data = {"email": email, "password": password, "password_confirmation": again or password}
    return client.post("/signup", data=data, headers=HERE)


def test_sign_up_confirm_and_arrive_where_a_store_is_connected(app: Flask, client: FlaskClient) -> None:
    email = address()
    with post_box(app) as box:
        assert sign_up(client, email.upper()).status_code == 200
        assert log_in(client, email).status_code == 403  # not confirmed yet
        work(app)
    assert [mail.to for mail in box.sent] == [[email]]
    assert box.link() in box.sent[0].html
    assert client.get(f"/confirm?token={box.link()}").status_code == 200
    wrong = client.post("/confirm", data={"token": box.link(), "password": "Wrong horse 9"}, headers=HERE)
    assert wrong.status_code == 403
    right = client.post("/confirm", data={"token": box.link(), "password": PASSWORD}, headers=HERE)
    assert (right.status_code, right.headers["Location"]) == (303, "/")
    assert client.get("/").headers["Location"] == "/connect"
    assert "Connect a store" in client.get("/connect").text


def test_sign_up_answers_the_same_for_a_known_address_and_leaves_it_alone(
    app: Flask, client: FlaskClient
) -> None:
    _, known = make_user(app)
    unknown = address()
    with post_box(app) as box:
        answers = [sign_up(client, email, "Other horse 9") for email in (known, unknown)]
        work(app)
    texts = [answer.text.replace(email, "…") for answer, email in zip(answers, (known, unknown), strict=True)]
    assert strip(texts[0]) == strip(texts[1])
    assert [mail.subject for mail in box.sent] == [
        "You already have a Fluxor account",
        "Confirm your e-mail address",
    ]
    assert log_in(client, known, "Other horse 9").status_code == 403
    assert log_in(client, known).status_code == 303


def strip(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if "nonce" not in line)


def test_somebody_elses_sign_up_with_my_address_is_not_mine_to_confirm_by_accident(
    app: Flask, client: FlaskClient
) -> None:
    email = address()
    with post_box(app) as box:
        sign_up(client, email, "Attackers 1 horse")
        sign_up(client, email)
        work(app)
    first, second = box.link(0), box.link(1)
    taken = client.post("/confirm", data={"token": first, "password": "Attackers 1 horse"}, headers=HERE)
    assert taken.status_code == 403
    assert log_in(client, email, "Attackers 1 horse").status_code == 403
    assert (
        client.post("/confirm", data={"token": second, "password": PASSWORD}, headers=HERE).status_code == 303
    )


@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("Sh0rt", "at least 8 characters"),
        ("alllower1", "an upper-case letter"),
        ("ALLUPPER1", "a lower-case letter"),
        ("NoNumbers", "a number"),
        ("x" * 257, "at most 256"),
    ],
)
def test_weak_passwords_are_refused_beside_the_field(
    client: FlaskClient, password: str, missing: str
) -> None:
    answer = sign_up(client, address(), password)
    assert answer.status_code == 422
    assert missing in answer.text
    assert password not in answer.text


def test_the_two_passwords_must_agree_and_the_address_must_be_one(client: FlaskClient) -> None:
    assert "differ" in sign_up(client, address(), PASSWORD, "Another 1 horse").text
    assert "Enter an e-mail address" in sign_up(client, "nobody").text


@pytest.mark.parametrize("password", ["Passw0rd", "Äpfel und Öl 7", "Ünïcode\x00Zero1"])
def test_good_passwords(password: str) -> None:
    hasher = Hasher(4)
    assert problem(password) is None
    known = hasher.hash(password)
    assert hasher.verify(password, known)
    assert not hasher.verify(password + "x", known)
    assert not hasher.verify(password, None)


def test_bytes_beyond_bcrypts_72_count() -> None:
    hasher, long = Hasher(4), "Aa1" + "x" * 100
    assert not hasher.verify(long[:-1] + "y", hasher.hash(long))


def test_the_default_cost_is_12() -> None:
    assert Hasher().hash("x").startswith("$2b$12$")


def test_an_old_hash_is_renewed_at_login(app: Flask, client: FlaskClient) -> None:
    user_id, email = make_user(app)
    with app.app_context(), db.separate_transaction() as own:
        own.get(User, user_id).password_hash = Hasher(5).hash(PASSWORD)
    assert log_in(client, email).status_code == 303
    with app.app_context(), db.separate_transaction() as own:
        assert own.get(User, user_id).password_hash.startswith("$2b$04$")


def test_reset_by_mail_works_once_and_ends_all_sessions(
    app: Flask, client: FlaskClient, owner: tuple[int, str, int]
) -> None:
    log_in(client, owner[1])
    stranger = app.test_client()
    with post_box(app) as box:
        known = stranger.post("/forgot", data={"email": owner[1].upper()}, headers=HERE)
        unknown_address = address()
        unknown = stranger.post("/forgot", data={"email": unknown_address}, headers=HERE)
        work(app)
    assert strip(known.text.replace(owner[1].upper(), "…")) == strip(
        unknown.text.replace(unknown_address, "…")
    )
    assert len(box.sent) == 1
    fields = {"token": box.link(), "password": "Brand new 1", "password_confirmation": "Brand new 1"}
    assert stranger.get(f"/reset?token={box.link()}").status_code == 200
    assert stranger.post("/reset", data=fields, headers=HERE).status_code == 303
    assert client.get("/settings").status_code == 401
    again = app.test_client().post("/reset", data=fields, headers=HERE)
    assert again.status_code == 403
    assert "used before" in again.text
    assert log_in(client, owner[1]).status_code == 403
    assert log_in(client, owner[1], "Brand new 1").status_code == 303


def test_a_reset_link_dies_after_an_hour(
    app: Flask, client: FlaskClient, owner: tuple[int, str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from itsdangerous import TimestampSigner

    with post_box(app) as box:
        client.post("/forgot", data={"email": owner[1]}, headers=HERE)
        work(app)
    genuine = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: genuine(self) + 3601)
    fields = {"token": box.link(), "password": "Brand new 1", "password_confirmation": "Brand new 1"}
    answer = client.post("/reset", data=fields, headers=HERE)
    assert answer.status_code == 403
    assert "expired" in answer.text


@pytest.mark.parametrize("page", ["confirm", "reset"])
def test_a_forged_or_borrowed_link_is_refused(app: Flask, client: FlaskClient, page: str) -> None:
    from app.jobs import users as mails
    from app.services import users

    user_id, _ = make_user(app)
    other = "reset" if page == "confirm" else "confirm"
    with app.app_context():
        borrowed = mails.signer(other).sign({"user": user_id, "seal": users.seal(user_id)})
    for given in ("", "nonsense", borrowed, borrowed[:-2]):
        fields = {"token": given, "password": PASSWORD, "password_confirmation": PASSWORD}
        assert client.post(f"/{page}", data=fields, headers=HERE).status_code == 403


def test_mails_to_one_address_are_few(app: Flask, client: FlaskClient, owner: tuple[int, str, int]) -> None:
    with post_box(app) as box:
        statuses = {
            client.post("/forgot", data={"email": owner[1]}, headers=HERE).status_code for _ in range(5)
        }
        work(app)
    assert statuses == {200}
    assert len(box.sent) == 3


def test_no_password_and_no_token_reaches_the_log(
    app: Flask, client: FlaskClient, owner: tuple[int, str, int], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        log_in(client, owner[1])
        log_in(client, owner[1], "Wrong horse 9")
    cookie = client.get_cookie("fluxor_session").value
    assert PASSWORD not in caplog.text
    assert cookie not in caplog.text
