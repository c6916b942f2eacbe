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


def search(field: str, since: datetime) -> str:
    """A search for what is as young as `since` or younger.

    The date is quoted: unquoted, Shopify mis-parses it on the colons and silently returns everything.
    """
    return f"{field}:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"


def bulk_document(
    name: str,
    *,
    since: datetime | None = None,
    created_since: datetime | None = None,
    newest_first: bool = False,
) -> str:
    """A bulk query for all, for what has changed since a moment, or for what was created since one.

    The sort key is the one of the search: Shopify is slow or fails otherwise. `newest_first` sorts by creation.
    """
    wanted = ""
    if since is not None:
        wanted = search("updated_at", since)
    elif created_since is not None:
        wanted = search("created_at", created_since)
    by_creation = since is None and (created_since is not None or newest_first)
    return (
        document(name)
        .replace("{filter}", wanted)
        .replace("{sort}", "CREATED_AT" if by_creation else "UPDATED_AT")
        .replace("{reverse}", "true" if newest_first else "false")
    )


def names() -> list[str]:
    """All documents' names."""
    return sorted(path.stem for path in _FOLDER.glob("*.graphql"))
