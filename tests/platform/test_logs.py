"""No secret and no personal data in a log line."""

from __future__ import annotations

import json
import logging

import pytest

from app.platform import logs


@pytest.mark.parametrize(
    "secret",
    [
        "shpat_0123456789abcdef",
        "shprt_0123456789abcdef",
        "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ4In0.abc-_123",
        "Bearer abcdefgh12345678",
        "jane@example.com",
        "hunter2secret@db.internal",
    ],
)
def test_secrets_are_redacted(secret: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, f"said {secret} twice", (), None)
    assert secret not in logs.JsonFormatter().format(record)


def test_credentials_in_an_address_are_redacted() -> None:
    assert logs.redact("postgresql://user:pass@host/db") == "postgresql://[redacted]@host/db"


def test_context_and_fields_stand_on_the_line() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "done", (), None)
    record.count = 3
    with logs.context(store_id=7, correlation_id="abc"):
        line = json.loads(logs.JsonFormatter().format(record))
    assert (line["store_id"], line["correlation_id"], line["count"], line["message"]) == (7, "abc", 3, "done")


def test_an_exception_is_kept_on_one_line() -> None:
    try:
        raise ValueError("shpat_secretsecret")
    except ValueError:
        import sys

        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), sys.exc_info())
    text = logs.JsonFormatter().format(record)
    assert "\n" not in text
    assert "shpat_secretsecret" not in text
    assert "ValueError" in text
