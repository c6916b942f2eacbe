"""A store with products, stock and sales, its members, and a stranger with a store of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.platform import queue
from tests.factories import ready_store
from tests.people import bearer, join, make_shop, make_user, token


@dataclass(frozen=True)
class Api:
    """The filled store and everybody who may ask about it."""

    app: Flask
    store_id: int
    product_ids: list[int]
    people: dict[str, dict[str, str]]
    emails: dict[str, str]
    user_ids: dict[str, int]

    def get(self, path: str, who: str = "viewer", **options: Any) -> Any:
        """Ask as one of `people`."""
        return self.client().get(path, headers={**self.people[who], **options.pop("headers", {})}, **options)

    def post(self, path: str, who: str = "owner", **options: Any) -> Any:
        """Send as one of `people`."""
        return self.client().post(path, headers={**self.people[who], **options.pop("headers", {})}, **options)

    def client(self) -> FlaskClient:
        """A client without cookies."""
        return self.app.test_client(use_cookies=False)


@pytest.fixture(scope="module")
def api(app: Flask) -> Api:
    shop, ids = ready_store(app)
    people: dict[str, dict[str, str]] = {"anonymous": {}}
    emails, user_ids = {}, {}
    for role in ("owner", "manager", "viewer"):
        user_ids[role], emails[role] = make_user(app)
        if role != "owner":
            join(app, user_ids[role], shop.id, role)
    link_owner(app, user_ids["owner"], shop.id)
    for role, user_id in user_ids.items():
        people[role] = bearer(token(app, user_id, shop.id))
    stranger, _ = make_user(app)
    foreign, _ = make_shop(app, name="Somebody else's")
    join(app, stranger, foreign, "owner")
    people["stranger"] = bearer(token(app, stranger, foreign))
    people["intruder"] = bearer(token(app, stranger, shop.id))  # signed rightly, but no member there
    people["homeless"] = bearer(token(app, make_user(app)[0], None))
    return Api(app, shop.id, ids, people, emails, user_ids)


def link_owner(app: Flask, user_id: int, store_id: int) -> None:
    """The store's owner is there already (as staff of the admin): let the user be that member."""
    from app.models.users import StoreUser
    from app.platform import db, tenancy

    with app.app_context(), tenancy.store_scope(db.session(), store_id), db.transaction() as session:
        member = db.rows("SELECT id FROM members WHERE role = 'owner'")[0].id
        session.add(StoreUser(user_id=user_id, store_id=store_id, member_id=member))


@pytest.fixture(autouse=True)
def fresh_counts(app: Flask) -> Iterator[None]:
    with app.app_context():
        queue.connection().flushdb()
    yield
