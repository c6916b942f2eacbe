"""CSV for spreadsheets, written row by row: pieces of a bounded size, and no cell that is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from app.platform.formats import harmless

# Lets spreadsheets read UTF-8 names right.
MARK = "\ufeff"
_PIECE_CHARACTERS = 1 << 16


class Counted:
    """Rows that are counted as they pass: `count` is how many have."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._rows:
            self.count += 1
            yield row


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]], *, mark: str = MARK) -> Iterator[bytes]:
    """The table as UTF-8 in the dialect of spreadsheets; no more of it is held than one piece and one row."""
    buffer = io.StringIO()
    buffer.write(mark)
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([harmless(name) for name in header])
    for row in rows:
        writer.writerow([harmless(value) for value in row])
        if buffer.tell() >= _PIECE_CHARACTERS:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue().encode()
