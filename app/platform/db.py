"""The database: session, transaction, bulk writes by COPY, and the only place where raw SQL is built."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, MetaData, Table, event, func, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Engine, Row
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, registry

from app.platform import tenancy

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The declarative base of every table."""

    registry = registry(metadata=MetaData(naming_convention=NAMING), type_annotation_map={int: BigInteger})


db = SQLAlchemy(model_class=Base)


def configure(app: Flask, *, database_url: str) -> None:
    """Bind the session to `database_url`; a broken connection is noticed before it is used."""
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        # As many as a web process has threads: a connection beyond them would be opened for one request.
        "pool_size": 8,
        "max_overflow": 7,
        "pool_pre_ping": True,
        "pool_recycle": 280,
        "pool_timeout": 10,
        "connect_args": {"connect_timeout": 5, "application_name": "fluxor"},
        "json_serializer": lambda value: json.dumps(value, separators=(",", ":"), default=str),
    }
    db.init_app(app)


def session() -> Session:
    """The current request's or job's session."""
    return cast(Session, db.session())


@contextmanager
def transaction() -> Iterator[Session]:
    """Returning commits, raising rolls back; the unit of work of one request or job."""
    current = session()
    try:
        yield current
        current.commit()
    except BaseException:
        current.rollback()
        raise


def checkpoint() -> None:
    """Commit what a long job has done so far and go on: its progress becomes visible, its memory is freed."""
    session().commit()
    session().expunge_all()


def rows(sql: str, /, **parameters: Any) -> Sequence[Row[Any]]:
    """Run a read written by hand (row security still scopes it to the current store).

    SQLAlchemy flushes by itself before ORM reads only: without the flush this one would not see what the
    same request has just changed.
    """
    session().flush()
    return session().execute(text(sql), parameters).all()


@contextmanager
def by_whole_tables() -> Iterator[None]:
    """Let statements that read all of a store's rows join them by hashing, until the block ends.

    After a first sync PostgreSQL has no statistics yet, takes every table for a small one and loops over
    each for each row of the other: minutes in place of a second.
    """
    execute("SET LOCAL enable_nestloop = off")
    yield
    execute("SET LOCAL enable_nestloop = on")


def execute(sql: str, /, **parameters: Any) -> int:
    """Run a statement written by hand; returns the number of rows it touched."""
    result = session().execute(text(sql), parameters)
    return int(cast(Any, result).rowcount)


def stream(sql: str, /, *, batch: int = 5000, **parameters: Any) -> Iterator[Row[Any]]:
    """Read a long result in batches through a server-side cursor, in bounded memory."""
    result = session().execute(
        text(sql), parameters, execution_options={"stream_results": True, "yield_per": batch}
    )
    yield from result


def upsert(
    model: type[Base],
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


def append(model: type[Base], columns: Sequence[str], values: Iterable[Sequence[Any]]) -> None:
    """Insert many rows of the current store by COPY."""
    _insert(
        cast(Table, model.__table__), columns, values, source="SELECT * FROM staging", tail="", returning=None
    )


def append_encoded(model: type[Base], columns: Sequence[str], file: io.BytesIO) -> None:
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
    cursor = cast(Any, session().connection().connection.cursor())
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


@contextmanager
def separate_transaction() -> Iterator[Session]:
    """A short transaction of its own on a connection of its own, for global rows that must not wait."""
    with Session(db.engine) as own, own.begin():
        yield own


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Let one of all processes at a time do what `name` stands for; the others wait."""
    with separate_transaction() as own:
        own.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
        yield


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
        value = json.dumps(value.value, separators=(",", ":"), default=str)
    elif isinstance(value, list):
        value = "{" + ",".join(map(_array_item, value)) + "}"
    return str(value).translate(_ESCAPES)


def _array_item(item: Any) -> str:
    if item is None:
        return "NULL"
    if isinstance(item, str):
        return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(item)


def is_reachable() -> bool:
    """Whether the database answers now."""
    try:
        rows("SELECT 1")
    except OperationalError:
        session().rollback()
        return False
    return True


def close_all() -> None:
    """Give back and close every connection of this process (before it forks)."""
    db.session.remove()
    db.engine.dispose()


def insecure_role() -> str | None:
    """Why row security would not bind the connected role, or None when it does."""
    row = rows(
        "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user",
    )[0]
    if row.rolsuper or row.rolbypassrls:
        return (
            f"DATABASE_URL connects as {row.rolname!r}, which bypasses row-level security; "
            "use a role without SUPERUSER and BYPASSRLS."
        )
    return None


@event.listens_for(Engine, "connect")
def _utc(connection: Any, _record: Any) -> None:
    """Timestamps are stored and read in UTC, whatever the server's default is."""
    if hasattr(connection, "set_client_encoding"):
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
        connection.commit()


def session_factory() -> Any:
    """What session events are attached to (once for the process, whatever number of apps it holds)."""
    return db.session
