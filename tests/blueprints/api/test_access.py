"""Every JSON route is tried by everybody: who may, who may not, and with tokens that are not theirs."""

from __future__ import annotations

import re
from datetime import timedelta

import jwt
import pytest
from flask import Flask

from app.platform import api as machinery
from app.platform import clock, sessions
from app.platform.access import GRANTS, Open, Permission, Role, SignedIn
from tests.blueprints.api.conftest import Api
from tests.people import bearer, token
from tests.signing import SECRET

KEY = sessions.derived_key("k" * 40, "session")


def routes(app: Flask) -> list[tuple[str, str, object]]:
    """Method, an address, and the need of every JSON route."""
    found = []
    for one in machinery.operations(app):
        address = one.rule.replace("<int:product_id>", "1000")
        found.append((one.method, re.sub("<int:[a-z_]+>", "1", address), one.need))
    return found


def ask(api: Api, method: str, address: str, headers: dict[str, str]) -> int:
    """Only whether one gets in counts, so a write brings nothing that could be used."""
    sent = {} if method == "GET" else {"json": {"nothing": "usable"}}
    return int(api.client().open(address, method=method, headers=headers, **sent).status_code)


@pytest.mark.parametrize("who", [*Role, "stranger", "homeless", "intruder", "anonymous"])
def test_every_route_lets_in_whom_the_table_names(api: Api, who: str) -> None:
    checked = 0
    for method, address, need in routes(api.app):
        if address in ("/api/auth/logout",):
            continue  # it would end the session of the others
        status = ask(api, method, address, api.people[who])
        if isinstance(need, Open):
            assert status not in (401, 403), (method, address)
        elif who == "anonymous":
            assert status == 401, (method, address)
        elif isinstance(need, SignedIn):
            assert status not in (401, 403), (method, address)
        elif who in ("homeless", "intruder"):
            assert status == 403, (method, address)
        else:
            role = Role.OWNER if who == "stranger" else Role(who)
            assert isinstance(need, Permission)
            assert (status == 403) is (need not in GRANTS[role]), (method, address, status)
        checked += 1
    assert checked >= 22


@pytest.mark.parametrize("name", ["expired", "other key", "shopify's key", "other app", "nonsense", "ended"])
def test_no_route_takes_a_token_that_is_not_good(api: Api, name: str) -> None:
    good = token(api.app, api.user_ids["owner"], api.store_id)
    claims = jwt.decode(good, options={"verify_signature": False})
    bad = {
        "expired": lambda: good,
        "other key": lambda: jwt.encode(claims, "x" * 40, "HS256"),
        "shopify's key": lambda: jwt.encode(claims, SECRET, "HS256"),
        "other app": lambda: jwt.encode({**claims, "aud": "another.app"}, KEY, "HS256"),
        "nonsense": lambda: "a.b.c",
        "ended": lambda: ended(api, good),
    }[name]()
    later = timedelta(hours=25) if name == "expired" else timedelta(0)
    with clock.travel(later):
        for method, address, need in routes(api.app):
            if not isinstance(need, Open):
                assert ask(api, method, address, bearer(bad)) == 401, (method, address)


def ended(api: Api, good: str) -> str:
    with api.app.app_context():
        sessions.end(sessions.decode(good))
    return good


def test_a_stranger_sees_nothing_of_the_store(api: Api) -> None:
    for name in ("inventory", "forecast", "alerts", "reports", "suggestions?show=all", "suppliers"):
        assert api.get(f"/api/{name}", "viewer").status_code == 200
        assert api.get(f"/api/{name}", "stranger").json["total"] == 0
    product = api.product_ids[0]
    assert api.get(f"/api/suggestions/{product}", "stranger").status_code == 404
    assert api.get(f"/api/forecast?product_id={product}", "stranger").json["total"] == 0


def test_refusals_are_problems_that_say_what_to_do(api: Api) -> None:
    nobody = api.get("/api/inventory", "anonymous")
    assert (nobody.mimetype, nobody.headers["WWW-Authenticate"]) == ("application/problem+json", "Bearer")
    assert "/api/auth/login" in nobody.json["detail"]
    assert "/connect" in api.get("/api/inventory", "homeless").json["detail"]
    assert "owner" in api.post("/api/inventory/sync", "viewer").json["detail"]
