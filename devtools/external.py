"""The user's own PostgreSQL and Redis (DATABASE_URL, REDIS_URL) in tests: throwaway databases there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis

from devtools.databases import Server

TEST_ROLE = "fluxor_test_app"
CLAIM_SECONDS = 3600


def server(url: str) -> Server:
    """`url`'s server with its own role as owner and `fluxor_test_app` (made when absent) as app role."""
    parts = urlsplit(url)
    if not parts.username:
        raise RuntimeError("DATABASE_URL needs a user name: postgresql://user:password@host:port/database")
    password = hashlib.sha256(f"{TEST_ROLE} {url}".encode()).hexdigest()  # one for all runs
    _ensure_test_role(url, password)

    def address(role: str, database: str) -> str:
        host = parts.netloc.rpartition("@")[2]
        login = parts.netloc.rpartition("@")[0] if role == parts.username else f"{TEST_ROLE}:{password}"
        return urlunsplit((parts.scheme, f"{login}@{host}", f"/{database}", parts.query, ""))

    return Server(url, parts.username, TEST_ROLE, address)


def _ensure_test_role(url: str, password: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user"
        )
        superuser, may_create_databases, may_create_roles = cursor.fetchone()
        if not superuser and not (may_create_databases and may_create_roles):
            raise RuntimeError("Tests need CREATEDB and CREATEROLE for DATABASE_URL's role (or unset it).")
        cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", (TEST_ROLE,))
        cursor.execute("select 1 from pg_roles where rolname = %s", (TEST_ROLE,))
        verb = "alter" if cursor.fetchone() else "create"
        cursor.execute(f"{verb} role {TEST_ROLE} login nosuperuser nobypassrls password %s", (password,))


@contextmanager
def private_redis_database(url: str) -> Iterator[str]:
    """The address of an empty numbered database on `url`'s server, claimed for us and emptied afterwards."""
    base = url.rpartition("/")[0] if urlsplit(url).path.strip("/").isdigit() else url.rstrip("/")
    with closing(redis.Redis.from_url(url)) as claims:
        numbers = int(str(claims.config_get("databases")["databases"]))
        for number in range(1, numbers):
            claim = f"fluxor:test-database:{number}"
            with closing(redis.Redis.from_url(f"{base}/{number}")) as client:
                if not claims.set(claim, "taken", nx=True, ex=CLAIM_SECONDS):
                    continue
                if client.dbsize() == 0:
                    try:
                        yield f"{base}/{number}"
                    finally:
                        client.flushdb()
                        claims.delete(claim)
                    return
        raise RuntimeError("REDIS_URL has no empty numbered database left for tests: empty one, or unset it.")
