"""Structured logs: JSON lines with a correlation id from request to job to Shopify call, secrets redacted."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

_context: ContextVar[dict[str, Any] | None] = ContextVar("log_context", default=None)
_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "taskName"}

# What must never reach a log: Shopify's tokens, JWTs, bearer headers, mail addresses, URL credentials.
_SECRETS = re.compile(
    r"shp(?:at|rt|ss|ca|pa|ua)_[A-Za-z0-9_-]+"
    r"|eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*"
    r"|(?i:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
    r"|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"
    r"|(?<=id_token=)[^&\s\"']+|(?<=hmac=)[^&\s\"']+|(?<=code=)[^&\s\"']{8,}"
)


def redact(value: str) -> str:
    """Replace secrets and personal data by `[redacted]`."""
    return _SECRETS.sub("[redacted]", value)


def configure(level: str) -> None:
    """Write JSON lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "urllib3", "cmdstanpy", "prophet", "rq.worker", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@contextmanager
def context(**fields: Any) -> Iterator[None]:
    """Add fields to each line logged inside."""
    token = _context.set({**(_context.get() or {}), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def correlation_id() -> str:
    """The id that ties a request to its jobs and their calls; made up when there is none."""
    known = (_context.get() or {}).get("correlation_id")
    return str(known) if known else secrets.token_hex(8)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **(_context.get() or {}),
            **{key: value for key, value in record.__dict__.items() if key not in _STANDARD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return redact(json.dumps(line, default=str, ensure_ascii=False))
