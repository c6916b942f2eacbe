"""Many rows at once by COPY: inserted, or updated where they are there; every row is the current store's."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from app.platform import db, tenancy


def upsert(
    model: type[db.Base],
    columns: Sequence[str],
    values: Iterable[Sequence[Any]],
    *,
    key: Sequence[str],
    keep: Sequence[str] = (),
    newer: str | None = None,
) -> set[Any]:
    """Insert rows of the current store by COPY, or update those whose `key` (beside store_id) is there.

    `keep` names columns that an update must not touch. With `newer`, a row is updated only if its value in
    that column is not older than the stored one, so that late and repeated news change nothing. Returns the
    first key column's values of the rows that were written.

    COPY straight into a table with row security is refused by PostgreSQL, so the rows land in a temporary
    table first, and the INSERT that follows is checked by the policy like any other.
    """
    table = cast(Table, model.__table__)
    conflict = ", ".join(_quoted(("store_id", *key)))
    changed = [name for name in columns if name not in key and name not in keep]
    action = "NOTHING"
    if changed:
        action = "UPDATE SET " + ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in changed)
        if newer:
            action += f' WHERE "{table.name}"."{newer}" <= EXCLUDED."{newer}"'
    # Rows that name one key twice would make ON CONFLICT fail: the last one counts.
    distinct = ", ".join(_quoted(key))
    source = f"SELECT DISTINCT ON ({distinct}) * FROM staging ORDER BY {distinct}, staging_order DESC"  # noqa: S608
    return _insert(
        table, columns, values, source=source, tail=f"ON CONFLICT ({conflict}) DO {action}", returning=key[0]
    )


def append(model: type[db.Base], columns: Sequence[str], values: Iterable[Sequence[Any]]) -> None:
    """Insert many rows of the current store by COPY."""
    _insert(
        cast(Table, model.__table__), columns, values, source="SELECT * FROM staging", tail="", returning=None
    )


def append_encoded(model: type[db.Base], columns: Sequence[str], file: io.BytesIO) -> None:
    """Insert rows of the current store that come in COPY's binary format (see `platform.columns`)."""
    table = cast(Table, model.__table__)
    _insert(table, columns, file, source="SELECT * FROM staging", tail="", returning=None)


def _insert(
    table: Table,
    columns: Sequence[str],
    values: Iterable[Sequence[Any]] | io.BytesIO,
    *,
    source: str,
    tail: str,
    returning: str | None,
) -> set[Any]:
    store_id = tenancy.require_store()
    names = ", ".join(_quoted(columns))
    cursor = cast(Any, db.session().connection().connection.cursor())
    with cursor:
        types = ", ".join(f'"{name}" {_type_of(table, name)}' for name in columns)
        cursor.execute(
            f"CREATE TEMP TABLE staging (staging_order bigint GENERATED ALWAYS AS IDENTITY, {types}) ON COMMIT DROP"
        )
        if isinstance(values, io.BytesIO):
            cursor.copy_expert(f"COPY staging ({names}) FROM STDIN (FORMAT binary)", values, _COPY_CHARACTERS)
        else:
            cursor.copy_expert(f"COPY staging ({names}) FROM STDIN", _CopyReader(values), _COPY_CHARACTERS)
        end = f'RETURNING "{returning}"' if returning else ""
        cursor.execute(
            f'INSERT INTO "{table.name}" (store_id, {names}) '  # noqa: S608
            f"SELECT %s, {names} FROM ({source}) AS rows {tail} {end}",
            (store_id,),
        )
        written = {row[0] for row in cursor.fetchall()} if returning else set()
        cursor.execute("DROP TABLE staging")
    return written


# Read at a go: fewer and longer pieces cost less.
_COPY_CHARACTERS = 1 << 16


def _quoted(names: Iterable[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def _type_of(table: Table, name: str) -> str:
    return table.c[name].type.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]


class _CopyReader(io.TextIOBase):
    """A file that COPY reads from, fed row by row, so that no batch is held twice."""

    def __init__(self, values: Iterable[Sequence[Any]]) -> None:
        self._values = iter(values)
        self._left = ""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def read(self, size: int | None = -1, /) -> str:
        """The next `size` characters of COPY's text format."""
        limit = size if size is not None and size > 0 else None
        parts, length = [self._left], len(self._left)
        for row in self._values:
            parts.append("\t".join(map(_copy_text, row)) + "\n")
            length += len(parts[-1])
            if limit is not None and length >= limit:
                break
        content = "".join(parts)
        self._left = "" if limit is None else content[limit:]
        return content if limit is None else content[:limit]


@dataclass(frozen=True)
class Json:
    """A value bound for a jsonb column (a bare list would be written as an array)."""

    value: Any


_AS_JSON = json.JSONEncoder(separators=(",", ":"), default=str).encode
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
# Most values are of these types, whose text needs no escapes.
_PLAIN: dict[type, Callable[[Any], str]] = {
    int: repr,
    float: repr,
    bool: str,
    datetime: str,
    date: str,
    Decimal: str,
}


def _copy_text(value: Any) -> str:
    if value is None:
        return "\\N"
    plain = _PLAIN.get(type(value))
    if plain is not None:
        return plain(value)
    if isinstance(value, Json):
        value = _AS_JSON(value.value)
    elif isinstance(value, list):
        value = "{" + ",".join(map(_array_item, value)) + "}"
    return str(value).translate(_ESCAPES)


def _array_item(item: Any) -> str:
    if item is None:
        return "NULL"
    if isinstance(item, str):
        return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(item)
