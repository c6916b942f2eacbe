"""Bulk operations: start, look, and read the result line by line from any byte, in bounded memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import requests

from app.shopify.admin import AdminClient, AdminError, QueryRefused, ShopifyBusy
from app.shopify.documents import bulk_document

_TIMEOUT = (3.05, 60.0)
_TRIES = 5
_CHUNK = 1 << 18
# Google's storage answers 400 ExpiredToken or 403 to an address whose week is over.
_EXPIRED = (400, 403, 404, 410)


class BulkFailed(AdminError):
    """The operation ended without a usable result; start it again."""


class BulkBusy(ShopifyBusy):
    """Five operations already run for this store; try again later."""


@dataclass(frozen=True)
class BulkState:
    """What Shopify says about an operation. `url` is None when it found no rows; `size` is in bytes."""

    id: str
    status: str
    objects: int
    url: str | None
    size: int | None

    @property
    def is_running(self) -> bool:
        """Whether to look again later."""
        return self.status in ("CREATED", "RUNNING", "CANCELING")


def start(
    client: AdminClient,
    name: str,
    *,
    since: datetime | None = None,
    created_since: datetime | None = None,
    newest_first: bool = False,
) -> str:
    """Start the bulk query `name`; returns the operation's id. Raises BulkBusy, QueryRefused."""
    query = bulk_document(name, since=since, created_since=created_since, newest_first=newest_first)
    data = client.call("bulk_run", query=query)["bulkOperationRunQuery"]
    for error in data["userErrors"]:
        if error.get("code") in ("OPERATION_IN_PROGRESS", "LIMIT_REACHED"):
            raise BulkBusy(error["message"], wait_seconds=10.0, is_fault=False)
        raise QueryRefused(f"{name}: {error['message']}")
    return str(data["bulkOperation"]["id"])


def look(client: AdminClient, operation_id: str) -> BulkState:
    """Ask how far an operation is. Raises BulkFailed when it ended badly.

    What Shopify kept of a failed operation (partialDataUrl) is left alone: nobody knows what it lacks, and the
    rows that are stored already stay useful while the operation is run again.
    """
    found = client.call("bulk_status", id=operation_id)["bulkOperation"]
    if found is None:
        raise BulkFailed("Shopify no longer knows the bulk operation.")
    if found["status"] in ("FAILED", "CANCELED", "EXPIRED"):
        raise BulkFailed(f"The bulk operation ended as {found['status']} ({found['errorCode']}).")
    return BulkState(
        id=operation_id,
        status=found["status"],
        objects=int(found["objectCount"] or 0),
        url=found["url"],
        size=None if found["fileSize"] is None else int(found["fileSize"]),
    )


def lines(url: str | None, *, at: int = 0, size: int | None = None) -> Iterator[tuple[bytes, int]]:
    """The result's lines from byte `at` on, each with the byte after it; a broken download goes on there.

    No token is sent along: the address is signed and lies on a storage host. Raises BulkFailed (the address has
    expired, the file is shorter than `size`), ShopifyBusy (the host cannot be reached).
    """
    tries = 0
    while url is not None and (size is None or at < size):
        before, problem = at, None
        try:
            for line, at in _stream(url, at, size):  # noqa: B020  (where it breaks is where the next begins)
                yield line, at
        except requests.RequestException as error:
            problem = error
        else:
            if size is None or at >= size:
                return
        tries = 0 if at > before else tries + 1
        if tries >= _TRIES:
            if problem is None:
                raise BulkFailed(f"The bulk result ends at byte {at} of {size}; it will be made anew.")
            raise ShopifyBusy("The bulk result could not be downloaded.", wait_seconds=10.0) from problem


def _stream(url: str, at: int, size: int | None) -> Iterator[tuple[bytes, int]]:
    """Whole lines of one download; raises requests' errors when it breaks, and ends at the host's end."""
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={at}-"} if at else {})
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
        if answer.status_code in _EXPIRED:
            raise BulkFailed("The bulk result's address has expired; it will be made anew.")
        if answer.status_code == 416:  # nothing lies behind this byte
            return
        answer.raise_for_status()
        skip = at if answer.status_code == 200 else 0  # the host ignored the range
        rest = b""
        for chunk in answer.iter_content(_CHUNK):
            if skip:
                skip, chunk = max(0, skip - len(chunk)), chunk[skip:]
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                at += len(line) + 1
                yield line, at
    # No newline at the end: cut off if more was promised, else it must be whole.
    if rest and (size is None or at + len(rest) >= size):
        parse(rest)
        yield rest, at + len(rest)


def is_child(line: bytes) -> bool:
    """Whether the line's object belongs to another one (quotes inside JSON strings are escaped)."""
    return b'"__parentId"' in line


def parse(line: bytes) -> dict[str, Any]:
    """The object of one line. Raises BulkFailed at what is not one (a cut-off or damaged file)."""
    try:
        found = orjson.loads(line)
    except ValueError:
        found = _parse_patiently(line)
    if not isinstance(found, dict):
        raise BulkFailed("The bulk result holds a line that is not an object.")
    return found


def _parse_patiently(line: bytes) -> Any:
    """Python's own parser takes half a surrogate pair, which a title cut in the middle of an emoji may hold."""
    try:
        return json.loads(line)
    except ValueError as error:
        raise BulkFailed("The bulk result is cut off or damaged; it will be made anew.") from error
