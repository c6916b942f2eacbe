"""Sheets that people bring: CSV of any dialect to rows, headers to fields, what dates and numbers mean."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

MOST_ROWS = 20_000
_ENCODINGS = ("utf-8-sig", "cp1252")


class CannotRead(ValueError):
    """The file is no table that can be read; its argument is `no_rows`, `too_many_rows` or `no_csv`."""


@dataclass(frozen=True)
class Sheet:
    """A header and its rows, all text; `first_line` of the file holds the header, rows follow it."""

    columns: list[str]
    rows: list[list[str]]
    numbers: list[int]


def read(content: bytes) -> Sheet:
    """The table in a CSV file: with or without BOM, by comma, semicolon or tab, with line breaks in quotes.

    Empty rows, empty trailing columns and rows of totals are left out; `numbers` are the rows as a
    spreadsheet counts them, the header being row 1. Raises CannotRead.
    """
    text = _decoded(content)
    lines = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
    numbered = [(n, [cell.strip() for cell in line]) for n, line in enumerate(lines, 1)]
    kept = [(n, line) for n, line in numbered if any(line)]
    if len(kept) < 2:
        raise CannotRead("no_rows")
    if len(kept) > MOST_ROWS + 1:
        raise CannotRead("too_many_rows")
    width = max((place + 1 for _, line in kept for place, cell in enumerate(line) if cell), default=0)
    header = _unique([*kept[0][1], *[""] * width][:width])
    rows = [(n, [*line, *[""] * width][:width]) for n, line in kept[1:] if not _is_total(line)]
    return Sheet(header, [line for _, line in rows], [n for n, _ in rows])


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if content.startswith(b"PK") or b"\0" in content:
        raise CannotRead("no_csv")
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _delimiter(text: str) -> str:
    """The mark that parts the header: the most frequent one outside quotes in the first line with a text."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(",;\t", key=bare.count)


def _unique(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for place, name in enumerate(names, 1):
        plain = name or f"Column {place}"
        found.append(plain if plain not in found else f"{plain} ({place})")
    return found


def _is_total(line: Sequence[str]) -> bool:
    first = next(cell for cell in line if cell)
    return bool(re.fullmatch(r"(grand |sub)?totals?:?|summe:?|gesamt:?", first.lower()))


def plain(header: str) -> str:
    """A header without case, marks and blanks: `Vendor / Supplier` → `vendorsupplier`."""
    return re.sub(r"[\W_]+", "", header.lower())


def matched(columns: Sequence[str], aliases: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Field → the first column whose header is one of its aliases; no column serves two fields."""
    free = {plain(column): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for name, known in aliases.items():
        for alias in known:
            column = free.get(plain(alias))
            if column is not None and column not in found.values():
                found[name] = column
                break
    return found


def date_order(values: Iterable[str]) -> str | None:
    """`ymd`, `dmy` or `mdy` if the dates settle it (a part over 12 does); None: somebody has to say."""
    parts = [re.findall(r"\d+", value.split(" ")[0])[:3] for value in values if value]
    whole = [part for part in parts if len(part) == 3]
    if not whole or all(len(part[0]) == 4 for part in whole):
        return "ymd"
    if any(int(part[0]) > 12 for part in whole):
        return "dmy"
    if any(int(part[1]) > 12 for part in whole):
        return "mdy"
    return None


def day(value: str, order: str) -> date:
    """A date written in that order, a time behind it left out. Raises ValueError."""
    parts = re.findall(r"\d+", value.split(" ")[0].split("T")[0])[:3]
    if len(parts) == 3 and len(parts[0]) == 4:
        order = "ymd"
    elif len(parts) == 3 and len(parts[2]) == 2:
        parts[2] = f"20{parts[2]}"
    named = dict(zip(order, map(int, parts), strict=True))
    return date(named["y"], named["m"], named["d"])


def decimal_mark(values: Iterable[str]) -> str | None:
    """`.` or `,` if the numbers settle it; None: a single mark before three digits may be either."""
    doubtful = False
    for value in values:
        marks: list[str] = re.findall(r"[.,]", value)
        if len(set(marks)) == 2:
            return marks[-1]
        if len(marks) == 1:
            if not re.search(r"[.,]\d{3}\b", value):
                return marks[0]
            doubtful = True
        elif len(marks) > 1:
            return "," if marks[0] == "." else "."
    return None if doubtful else "."


def number(value: str, mark: str) -> Decimal:
    """A number as people write it: with a currency's sign, thousands' marks, blanks. Raises ValueError."""
    bare = re.sub(r"[^\d.,+-]", "", value)
    other = "," if mark == "." else "."
    pieces = bare.partition(mark)[0].lstrip("+-").split(other)
    grouped = len(pieces) == 1 or all(len(piece) == 3 for _, piece in pairwise(pieces))
    bare = bare.replace(other, "").replace(mark, ".")
    if not grouped or not re.fullmatch(r"[+-]?\d{1,12}(\.\d{1,6})?", bare):
        raise ValueError(value)
    return Decimal(bare)
