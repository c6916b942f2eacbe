"""Invitations: one mail with both parts, a link that makes a member once, and what ends it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.jobs import invitations as jobs
from app.jobs import schedule
from app.platform import clock, db, queue, tenancy
from app.platform.mail import MailRefused, MailUnavailable
from app.platform.passwords import Hasher
from app.services import users
from app.services.users import LinkUsed
from tests import factories, people
from tests.factories import Shop
from tests.people import PASSWORD, PostBox


@pytest.fixture
def shop(app: Flask) -> Shop:
    with app.app_context():
        queue.connection().flushdb()
    return factories.make_store(app, name="Bean & Leaf")


@pytest.fixture
def box(app: Flask) -> Iterator[PostBox]:
    with people.post_box(app) as found:
        yield found


def read(app: Flask, shop: Shop, sql: str) -> list[Any]:
    with app.app_context(), tenancy.store_scope(db.session(), shop.id):
        return list(db.rows(sql))


def invite(
    client: FlaskClient, shop: Shop, email: str, role: str = "viewer", who: str = "owner", **more: str
) -> Any:
    headers = {**shop.headers(who, fragment=True), **more}
    return client.post("/settings/members/invitations", data={"email": email, "role": role}, headers=headers)


def join(client: FlaskClient, token: str, **typed: str) -> Any:
    return client.post("/join", data={"token": token, **typed}, headers={"Origin": people.ORIGIN})


def accept(client: FlaskClient, token: str, **typed: str) -> Any:
    return client.post("/join/accept", data={"token": token, **typed}, headers={"Origin": people.ORIGIN})


def form_token(page: str) -> str:
    return page.split('name="form_token" value="')[1].split('"')[0]


def with_password(text: str = PASSWORD) -> dict[str, str]:
    return {"password": text, "password_confirmation": text}


def newcomer(app: Flask, shop: Shop, email: str) -> list[str]:
    return [row.role for row in read(app, shop, "SELECT email, role FROM members") if row.email == email]


def test_who_is_new_makes_an_account_by_the_link(
    app: Flask, client: FlaskClient, shop: Shop, box: PostBox
) -> None:
    email = people.address()
    answer = invite(client, shop, email.upper(), "manager")
    assert answer.status_code == 200 and email in answer.text and "Being sent" in answer.text
    people.work(app)
    (mail,) = box.sent
    assert (mail.to, mail.subject) == ([email], "You are invited to Bean & Leaf on Fluxor")
    assert "Owner Person invites you" in mail.text and "Owner Person invites you" in mail.html
    assert "Bean &amp; Leaf" in mail.html and "Bean & Leaf" in mail.text
    assert box.link() in mail.html
    page = app.test_client().get(f"/join?token={box.link()}")
    assert page.status_code == 200 and email in page.text and "Manager" in page.text
    assert newcomer(app, shop, email) == [], "opening the link changes nothing"
    visitor = app.test_client()
    assert join(visitor, box.link(), **with_password("weak")).status_code == 422
    assert join(visitor, box.link(), password=PASSWORD, password_confirmation="x").status_code == 422
    joined = join(visitor, box.link(), **with_password())
    assert (joined.status_code, joined.headers["Location"]) == (303, "/")
    assert newcomer(app, shop, email) == ["manager"]
    assert "Bean &amp; Leaf" in visitor.get("/settings/members").text
    assert join(app.test_client(), box.link(), **with_password()).status_code == 403, "a link works once"
    assert people.log_in(app.test_client(), email).status_code == 303
    assert "not accepted yet" not in client.get("/settings/members", headers=shop.headers()).text


def test_who_has_an_account_logs_in_with_it(
    app: Flask, client: FlaskClient, shop: Shop, box: PostBox
) -> None:
    _, email = people.make_user(app)
    invite(client, shop, email)
    people.work(app)
    refused = join(app.test_client(), box.link(), **with_password("Another horse 3"))
    assert refused.status_code == 403 and "has an account already" in refused.text
    stranger, visitor = app.test_client(), app.test_client()
    people.log_in(stranger, people.make_user(app)[1])
    assert "logged in with another address" in stranger.get(f"/join?token={box.link()}").text
    people.log_in(visitor, email)
    page = visitor.get(f"/join?token={box.link()}").text
    token = form_token(page)
    others = form_token(stranger.get(f"/join?token={box.link()}").text)
    assert accept(stranger, box.link(), form_token=others).status_code == 422
    assert accept(visitor, box.link()).status_code == 403, "another site's page may not accept it"
    assert accept(visitor, box.link(), form_token=token).status_code == 303
    assert newcomer(app, shop, email) == ["viewer"]
    assert visitor.get("/settings/members").status_code == 200


def test_an_unconfirmed_sign_up_gives_nobody_a_way_in(
    app: Flask, client: FlaskClient, shop: Shop, box: PostBox
) -> None:
    """Somebody signed up with the address before and knows that password; the link's holder chooses another."""
    user_id, email = people.make_user(app, confirmed=False)
    old = people.token(app, user_id, None)
    invite(client, shop, email)
    people.work(app)
    assert join(app.test_client(), box.link(), **with_password("Fresh horse 4")).status_code == 303
    assert people.log_in(app.test_client(), email).status_code == 403
    assert app.test_client().get("/api/auth/me", headers=people.bearer(old)).status_code == 401


