"""What the benchmarks of the sync stand on: a private migrated database and Valkey, an app, one store."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from flask import Flask

from app import create_app
from app.config import Settings
from app.models.stores import Store
from app.platform import db, schema
from devtools.services import test_services

SECRET = "benchmark-secret-of-the-shopify-app"


@contextmanager
def settings(**overrides: object) -> Iterator[Settings]:
    """Settings of an app on services of its own."""
    with test_services() as found:
        environment = {
            "DATABASE_URL": found.app_url,
            "MIGRATION_DATABASE_URL": found.owner_url,
            "REDIS_URL": found.redis_url,
            "SHOPIFY_API_KEY": "benchmark-client-id",
            "SHOPIFY_API_SECRET": SECRET,
            "APP_URL": "http://127.0.0.1",
            "SECRET_KEY": "k" * 40,
            "TOKEN_KEYS": "k1:" + base64.b64encode(b"1" * 32).decode(),
            "LOG_LEVEL": "CRITICAL",
        }
        made = Settings.from_env(environment, testing=True, **overrides)
        schema.upgrade(made.migration_database_url, made.database_url)
        yield made


def environment(made: Settings) -> dict[str, str]:
    """The environment of another process on the same services."""
    keys = ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in made.token_keys)
    return {
        **os.environ,
        "DATABASE_URL": made.database_url.replace("+psycopg2", ""),
        "REDIS_URL": made.redis_url,
        "QUEUE_PREFIX": made.queue_prefix,
        "SHOPIFY_API_KEY": made.shopify_api_key,
        "SHOPIFY_API_SECRET": made.shopify_api_secret,
        "SHOPIFY_STORE_URL": made.shopify_store_url,
        "APP_URL": made.app_url,
        "SECRET_KEY": made.secret_key,
        "TOKEN_KEYS": keys,
        "LOG_LEVEL": "CRITICAL",
    }


def application(made: Settings) -> Flask:
    """The app on these settings."""
    return create_app(made)


def store(app: Flask, shop: str) -> int:
    """An installed store whose token lives for an hour; its id."""
    cipher = app.extensions["cipher"]
    now = datetime.now(UTC)
    with app.app_context(), db.separate_transaction() as own:
        made = Store(
            shop=shop,
            access_token_sealed=cipher.seal("shpat_benchmark", context=f"{shop}:access"),
            refresh_token_sealed=cipher.seal("shprt_benchmark", context=f"{shop}:refresh"),
            access_expires_at=now + timedelta(hours=1),
            refresh_expires_at=now + timedelta(days=90),
            installed_at=now - timedelta(days=365),
        )
        own.add(made)
        own.flush()
        return made.id
