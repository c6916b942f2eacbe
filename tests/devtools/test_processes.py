"""The supervisor waits for readiness, shows the log of what failed and cleans up after an exception."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from devtools.processes import ProcessFailed, Program, Supervisor
from devtools.watchdog import process_table

SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(600)"]


def test_a_program_that_ends_before_it_is_ready_is_reported_with_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"]
    with Supervisor(tmp_path) as supervisor, pytest.raises(ProcessFailed, match=r"status 3(.|\n)*the reason"):
        supervisor.start(Program("broken", command, ready=lambda: False))


def test_a_program_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor, pytest.raises(ProcessFailed, match="not ready after"):
        supervisor.start(Program("slow", SLEEPER, ready=lambda: False, ready_seconds=0.1))


def test_readiness_is_awaited_and_children_end_with_the_block(tmp_path: Path) -> None:
    log = tmp_path / "sleeper.log"
    with pytest.raises(ZeroDivisionError), Supervisor(tmp_path) as supervisor:
        child = supervisor.start(Program("sleeper", SLEEPER, ready=lambda: "awake" in log.read_text()))
        assert child.process.pid in {pid for pid, _, _ in process_table()}
        raise ZeroDivisionError
    assert child.process.returncode is not None
    assert child.process.pid not in {pid for pid, _, _ in process_table()}


def test_watching_raises_when_a_child_ends_by_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('gone')"]
    with Supervisor(tmp_path) as supervisor:
        supervisor.launch(Program("short", command))
        with pytest.raises(ProcessFailed, match="short ended with status 0"):
            supervisor.watch()
