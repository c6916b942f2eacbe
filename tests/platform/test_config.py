"""A wrong environment stops the boot with one line that names the key."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import ConfigError, Settings

KEY = base64.b64encode(b"1" * 32).decode()
GOOD = {
    "DATABASE_URL": "postgres://u:p@localhost/db",
    "REDIS_URL": "redis://localhost",
    "SHOPIFY_API_KEY": "id",
    "SHOPIFY_API_SECRET": "secret",
    "APP_URL": "https://app.example.com/",
    "SECRET_KEY": "x" * 32,
    "TOKEN_KEYS": f"k1:{KEY}",
}


def test_a_complete_environment_is_read() -> None:
    settings = Settings.from_env(GOOD)
    assert settings.database_url == "postgresql+psycopg2://u:p@localhost/db"
    assert settings.migration_database_url == settings.database_url
    assert settings.app_url == "https://app.example.com"
    assert settings.store_url("a.myshopify.com") == "https://a.myshopify.com"
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("key", sorted(GOOD))
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(ConfigError, match=f"^{key} "):
        Settings.from_env({name: value for name, value in GOOD.items() if name != key})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DATABASE_URL", "mysql://x"),
        ("APP_URL", "fluxor.example.com"),
        ("SECRET_KEY", "short"),
        ("TOKEN_KEYS", "nonsense"),
        ("TOKEN_KEYS", "k1:%%%"),
        ("TOKEN_KEYS", "k1:" + base64.b64encode(b"too short").decode()),
        ("SHOPIFY_STORE_URL", "https://fixed.example.com"),
        ("MAILGUN_API_KEY", "alone"),
    ],
)
def test_a_malformed_key_is_named(key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=key):
        Settings.from_env({**GOOD, key: value})


def test_the_boot_ends_with_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        env={"PATH": os.environ["PATH"]},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "Fluxor cannot start: DATABASE_URL is not set. "
        "Set it in the environment (docs/deploy.md lists every key)."
    )
