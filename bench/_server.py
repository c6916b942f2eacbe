"""The production web server as benchmarks start it, and the processor time that processes have used."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from app.config import Settings
from bench import _ground
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


def children(pid: int) -> list[int]:
    """The processes that this one has started and that live; none when it has ended itself."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


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
            self._database = _parent(backend) if _name(backend) == "postgres" else None
        connection.close()

    def read(self) -> tuple[float, float]:
        """(web, database): processor seconds so far, those of the ended workers of parallel queries too."""
        if self._database is None:
            return processor_seconds(self._web), 0.0
        fields = Path(f"/proc/{self._database}/stat").read_text().rpartition(")")[2].split()
        ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
        return processor_seconds(self._web), ended + processor_seconds(children(self._database))


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except FileNotFoundError:
        return ""
