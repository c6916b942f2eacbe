"""Settings: one frozen dataclass, read from the environment once; a missing or wrong key stops the boot."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

API_VERSION = "2026-10"
SHOPIFY_APP_BRIDGE_URL = "https://cdn.shopify.com/shopifycloud/app-bridge.js"
SHOPIFY_ADMIN_ORIGIN = "https://admin.shopify.com"


class ConfigError(RuntimeError):
    """An environment key is missing or unusable; the message names it and says what to set."""


@dataclass(frozen=True)
class Settings:
    """All that the deployment decides. Secrets are kept out of `repr`."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    shopify_api_key: str
    shopify_api_secret: str = field(repr=False)
    app_url: str
    secret_key: str = field(repr=False)
    token_keys: tuple[tuple[str, bytes], ...] = field(repr=False)
    shopify_api_secret_old: str | None = field(default=None, repr=False)
    migration_database_url: str = field(default="", repr=False)
    mailgun_api_key: str = field(default="", repr=False)
    mailgun_domain: str = ""
    mailgun_base_url: str = "https://api.mailgun.net"
    mail_from: str = ""
    shopify_store_url: str = "https://{shop}"
    shopify_admin_origin: str = SHOPIFY_ADMIN_ORIGIN
    shopify_app_bridge_url: str = SHOPIFY_APP_BRIDGE_URL
    shopify_app_handle: str = "fluxor"
    log_level: str = "INFO"
    queue_prefix: str = ""
    bcrypt_cost: int = 12
    shopify_backoff_seconds: float = 0.5
    api_per_minute: int = 300
    standalone_shop_field: bool = True
    redis_tls_verify: bool = True
    metrics_token: str = field(default="", repr=False)
    sentry_dsn: str = field(default="", repr=False)
    otel_exporter_otlp_endpoint: str = ""
    testing: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
        """Read and check every key.

        Raises ConfigError with one line that names the first key that is missing or malformed.
        """
        source = os.environ if env is None else env
        values: dict[str, Any] = {
            "database_url": _postgres_url(_required(source, "DATABASE_URL"), "DATABASE_URL"),
            "redis_url": _required(source, "REDIS_URL"),
            "shopify_api_key": _required(source, "SHOPIFY_API_KEY"),
            "shopify_api_secret": _required(source, "SHOPIFY_API_SECRET"),
            "app_url": _url(_required(source, "APP_URL"), "APP_URL"),
            "secret_key": _long_enough(_required(source, "SECRET_KEY"), "SECRET_KEY"),
            "token_keys": _token_keys(_required(source, "TOKEN_KEYS")),
            "shopify_api_secret_old": source.get("SHOPIFY_API_SECRET_OLD") or None,
        }
        migration = source.get("MIGRATION_DATABASE_URL") or source["DATABASE_URL"]
        values["migration_database_url"] = _postgres_url(migration, "MIGRATION_DATABASE_URL")
        for key in _OPTIONAL:
            if source.get(key):
                values[key.lower()] = source[key]
        values |= _typed(source)
        values.update(overrides)
        settings = cls(**values)
        settings._check()
        return settings

    def _check(self) -> None:
        if "{shop}" not in self.shopify_store_url:
            raise ConfigError("SHOPIFY_STORE_URL must contain {shop}, for example https://{shop}.")
        if bool(self.mailgun_api_key) != bool(self.mailgun_domain):
            raise ConfigError("MAILGUN_API_KEY and MAILGUN_DOMAIN belong together: set both, or neither.")

    @property
    def sender(self) -> str:
        """The From address of our mails."""
        return self.mail_from or f"Fluxor <fluxor@{self.mailgun_domain or 'localhost'}>"

    def admin_url(self, shop: str) -> str:
        """Where a merchant opens us inside the Shopify admin: what links in mails lead to."""
        handle = shop.removesuffix(".myshopify.com")
        return f"{self.shopify_admin_origin}/store/{handle}/apps/{self.shopify_app_handle}"

    def store_url(self, shop: str) -> str:
        """The origin under which a shop's Admin API answers (`https://{shop}` outside the demo)."""
        return self.shopify_store_url.format(shop=shop)


_OPTIONAL = (
    "MAILGUN_API_KEY",
    "MAILGUN_DOMAIN",
    "MAILGUN_BASE_URL",
    "MAIL_FROM",
    "SHOPIFY_STORE_URL",
    "SHOPIFY_ADMIN_ORIGIN",
    "SHOPIFY_APP_BRIDGE_URL",
    "SHOPIFY_APP_HANDLE",
    "LOG_LEVEL",
    "QUEUE_PREFIX",
    "METRICS_TOKEN",
    "SENTRY_DSN",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
)


def _typed(env: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, low, high in (("BCRYPT_COST", 10, 16), ("API_PER_MINUTE", 10, 100_000)):
        if env.get(key):
            values[key.lower()] = _whole(env[key], key, low, high)
    for key in ("STANDALONE_SHOP_FIELD", "REDIS_TLS_VERIFY"):
        values[key.lower()] = _switch(env, key)
    return values


def _switch(env: Mapping[str, str], key: str) -> bool:
    chosen = env.get(key, "on").lower()
    if chosen not in ("on", "off"):
        raise ConfigError(f"{key} must be on or off (docs/deploy.md says when it must be off).")
    return chosen == "on"


def _whole(value: str, key: str, low: int, high: int) -> int:
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise ConfigError(f"{key} must be a whole number from {low} to {high}.")
    return int(value)


def _required(env: Mapping[str, str], key: str) -> str:
    value = env.get(key, "").strip()
    if not value:
        raise ConfigError(f"{key} is not set. Set it in the environment (docs/deploy.md lists every key).")
    return value


def _postgres_url(value: str, key: str) -> str:
    # Heroku hands out postgres://, which SQLAlchemy no longer accepts.
    for scheme in ("postgres://", "postgresql://", "postgresql+psycopg2://"):
        if value.startswith(scheme):
            return "postgresql+psycopg2://" + value.removeprefix(scheme)
    raise ConfigError(f"{key} must start with postgresql://, as in postgresql://user:password@host/database.")


def _url(value: str, key: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ConfigError(f"{key} must be a web address that starts with https:// (or http:// on localhost).")
    return value.rstrip("/")


def _long_enough(value: str, key: str) -> str:
    if len(value) < 32:
        raise ConfigError(f"{key} must have at least 32 characters: it signs links and sessions.")
    return value


def _token_keys(value: str) -> tuple[tuple[str, bytes], ...]:
    """Parse `id:base64,id:base64`; the first key encrypts, all of them decrypt."""
    keys = []
    for part in value.split(","):
        key_id, separator, encoded = part.strip().partition(":")
        if not separator or not key_id:
            raise ConfigError("TOKEN_KEYS must read id:base64key, several joined by commas, newest first.")
        try:
            secret = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ConfigError(f"TOKEN_KEYS: the key {key_id!r} is not base64.") from error
        if len(secret) != 32:
            raise ConfigError(f"TOKEN_KEYS: the key {key_id!r} has {len(secret)} bytes; AES-256 needs 32.")
        keys.append((key_id, secret))
    return tuple(keys)
