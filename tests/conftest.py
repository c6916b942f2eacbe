"""What tests stand on: a real PostgreSQL and Valkey with the real migrations, and an app on them."""

from __future__ import annotations

import base64
import gc
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as hypothesis_settings

# What serves and stores is imported by the fixtures that need it: whoever tests the domain alone needs none of it.
if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from app.config import Settings
    from devtools.services import Services

# The same examples at every run, and no limit of time for one: whether a change may land is no matter of
# luck or load.
# `HYPOTHESIS_PROFILE=explore bin/test …` tries new ones.
hypothesis_settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis_settings.register_profile("explore", deadline=None, max_examples=1000)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

# Modules that take long however few tests they hold, the longest first: begun last, one of them would keep the
# others waiting.
LONG = (
    "blueprints/test_in_browser.py",
    "rules/test_access_matrix.py",
    "api/test_openapi.py",
    "jobs/test_month.py",
    "journeys/test_embedded.py",
    "journeys/test_purchasing.py",
    "journeys/test_standalone.py",
    "jobs/test_troubles.py",
    "simulator/test_life.py",
    "faults/test_faults.py",
    "jobs/test_recovery.py",
    "jobs/test_reading.py",
    "services/test_totals.py",
    "shopify/test_conformance.py",
    "devtools/test_services.py",
)


def turn(item: pytest.Item) -> int:
    """The place of its module among the long ones, which begin first."""
    names = (place for place, name in enumerate(LONG) if str(item.path).endswith(name))
    return next(names, len(LONG))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long modules first; all others as they were found."""
    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """What has been imported stays: no collection of garbage need look through it again and again."""
    gc.freeze()


def sqlalchemy_url(url: str) -> str:
    """The address in the form that SQLAlchemy wants."""
    return str(url).replace("postgresql://", "postgresql+psycopg2://", 1)


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """One private, migrated database and one private Valkey database for this test process."""
    from app.platform import schema
    from devtools.services import test_services as private_services

    with private_services() as found:
        schema.upgrade(sqlalchemy_url(found.owner_url), sqlalchemy_url(found.app_url))
        yield found


@pytest.fixture(scope="session")
def settings(services: Services) -> Settings:
    """Settings of the app under test."""
    from app.config import Settings
    from tests.signing import API_KEY, SECRET

    return Settings.from_env(
        {
            "DATABASE_URL": services.app_url,
            "MIGRATION_DATABASE_URL": services.owner_url,
            "REDIS_URL": services.redis_url,
            "SHOPIFY_API_KEY": API_KEY,
            "SHOPIFY_API_SECRET": SECRET,
            "APP_URL": "http://fluxor.test",
            "SECRET_KEY": "k" * 40,
            "TOKEN_KEYS": "k1:" + base64.b64encode(b"1" * 32).decode(),
            "LOG_LEVEL": "WARNING",
        },
        testing=True,
        bcrypt_cost=4,  # the cost is what makes it slow
        shopify_backoff_seconds=0.01,  # a simulated Shopify is none the better for a rest
    )


@pytest.fixture(scope="session")
def app(settings: Settings) -> Flask:
    """The application, made once."""
    from app import create_app

    _made["app"] = create_app(settings)
    return _made["app"]


@pytest.fixture(autouse=True, scope="module")
def _leaving() -> Iterator[None]:
    """Stores leave with the module that made them, and their work with them.

    What looks after every store would else look after those of all modules before it.
    """
    yield
    if "app" in _made:
        from tests import factories

        factories.leave(_made["app"])


_made: dict[str, Flask] = {}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor without any proof of identity."""
    return app.test_client()
