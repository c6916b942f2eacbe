"""One store with everything in it, and a stranger's, for the tests of the pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from app.platform import queue
from tests import factories, people
from tests.blueprints import ordering
from tests.factories import Shop

if TYPE_CHECKING:  # whoever asks for no browser need not load what drives one
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def ready(app: Flask) -> tuple[Shop, list[int]]:
    """A store after its first sync; tests that change it make one of their own."""
    shop, ids = factories.ready_store(app)
    factories.LASTING.add(shop.domain)
    return shop, ids


@pytest.fixture(scope="session")
def stranger(app: Flask) -> tuple[Shop, list[int]]:
    """Another store, whose products have other ids."""
    shop = factories.make_store(app, name="Stranger")
    factories.LASTING.add(shop.domain)
    return shop, factories.fill(app, shop, factories.ITEMS[:2], first_id=90_000)


@pytest.fixture(scope="session")
def buyer(app: Flask) -> Shop:
    """A store with suggestions, for the tests of purchase orders; each of them forgets what it ordered."""
    shop = ordering.make_buyer(app)
    factories.LASTING.add(shop.domain)
    return shop


@pytest.fixture
def fresh_counts(app: Flask) -> None:
    """Nobody has tried anything yet: limits and ended sessions are forgotten."""
    with app.app_context():
        queue.connection().flushdb()


@pytest.fixture
def owner(app: Flask) -> tuple[int, str, int]:
    """A user who owns one store: their id, their address, the store's id."""
    (user_id, email), (store_id, _) = people.make_user(app), people.make_shop(app)
    people.join(app, user_id, store_id, "owner")
    return user_id, email, store_id


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a window."""
    from playwright.sync_api import sync_playwright

    from devtools.chromium import ensure_chromium

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(ensure_chromium()), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    """Where the app answers a browser."""
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
