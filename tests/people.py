"""People who log in, their stores, and a post box, for tests of the doors outside the admin."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from rq import SimpleWorker

from app.models.stores import Member, Store
from app.models.users import StoreUser, User
from app.platform import clock, db, queue, sessions, tenancy
from app.platform.mail import Message
from app.platform.passwords import Hasher
from app.services import stores

PASSWORD = "Right horse 9"
ORIGIN = "http://fluxor.test"
_numbers = itertools.count(1)


@dataclass
class PostBox:
    """Stands where Mailgun would, and keeps what was sent."""

    sent: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> str:
        """Keep the mail."""
        self.sent.append(message)
        return "<kept>"

    def link(self, position: int = -1) -> str:
        """The token of the link in a mail."""
        found = re.search(r"token=([\w.%-]+)", self.sent[position].text)
        assert found, self.sent[position].text
        return found.group(1)


@contextmanager
def post_box(app: Flask) -> Iterator[PostBox]:
    """Mails go into a box until the block ends."""
    before, box = app.extensions["mailer"], PostBox()
    app.extensions["mailer"] = box
    try:
        yield box
    finally:
        app.extensions["mailer"] = before


def work(app: Flask) -> None:
    """Do all jobs that wait."""
    with app.app_context():
        queues = [queue.queue(name) for name in queue.QUEUES]
        SimpleWorker(queues, connection=queue.connection()).work(burst=True, logging_level="ERROR")


def address() -> str:
    """An e-mail address that nobody has yet."""
    return f"person-{next(_numbers)}@example.com"


def make_user(app: Flask, *, email: str = "", confirmed: bool = True) -> tuple[int, str]:
    """A user with PASSWORD; returns id and address."""
    email = email or address()
    with app.app_context(), db.separate_transaction() as own:
        user = User(
            email=email,
            password_hash=Hasher(4).hash(PASSWORD),
            confirmed_at=clock.now() if confirmed else None,
        )
        own.add(user)
        own.flush()
        return user.id, email


def make_shop(app: Flask, *, name: str = "Bean & Leaf") -> tuple[int, str]:
    """An installed store without anything; returns id and domain."""
    shop = f"door-{next(_numbers)}.myshopify.com"
    with app.app_context():
        with db.separate_transaction() as own:
            store = Store(
                shop=shop,
                name=name,
                currency="EUR",
                access_token_sealed="k1.x",
                refresh_token_sealed="k1.x",
                access_expires_at=clock.now() + timedelta(hours=1),
            )
            own.add(store)
            own.flush()
            store_id = store.id
        with tenancy.store_scope(db.session(), store_id), db.transaction():
            stores.settings()
    return store_id, shop


def join(app: Flask, user_id: int, store_id: int, role: str) -> None:
    """Make the user a member of the store."""
    with app.app_context(), tenancy.store_scope(db.session(), store_id), db.transaction() as session:
        member = Member(email="x@example.com", name=f"The {role}", role=role)
        session.add(member)
        session.flush()
        session.add(StoreUser(user_id=user_id, store_id=store_id, member_id=member.id))


def token(app: Flask, user_id: int, store_id: int | None, *, version: int = 1) -> str:
    """A session's token."""
    with app.app_context():
        return sessions.encode(sessions.begin(user_id, version=version, store_id=store_id))


def bearer(text: str) -> dict[str, str]:
    """The header that carries it."""
    return {"Authorization": f"Bearer {text}"}


def log_in(client: FlaskClient, email: str, password: str = PASSWORD, **options: Any) -> Any:
    """Post the log-in form as a browser does."""
    return client.post(
        "/login", data={"email": email, "password": password}, headers={"Origin": ORIGIN}, **options
    )
