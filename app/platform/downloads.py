"""Files as downloads: sent piece by piece, so that a long file takes no memory and a slow reader no connection."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from flask import Response, stream_with_context

from app.platform import db, tenancy


def download(content: Iterator[bytes], *, filename: str, mimetype: str, size: int | None = None) -> Response:
    """The answer that sends the file. With its `size` in bytes a browser shows how far it is, and notices
    when the rest did not come."""
    response = Response(stream_with_context(content), mimetype=mimetype)
    if size is not None:
        response.content_length = size
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def pieces(store_id: int, piece: Callable[[int], bytes | None]) -> Iterator[bytes]:
    """The pieces 0, 1, … of a store's file until there is none, each read in a short transaction of its own.

    Between two of them the connection is free: whoever reads slowly keeps nobody else waiting.
    """
    for number in itertools.count():
        with tenancy.store_scope(db.session(), store_id):
            found = piece(number)
        if found is None:
            return
        yield found
