"""PostgreSQL and Valkey for tests and benchmarks: started when needed, shared, gone with the last user.

`test_services()` is what a test run uses. The servers belong to a keeper process (devtools.keeper), which
ends them as soon as nobody holds the users' lock any more, be it by an orderly end or by SIGKILL.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools import external, paths, ports
from devtools.databases import Server, create_database, drop_database, template_database
from devtools.locks import locked
from devtools.postgres import APP, OWNER, SUPER, PostgresServer

AREA = "test"
START_SECONDS = 60.0


@dataclass(frozen=True)
class Services:
    """Addresses of one private database (as owner and as app) and of one private Valkey database."""

    owner_url: str
    app_url: str
    redis_url: str


@contextmanager
def test_services(migrate: Callable[[str], None] | None = None, *, key: str = "") -> Iterator[Services]:
    """A fresh database and an empty Valkey database, dropped when the block ends.

    Args:
        migrate: called with an owner's address to fill the template that databases are cloned from; without
        it the
            database is empty.
        key: what the template depends on beside the files in `migrations/` and `app/models/`.
    """
    with ExitStack() as stack:
        server, redis_server = _servers(stack)
        template = "template0"
        if migrate:
            template = template_database(server, key=migrations_key() + key, migrate=migrate)
        name = f"fluxor_test_{os.getpid()}_{secrets.token_hex(4)}"
        create_database(server, name, template=template)
        stack.callback(drop_database, server, name)
        redis_url = stack.enter_context(external.private_redis_database(redis_server))
        yield Services(server.url(server.owner, name), server.url(server.app, name), redis_url)


def _servers(stack: ExitStack) -> tuple[Server, str]:
    database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if database_url and redis_url:
        return external.server(database_url), redis_url
    facts = stack.enter_context(embedded_servers())
    postgres = PostgresServer(facts["port"], facts["passwords"])
    embedded = Server(postgres.url(SUPER), OWNER, APP, postgres.url)
    return external.server(database_url) if database_url else embedded, redis_url or facts["redis_url"]


@contextmanager
def embedded_servers() -> Iterator[dict[str, Any]]:
    """Hold this checkout's test servers while the block runs: join the running ones or start a keeper."""
    folder = paths.area_dir(AREA)
    with locked(folder / "users.lock", shared=True):
        with locked(folder / "start.lock"):
            facts = _running(folder) or _start_keeper(folder)
        yield facts


def _running(folder: Path) -> dict[str, Any] | None:
    try:
        facts = json.loads((folder / "services.json").read_text())
    except FileNotFoundError:
        return None
    return facts if ports.answers(facts["port"]) and ports.answers(facts["redis_port"]) else None


def _start_keeper(folder: Path) -> dict[str, Any]:
    (folder / "services.json").unlink(missing_ok=True)
    with (folder / "keeper.log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "devtools.keeper"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=paths.ROOT,
            start_new_session=True,
        )
    limit = time.monotonic() + START_SECONDS
    while not (facts := _running(folder)):
        if keeper.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"The test servers did not start:\n{(folder / 'keeper.log').read_text()}")
        time.sleep(0.02)
    return facts


def migrations_key() -> str:
    """Changes whenever a migration or a model does."""
    files = sorted([*paths.ROOT.glob("migrations/**/*.py"), *paths.ROOT.glob("app/models/**/*.py")])
    return "".join(f"{file.name}\n{file.read_text()}" for file in files)
