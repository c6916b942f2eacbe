"""The GraphQL documents that we send, read once from queries/*.graphql."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from pathlib import Path

_FOLDER = Path(__file__).parent / "queries"


@functools.cache
def document(name: str) -> str:
    """The text of `queries/{name}.graphql`."""
    return (_FOLDER / f"{name}.graphql").read_text(encoding="utf-8")


def bulk_document(name: str, *, since: datetime | None = None) -> str:
    """A bulk query, for all or for what changed since a moment.

    The date is quoted: unquoted, Shopify mis-parses it on the colons and silently returns everything.
    """
    search = "" if since is None else f"updated_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
    return document(name).replace("{filter}", search)


def names() -> list[str]:
    """All documents' names."""
    return sorted(path.stem for path in _FOLDER.glob("*.graphql"))
