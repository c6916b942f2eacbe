"""The embedded servers: private databases, an app role bound by row security, no process left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import redis

from devtools import paths, services, unprivileged
from devtools.postgres import APP, SUPER, EmbeddedPostgres
from devtools.processes import ProcessFailed, Supervisor
from devtools.valkey import EmbeddedValkey
from devtools.watchdog import process_table
from tests.devtools.test_watchdog import wait_until


@pytest.fixture
def fresh_local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A `.local` of its own, whose servers' data is removed afterwards wherever it lies."""
    monkeypatch.setenv("FLUXOR_LOCAL", str(tmp_path / "local"))
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path / "local"
    for area in ("test", "demo"):
        unprivileged.remove_private_folder(EmbeddedPostgres(area, durable=False).home)


def query(url: str, statement: str) -> list[tuple]:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def rights(url: str) -> tuple:
    columns = "rolname, rolsuper, rolbypassrls, rolcreatedb"
    return query(url, f"select {columns} from pg_roles where rolname = current_user")[0]


def migrate(url: str) -> None:
    query(url, "create table things (id serial primary key, name text)")


def test_each_run_gets_its_own_clone_of_the_migrated_template(fresh_local: Path) -> None:
    built = []

    def counted(url: str) -> None:
        built.append(url)
        migrate(url)

    with services.test_services(counted) as one, services.test_services(counted) as two:
        query(one.app_url, "insert into things (name) values ('mine')")
        assert query(one.app_url, "select name from things") == [("mine",)]
        assert query(two.app_url, "select name from things") == []
        assert one.redis_url != two.redis_url
        assert len(built) == 1
        facts = json.loads((fresh_local / "test" / "services.json").read_text())
    wait_until(lambda: facts["pid"] not in {pid for pid, _, _ in process_table()})
    assert not (fresh_local / "test" / "services.json").exists()


def test_the_app_role_cannot_define_tables_or_bypass_row_security(fresh_local: Path) -> None:
    with services.test_services(migrate) as run:
        role = query(
            run.app_url,
            "select rolname, rolsuper, rolbypassrls, rolcreatedb from pg_roles where rolname = current_user",
        )
        assert role == [(APP, False, False, False)]
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            query(run.app_url, "create table other (id int)")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            query(run.app_url, "drop table things")


def test_servers_end_when_their_keeper_is_killed_and_start_anew(fresh_local: Path) -> None:
    with services.embedded_servers() as killed:
        servers = {pid for pid, parent, _ in process_table() if parent == killed["pid"]}
        os.kill(killed["pid"], signal.SIGKILL)
        wait_until(lambda: not servers & {pid for pid, _, _ in process_table()})
        with services.test_services(migrate) as anew:
            assert query(anew.app_url, "select count(*) from things") == [(0,)]
            facts = json.loads((fresh_local / "test" / "services.json").read_text())
            assert facts["pid"] != killed["pid"]


def test_a_durable_server_survives_sigkill_and_a_stale_pid_file(fresh_local: Path) -> None:
    postgres = EmbeddedPostgres("demo", durable=True)
    with Supervisor(fresh_local / "logs") as supervisor:
        url = postgres.start(supervisor).url(SUPER)
        query(url, "create table kept (n int)")
        query(url, "insert into kept values (7)")
        supervisor.children[0].process.kill()
        supervisor.children[0].process.wait()
        assert (postgres.data / "postmaster.pid").exists()
    with Supervisor(fresh_local / "logs") as supervisor:
        url = postgres.start(supervisor).url(SUPER)
        assert query(url, "select n from kept") == [(7,)]
        with pytest.raises(ProcessFailed, match="already runs"), Supervisor(fresh_local / "second") as second:
            EmbeddedPostgres("demo", durable=True).start(second)


