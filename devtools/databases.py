"""Makes and drops databases on a PostgreSQL server, also as fast clones of a template migrated once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql

TEMPLATE_LOCK = 0x466C7578  # any number, the same for all who build templates


@dataclass(frozen=True)
class Server:
    """A server as seen by who makes databases on it.

    Attributes:
        admin_url: connects to an existing database as a role that may create databases.
        owner, app: the roles that own the tables and that serve requests.
        urls: makes the address of (role, database).
    """

    admin_url: str
    owner: str
    app: str
    url: Callable[[str, str], str]


@contextmanager
def _cursor(url: str) -> Iterator[Any]:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def _exists(cursor: Any, name: str) -> bool:
    cursor.execute("select 1 from pg_database where datname = %s", (name,))
    return cursor.fetchone() is not None


def create_database(server: Server, name: str, *, template: str = "template0") -> None:
    """Make an empty database (or a clone of `template`) that the owner owns; does nothing when it exists."""
    with _cursor(server.admin_url) as cursor:
        if _exists(cursor, name):
            return
        statement = sql.SQL("create database {} owner {} template {} strategy file_copy").format(
            sql.Identifier(name), sql.Identifier(server.owner), sql.Identifier(template)
        )
        cursor.execute(statement)
    if template == "template0":
        _grant(server, name)


def _grant(server: Server, name: str) -> None:
    """Let the app role use what the owner will create, and nothing more."""
    owner, app = sql.Identifier(server.owner), sql.Identifier(server.app)
    statements = (
        "revoke all on schema public from public",
        "grant usage on schema public to {app}",
        "alter default privileges for role {owner} grant select, insert, update, delete on tables to {app}",
        "alter default privileges for role {owner} grant usage, select on sequences to {app}",
    )
    with _cursor(server.url(server.owner, name)) as cursor:
        for statement in statements:
            cursor.execute(sql.SQL(statement).format(owner=owner, app=app))


def drop_database(server: Server, name: str) -> None:
    """Drop it, ending whoever is connected; does nothing when it does not exist."""
    with _cursor(server.admin_url) as cursor:
        cursor.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def template_database(server: Server, *, key: str, migrate: Callable[[str], None]) -> str:
    """The name of a database migrated by `migrate(owner_url)`; built once per `key`, by one at a time."""
    name = f"fluxor_template_{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    with _cursor(server.admin_url) as cursor:
        cursor.execute("select pg_advisory_lock(%s)", (TEMPLATE_LOCK,))  # released when the connection closes
        if not _exists(cursor, name):
            building = f"{name}_building"
            drop_database(server, building)
            create_database(server, building)
            migrate(server.url(server.owner, building))
            statement = sql.SQL("alter database {} rename to {}")
            cursor.execute(statement.format(sql.Identifier(building), sql.Identifier(name)))
    return name
