"""Long tables to and from NumPy columns by binary COPY: no Python object for each value in between."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from app.platform import copying, db


@dataclass(frozen=True)
class Same:
    """One array for every row."""

    values: NDArray[Any]


Column = NDArray[Any] | Sequence[str] | Sequence[bytes] | Sequence[date | None] | date | int | Same

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_NOT_FIXED = "a value of {} is NULL, or of another kind than said"
_EPOCH = date(2000, 1, 1)
_KINDS = {"integer": ">i4", "bigint": ">i8", "double": ">f8", "date": ">i4"}
_FLOAT8_OID = 701
_BATCH = 1 << 20


def read(sql: str, kinds: Mapping[str, str], /, **parameters: Any) -> dict[str, NDArray[Any]]:
    """The result's columns as arrays: `kinds` by name, in order: integer, bigint, double or date.

    One statement over whole tables, streamed; `%(name)s` marks a parameter. No value may be NULL (ValueError):
    such rows have no fixed width. Dates become datetime64[D].
    """
    db.session().flush()
    sink = _Sink(kinds)
    with db.by_whole_tables(), cast(Any, db.session().connection().connection.cursor()) as cursor:
        query = cursor.mogrify(sql, parameters).decode()
        # COPY writes each row by itself: they are gathered before a line of Python runs.
        with io.BufferedWriter(sink, _BATCH) as gathered:
            cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", gathered)
    return sink.columns()


class _Sink(io.RawIOBase):
    """What COPY writes to: cuts the stream into rows of one width, batch by batch."""

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds
        fields: list[tuple[str, str]] = [("fields", ">i2")]
        for name, kind in kinds.items():
            fields += [(f"{name} width", ">i4"), (name, _KINDS[kind])]
        self._row = np.dtype(fields)
        self._left = bytearray()
        self._begun = False
        self._parts: dict[str, list[NDArray[Any]]] = {name: [] for name in kinds}

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def write(self, data: Any, /) -> int:
        """Take the next bytes of the stream."""
        self._left += data
        if len(self._left) >= _BATCH:
            self._cut(len(self._left) // self._row.itemsize)
        return len(data)

    def _cut(self, count: int) -> None:
        if not self._begun:
            self._begun = True
            del self._left[: len(_HEADER)]
            count = len(self._left) // self._row.itemsize
        size = count * self._row.itemsize
        rows = np.frombuffer(bytes(self._left[:size]), dtype=self._row)
        del self._left[:size]
        for name, kind in self._kinds.items():
            if (rows[f"{name} width"] != np.dtype(_KINDS[kind]).itemsize).any():
                raise ValueError(_NOT_FIXED.format(", ".join(self._kinds)))
            self._parts[name].append(rows[name].astype(rows[name].dtype.newbyteorder("=")))

    def columns(self) -> dict[str, NDArray[Any]]:
        """All that was written, without the two bytes that end the stream."""
        self._cut((len(self._left) - 2) // self._row.itemsize)
        if self._left != _END:
            raise ValueError(_NOT_FIXED.format(", ".join(self._kinds)))
        whole = {name: np.concatenate(parts) for name, parts in self._parts.items()}
        for name, kind in self._kinds.items():
            if kind == "date":
                whole[name] = np.datetime64(_EPOCH, "D") + whole[name]
        return whole


def append(model: type[db.Base], columns: Mapping[str, Column], count: int) -> None:
    """Insert `count` rows of the current store, given column by column.

    A column is an array (int64 or float64; with two axes it is an array column), a list of texts, of bytes, of
    dates or None, or one value (a date, an int, an array as `Same`) for all.
    """
    encoded = [_encoded(column, count) for column in columns.values()]
    head = struct.pack(">h", len(columns))
    rows = b"".join(b"".join((head, *row)) for row in zip(*encoded, strict=True))
    copying.append_encoded(model, list(columns), io.BytesIO(_HEADER + rows + _END))


def _encoded(column: Any, count: int) -> Sequence[bytes]:
    if isinstance(column, Same):
        return [_array(column.values)] * count
    if isinstance(column, np.ndarray):
        return _matrix(column) if column.ndim == 2 else _fixed(column)
    if isinstance(column, date | int):
        return [_one(column)] * count
    return [_one(value) for value in column]


def _one(value: Any) -> bytes:
    if value is None:
        return b"\xff\xff\xff\xff"
    if isinstance(value, date):
        return struct.pack(">ii", 4, (value - _EPOCH).days)
    if isinstance(value, int):
        return struct.pack(">iq", 8, value)
    text = value if isinstance(value, bytes) else str(value).encode()
    return struct.pack(">i", len(text)) + text


def _fixed(values: NDArray[Any]) -> Sequence[bytes]:
    kind = np.dtype([("width", ">i4"), ("value", ">f8" if values.dtype.kind == "f" else ">i8")])
    rows = np.empty(len(values), dtype=kind)
    rows["width"], rows["value"] = 8, values
    return _sliced(rows.tobytes(), kind.itemsize)


def _matrix(values: NDArray[np.float64]) -> Sequence[bytes]:
    """Each row as a float8[]: its width, dimensions, flags, type, length and lower bound, then the values."""
    n, k = values.shape
    item = np.dtype([("width", ">i4"), ("value", ">f8")])
    kind = np.dtype([("head", ">i4", 6), ("items", item, k)])
    rows = np.empty(n, dtype=kind)
    rows["head"] = [kind.itemsize - 4, 1, 0, _FLOAT8_OID, k, 1]
    rows["items"]["width"], rows["items"]["value"] = 8, values
    return _sliced(rows.tobytes(), kind.itemsize)


def _array(values: NDArray[Any]) -> bytes:
    if values.dtype.kind == "f":
        return _matrix(values[None, :])[0]
    body = b"".join(struct.pack(">ii", 4, int(value)) for value in values)
    return struct.pack(">6i", 20 + len(body), 1, 0, 23, len(values), 1) + body


def _sliced(data: bytes, width: int) -> Sequence[bytes]:
    return [data[at : at + width] for at in range(0, len(data), width)]
