"""Starts the processes of a demo or test run, waits until each is ready, and leaves none behind.

Each child leads its own session and writes to its own log file. An orderly end stops them in reverse order;
if this process is killed outright, `devtools.watchdog` ends them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

from devtools import watchdog
from devtools.paths import ROOT
from devtools.unprivileged import SystemUser

TAIL_LINES = 15
POLL_SECONDS = 0.02


class ProcessFailed(RuntimeError):
    """A child ended by itself or was not ready in time; the message holds the end of its log."""


@dataclass(frozen=True)
class Program:
    """What to start, as whom, and how to see that it is ready; the name is also that of its log file."""

    name: str
    command: Sequence[str | Path]
    ready: Callable[[], bool] = lambda: True
    environment: Mapping[str, str] = field(default_factory=dict)
    user: SystemUser | None = None
    folder: Path = ROOT
    stop_signal: signal.Signals = signal.SIGTERM
    ready_seconds: float = 30.0
    stop_seconds: float = 8.0


@dataclass
class Child:
    """A running program."""

    program: Program
    process: subprocess.Popen[bytes]
    log: Path

    def last_line(self) -> str:
        """The newest whole line of the log, empty when there is none."""
        lines = self.log.read_bytes()[-2000:].decode(errors="replace").splitlines()
        return lines[-1] if lines else ""

    def failed(self, what: str) -> ProcessFailed:
        """An error that shows the end of the child's log."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        tail = "".join(f"\n  | {line}" for line in lines)
        return ProcessFailed(f"{self.program.name} {what}; the end of {self.log}:{tail or ' (empty)'}")


class Supervisor:
    """A context manager that owns child processes: none outlives it.

    Args:
        logs: folder of the log files, one a program, started anew each time.
    """

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.children: list[Child] = []
        self._pipe = -1
        self._watchdog: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Supervisor:
        self.logs.mkdir(parents=True, exist_ok=True)
        read_end, self._pipe = os.pipe()
        self._watchdog = subprocess.Popen(
            [sys.executable, "-m", "devtools.watchdog"], stdin=read_end, cwd=ROOT, start_new_session=True
        )
        os.close(read_end)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop()
        if self._watchdog is not None:
            os.write(self._pipe, b"done\n")
            os.close(self._pipe)
            self._watchdog.wait()

    def start(self, program: Program) -> Child:
        """Start it and wait until it is ready; raise ProcessFailed when it ends or takes too long."""
        child = self.launch(program)
        self.wait_ready(child)
        return child

    def launch(self, program: Program) -> Child:
        """Start it without waiting (see wait_ready)."""
        log = self.logs / f"{program.name}.log"
        pipe = self._pipe

        def announce() -> None:  # in the child, before it executes: no moment in which nobody knows of it
            os.write(pipe, f"add {os.getpid()} {int(program.stop_signal)}\n".encode())

        user = program.user
        with log.open("wb") as output:
            try:
                process = subprocess.Popen(
                    [str(part) for part in program.command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=program.folder,
                    env={**os.environ, **program.environment},
                    start_new_session=True,
                    preexec_fn=announce,
                    user=user.uid if user else None,
                    group=user.gid if user else None,
                    extra_groups=[] if user else None,
                )
            except PermissionError as error:
                raise ProcessFailed(f"{program.name} cannot be started: {error}") from error
        child = Child(program, process, log)
        self.children.append(child)
        return child

    def wait_ready(self, child: Child, tell: Callable[[str], None] = lambda line: None) -> None:
        """Return once the program's `ready` holds; meanwhile `tell` gets the log's last line as it changes."""
        told = ""
        program = child.program
        limit = time.monotonic() + program.ready_seconds
        while not program.ready():
            if child.process.poll() is not None:
                self.children.remove(child)
                raise child.failed(f"ended with status {child.process.returncode}")
            if time.monotonic() > limit:
                raise child.failed(f"was not ready after {program.ready_seconds:.0f} s")
            if (line := child.last_line()) != told:
                told = line
                tell(line)
            time.sleep(POLL_SECONDS)

    def ended(self) -> Child | None:
        """A child that ended by itself, if any."""
        return next((child for child in self.children if child.process.poll() is not None), None)

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Wait until `until` holds; raise ProcessFailed as soon as a child ends by itself."""
        while not until():
            if child := self.ended():
                raise child.failed(f"ended with status {child.process.returncode}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop all children, the last started first."""
        while self.children:
            self.stop_child(self.children[-1])

    def stop_child(self, child: Child) -> None:
        """Ask it to end, wait, then end it and everything that it started."""
        process, program = child.process, child.program
        everyone = watchdog.family({process.pid})
        if process.poll() is None:
            process.send_signal(program.stop_signal)
            try:
                process.wait(program.stop_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        watchdog.end(dict.fromkeys(everyone - {process.pid}, signal.SIGTERM), grace=1.0)
        self.children.remove(child)


class Stopped(SystemExit):
    """SIGTERM or SIGHUP reached us: unwinds the stack, so that every `with` cleans up."""


@contextmanager
def stop_signals_raise() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into an exception (Ctrl-C is one already) while the block runs."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise Stopped(128 + number)

    previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