def test_nobody_is_mailed_twice(app: Flask, client: FlaskClient, shop: Shop, box: PostBox) -> None:
    email = people.address()
    invite(client, shop, email)
    again = invite(client, shop, email)
    assert again.status_code == 422 and "is invited already" in again.text
    (row,) = read(app, shop, "SELECT id FROM invitations")
    for _ in range(2):
        with app.app_context():
            jobs.send_later(shop.id, row.id)
        people.work(app)
    assert len(box.sent) == 1
    people.join(app, people.make_user(app)[0], shop.id, "viewer")
    member = invite(client, shop, "X@example.com")
    assert member.status_code == 422 and "belongs to a member" in member.text
    assert invite(client, shop, "nonsense").status_code == 422
    assert invite(client, shop, people.address(), "owner").status_code == 422


def test_a_mail_that_could_not_be_sent_is_sent_later(
    app: Flask, client: FlaskClient, shop: Shop, box: PostBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_message: object) -> str:
        raise MailUnavailable("Mailgun is away.")

    invite(client, shop, people.address())
    with app.app_context():
        queue.connection().flushdb()
        (row,) = read(app, shop, "SELECT id FROM invitations")
        with monkeypatch.context() as patch:
            patch.setattr(box, "send", away)
            with pytest.raises(MailUnavailable):
                jobs.send(shop.id, row.id)
        (held,) = read(app, shop, "SELECT status, error FROM invitations")
        assert (held.status, held.error) == ("queued", "Mailgun is away.")
        with clock.travel(timedelta(minutes=5)):
            schedule.sweep(shop.id)
    people.work(app)
    assert len(box.sent) == 1
    (sent,) = read(app, shop, "SELECT status, error FROM invitations")
    assert (sent.status, sent.error) == ("sent", "")


