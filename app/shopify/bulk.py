"""Bulk operations: start, look, and stream the result's lines in bounded memory, resuming a broken download."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import requests

from app.shopify.admin import AdminClient, AdminError, QueryRefused, ShopifyBusy
from app.shopify.documents import bulk_document

_TIMEOUT = (3.05, 60.0)
_TRIES = 5
_CHUNK = 1 << 18


class BulkFailed(AdminError):
    """The operation ended without a result; start it again."""


class BulkBusy(AdminError):
    """Five operations already run for this store; try again later."""


@dataclass(frozen=True)
class BulkState:
    """What Shopify says about an operation. `url` is None when it found no rows."""

    id: str
    status: str
    objects: int
    url: str | None

    @property
    def is_running(self) -> bool:
        """Whether to look again later."""
        return self.status in ("CREATED", "RUNNING", "CANCELING")


def start(client: AdminClient, name: str, *, since: datetime | None = None) -> str:
    """Start the bulk query `name`; returns the operation's id. Raises BulkBusy, QueryRefused."""
    data = client.call("bulk_run", query=bulk_document(name, since=since))["bulkOperationRunQuery"]
    for error in data["userErrors"]:
        if error.get("code") in ("OPERATION_IN_PROGRESS", "LIMIT_REACHED"):
            raise BulkBusy(error["message"])
        raise QueryRefused(f"{name}: {error['message']}")
    return str(data["bulkOperation"]["id"])


def look(client: AdminClient, operation_id: str) -> BulkState:
    """Ask how far an operation is. Raises BulkFailed when it ended badly."""
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
    )


@contextmanager
def downloaded(url: str | None) -> Iterator[IO[bytes]]:
    """The result as a temporary file; a broken download goes on at the byte where it broke.

    No token is sent along: the address is signed and lies on a storage host.
    """
    with tempfile.TemporaryFile(prefix="fluxor-bulk-") as file:
        if url is not None:
            _download(url, file)
        file.seek(0)
        yield file


def _download(url: str, file: IO[bytes]) -> None:
    error: Exception | None = None
    for _ in range(_TRIES):
        at = file.tell()
        headers = {"Range": f"bytes={at}-"} if at else {}
        try:
            with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
                if answer.status_code in (403, 404, 410):
                    raise BulkFailed("The result's address has expired.")
                if at and answer.status_code == 200:  # the host ignored the range
                    file.seek(0)
                    file.truncate()
                answer.raise_for_status()
                for chunk in answer.iter_content(_CHUNK):
                    file.write(chunk)
                if _is_complete(answer, file, at):
                    return
        except requests.RequestException as problem:
            error = problem
    raise ShopifyBusy("The bulk result could not be downloaded.") from error


def _is_complete(answer: requests.Response, file: IO[bytes], at: int) -> bool:
    if answer.headers.get("Content-Encoding"):
        return True
    length = answer.headers.get("Content-Length")
    start = at if answer.status_code == 206 else 0
    return length is None or file.tell() - start >= int(length)


def roots(file: IO[bytes]) -> Iterator[dict[str, Any]]:
    """The objects without a parent. Raises BulkFailed at a line that is not JSON (a cut-off file)."""
    file.seek(0)
    for line in file:
        if b'"__parentId"' not in line:
            yield _parse(line)


def children(file: IO[bytes]) -> Iterator[dict[str, Any]]:
    """The objects with a parent. A second pass, since a child may stand before its parent."""
    file.seek(0)
    for line in file:
        if b'"__parentId"' in line:
            yield _parse(line)


def _parse(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise BulkFailed("The bulk result is cut off or damaged; it will be fetched anew.") from error
    if not isinstance(found, dict):
        raise BulkFailed("The bulk result holds a line that is not an object.")
    return found
