"""Runs the test servers for as long as somebody uses them (see devtools.services)."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from devtools import paths
from devtools.locks import Busy, locked
from devtools.postgres import EmbeddedPostgres
from devtools.processes import Supervisor, stop_signals_raise
from devtools.services import AREA
from devtools.valkey import EmbeddedValkey

LOOK_EVERY_SECONDS = 0.2


def write_private(file: Path, content: str) -> None:
    """Write a file that only we can read, whole or not at all."""
    partial = file.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(content)
    partial.replace(file)


def _take_over(stack: ExitStack, users: Path) -> bool:
    """Become the only holder of the users' lock, if nobody else holds it."""
    try:
        stack.enter_context(locked(users, wait=False))
    except Busy:
        return False
    return True


def main() -> None:
    """Start both servers, say where they are, and end them with the last user."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the tests; we end when they have
    folder = paths.area_dir(AREA)
    facts_file, dirty = folder / "services.json", folder / "postgres.dirty"
    with ExitStack() as users, stop_signals_raise(), Supervisor(folder / "logs") as supervisor:
        postgres = EmbeddedPostgres(AREA, durable=False)
        if dirty.exists():  # without fsync nothing can be trusted after a crash
            postgres.forget()
        dirty.touch()
        server = postgres.start(supervisor)
        redis_url = EmbeddedValkey(AREA, durable=False).start(supervisor)
        facts = {
            "port": server.port,
            "passwords": server.passwords,
            "redis_url": redis_url,
            "redis_port": urlsplit(redis_url).port,
            "pid": os.getpid(),
        }
        write_private(facts_file, json.dumps(facts))
        try:
            while not _take_over(users, folder / "users.lock") and supervisor.ended() is None:
                time.sleep(LOOK_EVERY_SECONDS)
        finally:
            facts_file.unlink(missing_ok=True)
            if supervisor.ended() is None:
                supervisor.stop()  # newcomers wait for the users' lock until both are down
                dirty.unlink()


if __name__ == "__main__":
    main()
