"""Members and invitations by JSON: the owner asks, mails again, withdraws and gives roles; nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.jobs.invitations import A_DAY
from app.platform import db, tenancy
from tests import people
from tests.blueprints.api.conftest import Api
from tests.people import PostBox

LIST = "/api/invitations"


@pytest.fixture
def box(api: Api) -> Iterator[PostBox]:
    with people.post_box(api.app) as found:
        yield found


@pytest.fixture(autouse=True)
def none_invited(api: Api) -> Iterator[None]:
    yield
    with api.app.app_context(), tenancy.store_scope(db.session(), api.store_id), db.transaction():
        db.execute("DELETE FROM invitations")


def invited(api: Api, **body: str) -> Any:
    return api.post(LIST, json={"email": people.address(), "role": "viewer", **body})


def patch(api: Api, path: str, body: dict[str, Any], who: str = "owner") -> Any:
    return api.client().patch(path, json=body, headers=api.people[who])


def grow_old(api: Api) -> None:
    """More than a week goes by for all invitations (and not for the sessions of who asks, which last a day)."""
    with api.app.app_context(), tenancy.store_scope(db.session(), api.store_id), db.transaction():
        db.execute("UPDATE invitations SET created_at = created_at - INTERVAL '7 days 1 minute'")


def opens(api: Api, token: str) -> Any:
    return api.client().get(f"/join?token={token}")


def test_an_address_is_invited_mailed_and_listed(api: Api, box: PostBox) -> None:
    email = people.address()
    made = invited(api, email=email.upper(), role="manager")
    assert made.status_code == 201, made.text
    assert (made.json["email"], made.json["role"], made.json["status"]) == (email, "manager", "queued")
    life = datetime.fromisoformat(made.json["ends_at"]) - datetime.fromisoformat(made.json["timestamp"])
    assert life == timedelta(days=7)
    people.work(api.app)
    assert [mail.to for mail in box.sent] == [[email]]
    (listed,) = api.get(LIST, "owner").json["items"]
    assert (listed["id"], listed["status"], listed["error"]) == (made.json["id"], "sent", "")
    assert box.link() not in made.text + api.get(LIST, "owner").text, "the link is in the mail alone"
    assert "Manager" in opens(api, box.link()).text


def test_who_cannot_be_invited_is_told_why(api: Api, box: PostBox) -> None:
    email = people.address()
    invited(api, email=email)
    again = invited(api, email=email)
    assert again.status_code == 409 and "invited already" in again.json["detail"]
    member = invited(api, email="x@example.com")
    assert member.status_code == 409 and "belongs to a member" in member.json["detail"]
    for body, field in (({"email": "nonsense"}, "email"), ({"role": "owner"}, "role")):
        refused = invited(api, **body)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, field)
    assert api.get(LIST, "owner").json["total"] == 1


def test_sending_again_makes_a_new_link_and_ends_the_old_one(api: Api, box: PostBox) -> None:
    made = invited(api, role="manager").json
    people.work(api.app)
    old = box.link()
    again = api.post(f"{LIST}/{made['id']}/resend")
    assert again.status_code == 201 and again.json["id"] != made["id"]
    assert (again.json["email"], again.json["role"]) == (made["email"], "manager")
    people.work(api.app)
    assert len(box.sent) == 2 and opens(api, old).status_code == 403
    assert opens(api, box.link()).status_code == 200
    grow_old(api)
    assert opens(api, box.link()).status_code == 403
    late = api.post(f"{LIST}/{again.json['id']}/resend")
    assert late.status_code == 201, "one whose week has passed can be sent again"


def test_the_role_can_be_changed_until_somebody_joins(api: Api, box: PostBox) -> None:
    made = invited(api).json
    people.work(api.app)
    path = f"{LIST}/{made['id']}"
    assert patch(api, path, {"role": "manager"}).json["role"] == "manager"
    assert patch(api, path, {"role": "owner"}).status_code == 422
    assert len(box.sent) == 1 and "Manager" in opens(api, box.link()).text
    typed = {"password": people.PASSWORD, "password_confirmation": people.PASSWORD, "token": box.link()}
    assert api.client().post("/join", data=typed, headers={"Origin": people.ORIGIN}).status_code == 303
    (joined,) = [one for one in api.get("/api/members").json["items"] if one["email"] == made["email"]]
    assert (joined["role"], joined["is_staff"]) == ("manager", False)
    over = patch(api, path, {"role": "viewer"})
    assert over.status_code == 409 and "is over" in over.json["detail"]
    other = f"{LIST}/{invited(api).json['id']}"
    grow_old(api)
    assert patch(api, other, {"role": "manager"}).status_code == 409
    assert api.post(f"/api/members/{joined['id']}/remove").status_code == 200
    assert joined["id"] not in [one["id"] for one in api.get("/api/members").json["items"]]


def test_what_is_withdrawn_opens_nothing(api: Api, box: PostBox) -> None:
    made = invited(api).json
    people.work(api.app)
    for _ in range(2):
        assert api.post(f"{LIST}/{made['id']}/withdraw").json["success"] is True
    assert api.get(LIST, "owner").json["items"] == []
    assert opens(api, box.link()).status_code == 403


@pytest.mark.parametrize("who", ["manager", "viewer", "stranger"])
def test_nobody_else_reads_or_writes_them(api: Api, box: PostBox, who: str) -> None:
    made = invited(api).json
    path, status = f"{LIST}/{made['id']}", 404 if who == "stranger" else 403
    assert patch(api, path, {"role": "manager"}, who).status_code == status
    for act in ("resend", "withdraw"):
        assert api.post(f"{path}/{act}", who).status_code == status
    listed = api.get(LIST, who)
    assert made["email"] not in listed.text and listed.json["items"] == []
    if who != "stranger":
        assert (listed.status_code, listed.json["total"]) == (200, 0)
        asked = api.post(LIST, who, json={"email": people.address(), "role": "viewer"})
        assert asked.status_code == 403
    owner = next(one for one in api.get("/api/members").json["items"] if one["role"] == "owner")
    assert patch(api, f"/api/members/{owner['id']}", {"role": "viewer"}, who).status_code == status
    assert api.post(f"/api/members/{owner['id']}/remove", who).status_code == status
    (left,) = api.get(LIST, "owner").json["items"]
    assert (left["id"], left["role"]) == (made["id"], "viewer")


def test_a_store_has_one_owner_at_every_moment(api: Api) -> None:
    known = {one["role"]: one["id"] for one in api.get("/api/members").json["items"]}
    for answer in (
        patch(api, f"/api/members/{known['owner']}", {"role": "viewer"}),
        api.post(f"/api/members/{known['owner']}/remove"),
    ):
        assert answer.status_code == 409 and "owner" in answer.json["detail"]
    changed = patch(api, f"/api/members/{known['viewer']}", {"role": "manager"})
    assert changed.json["role"] == "manager"
    patch(api, f"/api/members/{known['viewer']}", {"role": "viewer"})


def test_a_store_mails_so_many_strangers_a_day(api: Api, box: PostBox) -> None:
    for _ in range(A_DAY.tries):
        assert invited(api).status_code == 201
    answer = invited(api)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    first = api.get(LIST, "owner").json["items"][0]["id"]
    assert api.post(f"{LIST}/{first}/resend").status_code == 429, "mailing again counts too"
