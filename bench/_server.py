"""The production web server as benchmarks start it, and the processor time that processes have used."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from app.config import Settings
from bench import _ground, _processes
from bench._processes import children
from devtools.paths import ROOT
from devtools.ports import answers, free_port

THREADS = 8


def command(port: int, *, workers: int) -> list[str]:
    """The command that serves the app on that port of this machine, as Procfile has it."""
    return [
        str(Path(sys.executable).parent / "gunicorn"),
        "wsgi:app",
        "--worker-class=gthread",
        f"--workers={workers}",
        f"--threads={THREADS}",
        "--no-control-socket",
        f"--bind=127.0.0.1:{port}",
    ]


@contextmanager
def serving(found: Settings, *, workers: int) -> Iterator[tuple[str, list[int]]]:
    """The server with its workers on these settings; its address and the workers' process ids."""
    port = free_port()
    process = subprocess.Popen(
        command(port, workers=workers),
        cwd=ROOT,
        env=_ground.environment(found),
        stdout=subprocess.DEVNULL,
    )
    try:
        limit = time.monotonic() + 60
        while not answers(port) or len(children(process.pid)) < workers:
            if time.monotonic() > limit or process.poll() is not None:
                raise RuntimeError("the web server did not come up")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", children(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def processor_seconds(pids: Iterable[int]) -> float:
    """What these processes have used of the processor so far, with all their threads, in seconds."""
    nanoseconds = 0
    for pid in pids:
        for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            try:
                nanoseconds += int(file.read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended between the listing and the reading
    return nanoseconds / 1e9


class Meter:
    """What web and database use of the processor; the database's part is 0 where it runs on another machine."""

    def __init__(self, found: Settings, web: list[int]) -> None:
        self._web = web
        with psycopg2.connect(found.database_url.replace("+psycopg2", "")) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT pg_backend_pid()")
            backend = cursor.fetchone()[0]
            is_here = _processes.name(backend) == "postgres"
            self._database = _processes.parent(backend) if is_here else None
        connection.close()

    def read(self) -> tuple[float, float]:
        """(web, database): processor seconds so far, those of the ended workers of parallel queries too."""
        if self._database is None:
            return processor_seconds(self._web), 0.0
        ended = _processes.buried_seconds(self._database)
        return processor_seconds(self._web), ended + processor_seconds(children(self._database))
