"""`flask rotate-keys`: every token is sealed anew, opens with the new key alone, and is never shown."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest
from click.testing import Result
from flask import Flask

from app import create_app
from app.config import Settings
from app.models.stores import Store
from app.platform import clock, db
from app.platform.secrets import TokenCipher

SHOP = "rotation.myshopify.com"
OLD, NEW = ("k1", b"1" * 32), ("k2", b"2" * 32)
TOKEN, REFRESH = "shpat_rotation_token", "shprt_rotation_refresh"


@pytest.fixture
def store_id(app: Flask) -> Iterator[int]:
    """A store whose tokens were sealed with the old key."""
    old, later = TokenCipher([OLD]), clock.now() + timedelta(hours=1)
    with app.app_context(), db.separate_transaction() as own:
        store = Store(
            shop=SHOP,
            access_token_sealed=old.seal(TOKEN, context=f"{SHOP}:access"),
            refresh_token_sealed=old.seal(REFRESH, context=f"{SHOP}:refresh"),
            access_expires_at=later,
            refresh_expires_at=later,
        )
        own.add(store)
        own.flush()
        found = store.id
    # No application context stays open here: the command under test runs in another application's.
    yield found
    with app.app_context(), db.separate_transaction() as own:
        own.delete(own.get(Store, found))


def rotate(settings: Settings, *keys: tuple[str, bytes]) -> Result:
    """Run the command as an operator whose TOKEN_KEYS are these."""
    app = create_app(dataclasses.replace(settings, token_keys=keys))
    with app.app_context():
        return app.test_cli_runner().invoke(args=["rotate-keys"])


def sealed(app: Flask, store_id: int) -> tuple[str, str]:
    with app.app_context(), db.separate_transaction() as own:
        store = own.get(Store, store_id)
        assert store is not None
        return str(store.access_token_sealed), str(store.refresh_token_sealed)


def test_rotated_tokens_open_with_the_new_key_alone(app: Flask, settings: Settings, store_id: int) -> None:
    before = sealed(app, store_id)
    result = rotate(settings, NEW, OLD)
    assert SHOP not in result.output
    assert TOKEN not in result.output
    access, refresh = sealed(app, store_id)
    assert access != before[0] and refresh != before[1]
    new = TokenCipher([NEW])
    assert new.unseal(access, context=f"{SHOP}:access") == TOKEN
    assert new.unseal(refresh, context=f"{SHOP}:refresh") == REFRESH
    rotate(settings, NEW, OLD)
    assert sealed(app, store_id) == (access, refresh)


def test_what_does_not_open_is_left_alone_and_named(app: Flask, settings: Settings, store_id: int) -> None:
    before = sealed(app, store_id)
    result = rotate(settings, NEW)
    assert result.exit_code == 1
    assert f"{SHOP}: The key 'k1' is not in TOKEN_KEYS" in result.output
    assert sealed(app, store_id) == before


def test_a_copy_of_the_database_holds_no_token(app: Flask, store_id: int) -> None:
    """Neither in the clear nor as mere base64."""
    for value in sealed(app, store_id):
        raw = base64.urlsafe_b64decode(value.partition(".")[2])
        assert TOKEN.encode() not in raw and REFRESH.encode() not in raw
