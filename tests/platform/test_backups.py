"""A backup made as docs/operations.md says, restored elsewhere: every table equal, guards and all."""

from __future__ import annotations

import os
import subprocess

import psycopg2
import psycopg2.errors
import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from devtools import paths
from devtools.databases import Server, create_database, drop_database
from devtools.postgres import APP, OWNER, SUPER, PostgresServer, binaries
from devtools.services import AREA, Services, _running
from tests.factories import ready_store

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("DATABASE_URL")), reason="needs the embedded server's superuser"
)


def _sums(url: str) -> dict[str, tuple[int, str]]:
    """Rows and a sum over the content of every table."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"SELECT count(*), COALESCE(md5(string_agg(line, chr(10) ORDER BY line)), '')"
                f' FROM (SELECT t::text AS line FROM "{table}" t) AS lines'
            )
            rows, content = cursor.fetchone() or (0, "")
            found[table] = (rows, content)
    connection.close()
    return found


def _policies(url: str) -> list[tuple[object, ...]]:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, policyname, qual, with_check FROM pg_policies WHERE schemaname = 'public' ORDER BY 1"
        )
        found = cursor.fetchall()
    connection.close()
    return found


def _is_refused(url: str, sql: str) -> bool:
    connection = psycopg2.connect(url)
    try:
        connection.cursor().execute(sql)
    except psycopg2.errors.InsufficientPrivilege:
        return True
    finally:
        connection.close()
    return False


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_restored_backup_equals_the_original_in_every_table(
    app: Flask, services: Services, tmp_path
) -> None:
    ready_store(app, name="Backed up")
    facts = _running(paths.area_dir(AREA))
    assert facts is not None
    server = PostgresServer(facts["port"], facts["passwords"])
    source, copy = str(make_url(services.app_url).database), f"{make_url(services.app_url).database}_copy"
    file = tmp_path / "backup.dump"
    create_database(Server(server.url(SUPER), OWNER, APP, server.url), copy)
    try:
        _run(str(binaries() / "pg_dump"), "--format=custom", f"--file={file}", server.url(SUPER, source))
        _run(str(binaries() / "pg_restore"), "--exit-on-error", "--clean", "--if-exists",
             f"--dbname={server.url(SUPER, copy)}", str(file))  # fmt: skip
        original, restored = _sums(server.url(SUPER, source)), _sums(server.url(SUPER, copy))
        assert restored == original
        assert len(original) > 25
        assert original["daily_sales"][0] > 0
        assert _policies(server.url(SUPER, copy)) == _policies(server.url(SUPER, source))
        assert _is_refused(server.url(APP, copy), "SELECT count(*) FROM orders")
    finally:
        drop_database(Server(server.url(SUPER), OWNER, APP, server.url), copy)
