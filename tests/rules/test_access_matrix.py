"""Every route tried by every kind of visitor; what each may get follows from the table of needs alone.

The routes are read from routes.txt, which another rule keeps equal to the app's, so a new route is tried as
soon as it exists; one whose address cannot be filled in fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Map, Rule

from app.platform import clock
from app.platform.access import GRANTS, Open, Permission, Role, SignedIn
from app.platform.api import operations
from app.services.reports import KINDS
from tests import people
from tests.rules.test_routes import LIST
from tests.rules.visitors import FORGED, MARK, MEMBERS, VISITORS, Stage, contents, staged

ROUTES = [(line.split()[2], line.split()[1]) for line in LIST.read_text().splitlines()]
# Routes that may answer a foreign id with something else than 404, each with its reason.
_NOT_404 = {
    "replenishment.wake": "takes a mark away if there is one; there is none, and the own list is shown"
}
# What a page outside the admin does with a visitor whom it does not know.
_LOGIN = ("/login", "/auth/bounce")


@pytest.fixture(scope="module")
def stage(app: Flask) -> Iterator[Stage]:
    with people.post_box(app), staged(app) as found:
        yield found


def knock(app: Flask, stage: Stage, endpoint: str, method: str, visitor: str) -> Any:
    """The answer, with every id of the store also given as query and, in a write, as form values."""
    rule = next(rule for rule in app.url_map.iter_rules(endpoint) if method in (rule.methods or ()))
    address = stage.path(rule)
    ids = {name: value for name, value in stage.parameters.items() if name.endswith("_id")}
    asked = {**ids, "after": clock.now().isoformat(), "kind": next(iter(KINDS)), "q": MARK[:3], "hours": "24"}
    asked |= {"choice": "decline", "quantity": 1, "until": clock.now().date() + timedelta(days=30)}
    asked |= {"alert": ids["alert_id"], "variant": ids["variant_id"], "supplier": ids["supplier_id"]}
    sent: dict[str, Any] = {"query_string": asked} if method == "GET" else {"data": asked}
    if method != "GET" and takes_json(app, endpoint):
        sent = {"json": stage.body(endpoint)}
    return app.test_client().open(
        address, method=method, headers={"Accept": "text/html", **stage.headers(visitor)}, **sent
    )


def takes_json(app: Flask, endpoint: str) -> bool:
    """Whether the route reads a JSON body; BODIES says what is sent to it."""
    return any(one.name == endpoint and one.body is not None for one in operations(app))


def role_of(visitor: str) -> Role:
    """The role behind a visitor's name; a stranger owns the other store."""
    word = visitor.split()[0]
    return Role.OWNER if word == "stranger" else Role(word)


def is_turned_away(answer: Any) -> bool:
    """401, or led to the page where one proves who one is."""
    return answer.status_code == 401 or (
        answer.status_code in (302, 303) and answer.headers["Location"].startswith(_LOGIN)
    )


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize(("endpoint", "method"), ROUTES, ids=[f"{m} {e}" for e, m in ROUTES])
def test_the_answer_follows_from_the_table(
    app: Flask, stage: Stage, endpoint: str, method: str, visitor: str
) -> None:
    need = app.extensions["access"][endpoint]
    answer = knock(app, stage, endpoint, method, visitor)
    is_known = visitor not in FORGED and visitor != "nobody"
    assert answer.status_code < 500, answer.text
    if visitor.split()[0] not in MEMBERS:
        assert MARK not in answer.text
        assert stage.store.domain not in answer.text
    if isinstance(need, Open):
        return
    if not is_known:
        assert is_turned_away(answer), answer.status_code
    elif isinstance(need, SignedIn):
        assert answer.status_code not in (401, 403)
    elif need not in GRANTS[role_of(visitor)]:
        assert answer.status_code == 403
    elif visitor.startswith("stranger"):
        assert answer.status_code not in (401, 403)
        names_a_thing = "_id" in _rule(app, endpoint).rule and endpoint not in _NOT_404
        assert answer.status_code == 404 or not names_a_thing
    else:
        assert answer.status_code not in (401, 403, 404)
        assert method != "GET" or answer.status_code < 400, answer.text


def _rule(app: Flask, endpoint: str) -> Rule:
    return next(iter(app.url_map.iter_rules(endpoint)))


def test_whoever_is_refused_changes_nothing(app: Flask, stage: Stage) -> None:
    before = contents(app, stage.store)
    for endpoint, method in ROUTES:
        if method == "GET":
            continue
        need = app.extensions["access"][endpoint]
        for visitor in VISITORS:
            is_member = visitor.split()[0] in MEMBERS
            if not is_member or (isinstance(need, Permission) and need not in GRANTS[role_of(visitor)]):
                knock(app, stage, endpoint, method, visitor)
        assert contents(app, stage.store) == before, (
            f"somebody who is refused changed something at {endpoint}"
        )


def test_the_store_shows_its_mark_to_its_own_members(app: Flask, stage: Stage) -> None:
    """Else the search for the mark in strangers' answers would prove nothing."""
    reads = [endpoint for endpoint, method in ROUTES if method == "GET"]
    shown = {e for e in reads if MARK.encode() in knock(app, stage, e, "GET", "viewer").data}
    assert {"catalog.index", "catalog.show", "alerts.index", "replenishment.index"} <= shown


def test_a_changed_row_changes_the_contents(app: Flask, stage: Stage) -> None:
    before = contents(app, stage.store)
    knock(app, stage, "alerts.snooze", "POST", "owner")
    assert contents(app, stage.store) != before


def test_a_parameter_that_nobody_fills_is_named(stage: Stage) -> None:
    planted = Rule("/planted/<int:unheard_of>", endpoint="planted")
    Map([planted])
    with pytest.raises(KeyError, match="unheard_of"):
        stage.path(planted)
