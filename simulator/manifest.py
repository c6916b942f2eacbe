"""The app's `shopify.app.toml`, read as Shopify reads it: scopes, addresses, webhook subscriptions."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import Any

from simulator.config import SimulatorConfig

DEFAULT_SCOPES = ("read_products", "read_inventory", "read_locations", "read_orders")
COMPLIANCE = ("customers/data_request", "customers/redact", "shop/redact")


class BadManifest(ValueError):
    """The toml cannot be used; the message names the file and the key."""


@dataclass(frozen=True)
class Subscription:
    """One webhook subscription of the manifest."""

    topic: str
    uri: str
    include_fields: tuple[str, ...] = ()
    filter: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Manifest:
    """What Shopify knows of the app."""

    handle: str
    name: str
    scopes: tuple[str, ...]
    optional_scopes: tuple[str, ...] = ()
    redirect_urls: tuple[str, ...] = ()
    webhook_version: str = "2026-07"
    subscriptions: tuple[Subscription, ...] = field(default_factory=tuple)


def read_manifest(config: SimulatorConfig) -> Manifest:
    """The manifest of the app under simulation; without a toml, the four reading scopes and no webhooks."""
    if config.app_toml is None:
        scopes = config.scopes or ",".join(DEFAULT_SCOPES)
        return Manifest(
            config.app_handle, "Fluxor", _split(scopes), redirect_urls=(f"{config.app_url}/auth/callback",)
        )
    try:
        content = tomllib.loads(config.app_toml.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadManifest(f"{config.app_toml} cannot be read: {error}") from None
    return _manifest(content, config)


def _split(text: str) -> tuple[str, ...]:
    return tuple(scope.strip() for scope in text.split(",") if scope.strip())


def _manifest(content: dict[str, Any], config: SimulatorConfig) -> Manifest:
    access, hooks = content.get("access_scopes", {}), content.get("webhooks", {})
    scopes = config.scopes if config.scopes is not None else access.get("scopes", "")
    if not isinstance(scopes, str):
        raise BadManifest(f"{config.app_toml}: access_scopes.scopes must be one comma-separated text")
    found = [s for entry in hooks.get("subscriptions", []) for s in _subscriptions(entry, config)]
    return Manifest(
        config.app_handle,
        str(content.get("name", "Fluxor")),
        _split(scopes),
        tuple(access.get("optional_scopes", ())),
        tuple(_here(url, content, config) for url in content.get("auth", {}).get("redirect_urls", ())),
        str(hooks.get("api_version", "2026-07")),
        tuple(found),
    )


def _here(url: str, content: dict[str, Any], config: SimulatorConfig) -> str:
    """The manifest's own address replaced by where the app runs now (as `shopify app dev` does)."""
    base = str(content.get("application_url", "")).rstrip("/")
    return config.app_url.rstrip("/") + url[len(base) :] if base and url.startswith(base) else url


def _subscriptions(entry: dict[str, Any], config: SimulatorConfig) -> list[Subscription]:
    topics = [*entry.get("topics", ()), *entry.get("compliance_topics", ())]
    uri = entry.get("uri")
    if not topics or not isinstance(uri, str):
        raise BadManifest(
            f"{config.app_toml}: each webhooks.subscriptions needs topics (or compliance_topics) and a uri"
        )
    unknown = [t for t in entry.get("compliance_topics", ()) if t not in COMPLIANCE]
    if unknown:
        raise BadManifest(
            f"{config.app_toml}: {unknown[0]!r} is not a compliance topic ({', '.join(COMPLIANCE)})"
        )
    address = config.app_url.rstrip("/") + uri if uri.startswith("/") else uri
    fields, name = tuple(entry.get("include_fields", ())), entry.get("name")
    return [Subscription(topic, address, fields, entry.get("filter"), name) for topic in topics]
