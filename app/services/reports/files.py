"""The files of reports: kept in the database piece by piece, since web and worker share no disk"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from app.platform import db
from app.platform.i18n import gettext

# What a worker or a web process holds of a file at a time.
PIECE_BYTES = 256 * 1024


class ReportNotFound(LookupError):
    """The current store has no such report, or it is not ready."""


@dataclass(frozen=True)
class File:
    """A finished report; `piece` reads its content."""

    report_id: int
    filename: str
    size: int  # in bytes


class Parts(io.RawIOBase):
    """A report's file while it is written, each piece a row of the current transaction; `end` keeps the last."""

    def __init__(self, report_id: int) -> None:
        self.size = 0
        self._report_id, self._number, self._left = report_id, 0, bytearray()

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def write(self, data: Any, /) -> int:
        """Take the next bytes."""
        self._left += data
        while len(self._left) >= PIECE_BYTES:
            self._keep(bytes(self._left[:PIECE_BYTES]))
            del self._left[:PIECE_BYTES]
        return len(data)

    def end(self) -> int:
        """Keep what is left; returns the size of the whole in bytes."""
        if self._left:
            self._keep(bytes(self._left))
            self._left.clear()
        return self.size

    def _keep(self, content: bytes) -> None:
        db.execute(
            "INSERT INTO report_parts (store_id, report_id, number, content)"
            " SELECT store_id, id, :number, :content FROM reports WHERE id = :id",
            id=self._report_id,
            number=self._number,
            content=content,
        )
        self._number += 1
        self.size += len(content)


def file(report_id: int, *, is_export: bool = False) -> File:
    """A finished report, or a finished export where one is asked for. Raises ReportNotFound."""
    found = db.rows(
        "SELECT filename, COALESCE(size, octet_length(content)) AS size FROM reports"
        " WHERE id = :id AND status = 'done' AND (kind = 'export') = :is_export"
        " AND (size IS NOT NULL OR content IS NOT NULL)",
        id=report_id,
        is_export=is_export,
    )
    if not found:
        raise ReportNotFound(gettext("This report does not exist or is not ready."))
    return File(report_id, found[0].filename, found[0].size)


def piece(report_id: int, number: int) -> bytes | None:
    """One piece of a finished report's file, from 0 on; None after the last.

    The release before kept the whole file in `reports.content`: that is one piece.
    """
    found = db.rows(
        "SELECT content FROM report_parts WHERE report_id = :id AND number = :number"
        " UNION ALL SELECT content FROM reports WHERE id = :id AND content IS NOT NULL AND :number = 0",
        id=report_id,
        number=number,
    )
    return bytes(found[0].content) if found else None
