"""Starting processes by fork, waiting for facts, and sending signals."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devtools import watchdog


def until(is_so: Callable[[], Any], seconds: float = 60.0, what: str = "it") -> None:
    """Wait for a fact. Raises TimeoutError."""
    limit = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > limit:
            raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.02)


class Zygote:
    """Forks the processes of one tree of the app."""

    def __init__(self, tree: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.faults.zygote"],
            cwd=tree,
            env={**environment, "PYTHONPATH": str(tree)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def fork(self, *argv: str, log: Path, **env: str) -> int:
        """Start a process; its id."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"argv": argv, "env": env, "log": str(log)}) + "\n")
        self.process.stdin.flush()
        while (line := self.process.stdout.readline().strip()) == "ready":
            continue
        return int(line)

    def end(self) -> None:
        """End it (what it has started lives on)."""
        self.process.kill()
        self.process.wait()


def send(pid: int, number: signal.Signals, *, family: bool = False) -> None:
    """Signal a process, with its children when asked; those that are gone are no matter."""
    for one in watchdog.family({pid}) if family else {pid}:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, number)