def test_passwords_are_private_and_needed(fresh_local: Path) -> None:
    with services.test_services() as run:
        for name in ("postgres.json", "services.json"):
            assert stat.S_IMODE((fresh_local / "test" / name).stat().st_mode) == 0o600
        password = run.app_url.split(":")[2].partition("@")[0]
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            query(run.app_url.replace(password, "wrong"), "select 1")
        with pytest.raises(redis.exceptions.AuthenticationError):
            secret = run.redis_url.split(":")[2].partition("@")[0]
            redis.Redis.from_url(run.redis_url.replace(secret, "wrong")).ping()


def test_root_runs_servers_as_an_ordinary_user_and_widens_no_folder(fresh_local: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("concerns root alone")
    fresh_local.mkdir()
    fresh_local.chmod(0o700)
    with Supervisor(fresh_local / "logs") as supervisor:
        EmbeddedPostgres("demo", durable=False).start(supervisor)
        status = Path(f"/proc/{supervisor.children[0].process.pid}/status").read_text()
        assert "Uid:\t0" not in status
    assert stat.S_IMODE(fresh_local.stat().st_mode) == 0o700


def test_durable_valkey_keeps_what_it_was_told(fresh_local: Path) -> None:
    for expected in (None, b"kept"):
        with Supervisor(fresh_local / "logs") as supervisor:
            client = redis.Redis.from_url(EmbeddedValkey("demo", durable=True).start(supervisor))
            assert client.get("name") == expected
            client.set("name", "kept")
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_given_server_is_used_with_throwaway_databases(
    fresh_local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Supervisor(fresh_local / "logs") as supervisor:
        server = EmbeddedPostgres("demo", durable=False).start(supervisor)
        redis_url = EmbeddedValkey("demo", durable=False).start(supervisor)
        monkeypatch.setenv("DATABASE_URL", server.url(SUPER))
        monkeypatch.setenv("REDIS_URL", redis_url)
        with services.test_services(migrate) as run:
            assert f":{server.port}/" in run.owner_url
            assert query(
                run.app_url, "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
            ) == [(False,)]
            assert query(run.app_url, "select count(*) from things") == [(0,)]
            redis.Redis.from_url(run.redis_url).set("a", "b")
        assert query(
            server.url(SUPER), "select count(*) from pg_database where datname like 'fluxor_test_%'"
        ) == [(0,)]
        assert redis.Redis.from_url(run.redis_url).dbsize() == 0
        assert not paths.area_dir("test").joinpath("services.json").exists()
        monkeypatch.setenv("DATABASE_URL", server.url(APP))
        with pytest.raises(RuntimeError, match="CREATEDB"), services.test_services():
            pass


def test_data_whose_checkout_is_gone_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setattr(paths, "shared_state_dir", lambda: shared)
    user = unprivileged.SystemUser("me", os.geteuid(), os.getegid())
    folders = {}
    for checkout in ("kept", "gone"):
        monkeypatch.setenv("FLUXOR_LOCAL", str(tmp_path / checkout))
        folders[checkout] = unprivileged.private_folder("demo", "postgres", user)
    shutil.rmtree(tmp_path / "gone")
    monkeypatch.setenv("FLUXOR_LOCAL", str(tmp_path / "kept"))
    assert unprivileged.private_folder("demo", "postgres", user) == folders["kept"]
    assert folders["kept"].exists() and not folders["gone"].exists()


def test_what_others_cannot_read_is_copied_and_what_they_can_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "shared_state_dir", lambda: tmp_path / "shared")
    home = tmp_path / "home"
    (home / "binaries").mkdir(parents=True)
    (home / "binaries" / "tool").write_text("tool")
    (tmp_path / "shared").mkdir()
    home.chmod(0o700)
    published = unprivileged.published(home / "binaries", "binaries-1")
    assert published == tmp_path / "shared" / "binaries-1"
    assert (published / "tool").read_text() == "tool"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert unprivileged.published(Path("/usr/bin"), "bin") == Path("/usr/bin")