def test_a_refused_mail_is_told(
    app: Flask, client: FlaskClient, shop: Shop, box: PostBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(_message: object) -> str:
        raise MailRefused("Forbidden")

    monkeypatch.setattr(box, "send", no)
    invite(client, shop, people.address())
    people.work(app)
    page = client.get("/settings/members", headers=shop.headers()).text
    assert "Not sent" in page and "Forbidden" in page


def test_what_ends_an_invitation(app: Flask, client: FlaskClient, shop: Shop, box: PostBox) -> None:
    email = people.address()
    invite(client, shop, email)
    people.work(app)
    link = box.link()
    (row,) = read(app, shop, "SELECT id FROM invitations")
    address = f"/settings/members/invitations/{row.id}/withdraw"
    assert client.post(address, headers=shop.headers("manager", fragment=True)).status_code == 403
    foreign = factories.make_store(app)
    assert client.post(address, headers=foreign.headers(fragment=True)).status_code == 404
    assert client.post(address, headers=shop.headers(fragment=True)).status_code == 200
    assert "This invitation is over" in app.test_client().get(f"/join?token={link}").text
    assert join(app.test_client(), link, **with_password()).status_code == 403
    assert app.test_client().get("/join?token=forged").status_code == 403
    invite(client, shop, email)
    with clock.travel(timedelta(days=7, minutes=1)):
        assert invite(client, shop, email).status_code == 200, "one that is over makes room for another"
        (one,) = read(app, shop, "SELECT id FROM invitations WHERE withdrawn_at IS NULL")
        assert one.id > row.id + 1


def test_an_invitation_ends_a_week_after_it_was_made(
    app: Flask, client: FlaskClient, shop: Shop, box: PostBox
) -> None:
    """However young its link is: the mail may have waited."""
    email = people.address()
    invite(client, shop, email)
    people.work(app)
    with clock.travel(timedelta(days=7, minutes=1)):
        assert "This invitation is over" in app.test_client().get(f"/join?token={box.link()}").text
        assert join(app.test_client(), box.link(), **with_password()).status_code == 403
    assert newcomer(app, shop, email) == []
    with clock.travel(timedelta(days=6)):
        assert join(app.test_client(), box.link(), **with_password()).status_code == 303


def test_who_was_taken_off_does_not_come_back_by_the_old_link(
    app: Flask, client: FlaskClient, shop: Shop, box: PostBox
) -> None:
    _, email = people.make_user(app)
    invite(client, shop, email)
    people.work(app)
    visitor = app.test_client()
    people.log_in(visitor, email)
    token = form_token(visitor.get(f"/join?token={box.link()}").text)
    assert accept(visitor, box.link(), form_token=token).status_code == 303
    (member,) = read(app, shop, f"SELECT id FROM members WHERE email = '{email}'")
    gone = client.post(f"/settings/members/{member.id}/remove", headers=shop.headers(fragment=True))
    assert gone.status_code == 200
    assert accept(visitor, box.link(), form_token=token).status_code == 422
    assert newcomer(app, shop, email) == []
    assert people.log_in(app.test_client(), email).status_code == 303, "the account itself is theirs"


def test_a_link_sets_no_password_of_an_account(app: Flask) -> None:
    """Two visitors may follow one link at once: the second finds an account, and leaves it as it is."""
    _, email = people.make_user(app)
    with app.app_context(), db.transaction(), pytest.raises(LinkUsed):
        users.open_account(email, "Another horse 3", hasher=Hasher(4), now=clock.now())
    assert people.log_in(app.test_client(), email).status_code == 303


def test_it_is_mailed_again_with_a_new_link(
    app: Flask, client: FlaskClient, shop: Shop, box: PostBox
) -> None:
    email = people.address()
    invite(client, shop, email, "manager")
    people.work(app)
    page = client.get("/settings/members", headers=shop.headers()).text
    assert f"Send again: {email}" in page
    (row,) = read(app, shop, "SELECT id FROM invitations")
    address, old = f"/settings/members/invitations/{row.id}/again", box.link()
    assert client.post(address, headers=shop.headers("manager", fragment=True)).status_code == 403
    foreign = factories.make_store(app)
    assert client.post(address, headers=foreign.headers(fragment=True)).status_code == 404
    answer = client.post(address, headers=shop.headers(fragment=True))
    assert answer.status_code == 200 and answer.text.count(email) >= 1
    people.work(app)
    assert [mail.to for mail in box.sent] == [[email], [email]]
    assert app.test_client().get(f"/join?token={old}").status_code == 403
    shown = app.test_client().get(f"/join?token={box.link()}")
    assert shown.status_code == 200 and "Manager" in shown.text


def test_only_the_owner_invites(app: Flask, client: FlaskClient, shop: Shop) -> None:
    guest = people.address()
    invite(client, shop, guest)
    for role in ("manager", "viewer"):
        assert invite(client, shop, people.address(), who=role).status_code == 403
        assert "Invite somebody" not in client.get("/settings/members", headers=shop.headers(role)).text
        part = client.get("/settings/members/invitations", headers=shop.headers(role, fragment=True)).text
        assert guest not in part and "<form" not in part
    page = client.get("/settings/members", headers=shop.headers()).text
    assert "Invite somebody" in page and guest in page
    assert len(read(app, shop, "SELECT id FROM invitations")) == 1


def test_the_mail_speaks_the_inviters_language(
    app: Flask, client: FlaskClient, shop: Shop, box: PostBox
) -> None:
    invite(client, shop, people.address(), **{"Accept-Language": "de"})
    people.work(app)
    assert box.sent[0].subject == "Sie sind zu Bean & Leaf bei Fluxor eingeladen"
    assert '<html lang="de">' in box.sent[0].html and "Einladung annehmen" in box.sent[0].text
