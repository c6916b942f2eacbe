"""No process outlives its supervisor, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools.paths import ROOT
from devtools.watchdog import process_table

# A child that starts a grandchild in a process group of its own and ignores polite requests to end.
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
inner = "import os, signal as s, time; os.setpgrp(); s.signal(s.SIGTERM, s.SIG_IGN); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", inner])
open(sys.argv[1], "w").write(f"{os.getpid()} {child.pid}\\n")
time.sleep(600)
"""
SUPERVISOR = """
import sys
from pathlib import Path
from devtools.processes import Program, Supervisor, stop_signals_raise
folder = Path(sys.argv[1])
with stop_signals_raise(), Supervisor(folder) as supervisor:
    pids = folder / "pids"
    command = [sys.executable, "-c", (folder / "stubborn.py").read_text(), pids]
    supervisor.start(Program("stubborn", command, ready=lambda: pids.exists() and "\\n" in pids.read_text(),
                             stop_seconds=0.5))
    print("ready", flush=True)
    supervisor.watch()
"""


def wait_until(fact: Callable[[], bool], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)


def alive() -> set[int]:
    return {pid for pid, _, _ in process_table()}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_no_child_or_grandchild_survives_the_end_of_the_supervisor(
    tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "stubborn.py").write_text(textwrap.dedent(STUBBORN))
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == "ready\n"
    pids = {int(word) for word in (tmp_path / "pids").read_text().split()}
    assert pids <= alive() and len(pids) == 2

    supervisor.send_signal(number)
    supervisor.wait(timeout=20)

    wait_until(lambda: not pids & alive())
