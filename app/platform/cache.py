"""What may be kept in Redis for a while and worked out anew when it is gone."""

from __future__ import annotations

import logging
from typing import cast

from redis.exceptions import RedisError

from app.platform import queue

log = logging.getLogger(__name__)


def find(key: str) -> bytes | None:
    """What was kept, None when nothing is, or Redis is away: the caller works it out again."""
    try:
        return cast("bytes | None", queue.connection().get(f"cache:{key}"))
    except RedisError:
        log.warning("the cache cannot be read")
        return None


def keep(key: str, content: str, *, seconds: int) -> None:
    """Keep it, if Redis is there."""
    try:
        queue.connection().set(f"cache:{key}", content, ex=seconds)
    except RedisError:
        log.warning("the cache cannot be written")
