"""Ends a supervisor's children when the supervisor died without being able to (SIGKILL, out of memory).

Started by devtools.processes with a pipe as standard input. Each line is `add PID SIGNAL` (written by the
child itself before it executes, so none is missed) or `done` (an orderly end: nothing left to do). When the
pipe closes without `done`, every process of those sessions, and every descendant, is ended.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

GRACE_SECONDS = 4.0


def process_table() -> list[tuple[int, int, int]]:
    """(pid, parent pid, session id) of every process that can be seen and is not a zombie."""
    if not Path("/proc/self/stat").exists():
        return _process_table_by_ps()
    table = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:  # it ended while we looked
                continue
            if fields[0] not in "ZX":
                table.append((int(entry.name), int(fields[1]), int(fields[3])))
    return table


def _process_table_by_ps() -> list[tuple[int, int, int]]:
    table = []
    for line in os.popen("ps -A -o pid=,ppid=,pgid=,stat="):
        pid, parent, group, state = line.split()
        if not state.startswith("Z"):
            table.append((int(pid), int(parent), int(group)))
    return table


def family(roots: set[int]) -> set[int]:
    """Every living process of the sessions led by `roots`, and all their descendants."""
    table = process_table()
    members = {pid for pid, _, session in table if pid in roots or session in roots}
    while True:
        children = {pid for pid, parent, _ in table if parent in members} - members
        if not children:
            return members
        members |= children


def send(pids: set[int], number: int) -> None:
    """Signal each of them; one that has already gone is fine."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def end(roots: dict[int, int], *, grace: float = GRACE_SECONDS) -> None:
    """Send each root its signal; after `grace` seconds end what is left of them and their families."""
    everyone = family(set(roots))
    for pid in everyone & set(roots):
        send({pid}, roots[pid])
    limit = time.monotonic() + grace
    while alive := family(set(roots)) | (everyone & {pid for pid, _, _ in process_table()}):
        if time.monotonic() > limit:
            send(alive, signal.SIGKILL)
            return
        time.sleep(0.05)


def main() -> None:
    """Read lines until the supervisor has gone."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # the supervisor decides; we end when it does
    roots: dict[int, int] = {}
    for line in sys.stdin:
        word, *numbers = line.split()
        if word == "done":
            return
        pid, number = (int(text) for text in numbers)
        roots[pid] = number
    end(roots)


if __name__ == "__main__":
    main()
