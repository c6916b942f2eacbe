"""The process's connection to Redis: one pool, encrypted and checked as the deployment says."""

from __future__ import annotations

from typing import Any

from redis import Redis

from app.config import Settings


def connect(settings: Settings) -> Redis:
    """A client with a pool of its own; nothing is connected yet."""
    options: dict[str, Any] = {}
    if settings.redis_url.startswith("rediss:") and not settings.redis_tls_verify:
        # Encrypted still; hosts such as Heroku give Redis a certificate that nobody has signed.
        options = {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
    return Redis.from_url(
        settings.redis_url, socket_connect_timeout=2, socket_timeout=30, health_check_interval=30, **options
    )
