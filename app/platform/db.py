"""The database: session, transaction, and the only place where raw SQL is built."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, TypeVar, cast

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, MetaData, event, func, select, text
from sqlalchemy.engine import Engine, Row
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, registry

T = TypeVar("T")
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


def made(kind: type[T], row: Row[Any], /, **given: Any) -> T:
    """A dataclass of a row: each of its fields is `given`, or is the row's column of that name."""
    names = (field.name for field in fields(cast(Any, kind)) if field.name not in given)
    return kind(**given, **{name: getattr(row, name) for name in names})


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
