"""What processes of this machine use, as /proc tells: children, the processor, memory.

One that has ended has no children and uses nothing: it is answered by none and 0, as where there is no /proc.
"""

from __future__ import annotations

import os
from pathlib import Path


def children(pid: int) -> list[int]:
    """The processes that this one has started and not yet buried."""
    return [int(one) for one in _read(pid, f"task/{pid}/children").split()]


def horses(pid: int) -> list[int]:
    """The processes that do a worker's jobs at this moment (they lead groups of their own)."""
    return [child for child in children(pid) if _fields(child)[2:3] == [str(child)]]


def parent(pid: int) -> int:
    """The process that started it, 0 for none."""
    return int((_fields(pid) or ["", "0"])[1])


def name(pid: int) -> str:
    """Its program's name, empty when it has ended."""
    return _read(pid, "comm").strip()


def processor_seconds(pid: int) -> float:
    """Seconds of processor that it has used itself so far."""
    return _ticks(pid, slice(11, 13))


def buried_seconds(pid: int) -> float:
    """Seconds of processor of all that it has started and buried, and they in turn."""
    return _ticks(pid, slice(13, 15))


def peak_mib(pid: int) -> float:
    """The most memory that it has had resident so far."""
    return _mib(_read(pid, "status"), "VmHWM:")


def shared_mib(pid: int) -> float:
    """Its resident memory; pages that are shared are divided among those that share them (PSS)."""
    return _mib(_read(pid, "smaps_rollup"), "Pss:")


def resident_mib(pid: int) -> float:
    """Its resident memory; pages that are shared count in full."""
    return _mib(_read(pid, "smaps_rollup"), "Rss:")


def _ticks(pid: int, part: slice) -> float:
    return sum(int(field) for field in _fields(pid)[part]) / os.sysconf("SC_CLK_TCK")


def _fields(pid: int) -> list[str]:
    """The fields of `stat` behind the program's name, which may hold anything."""
    return _read(pid, "stat").rpartition(")")[2].split()


def _mib(lines: str, label: str) -> float:
    return next((int(line.split()[1]) / 1024 for line in lines.splitlines() if line.startswith(label)), 0.0)


def _read(pid: int, file: str) -> str:
    try:
        return Path(f"/proc/{pid}/{file}").read_text()
    except OSError:  # it has ended, perhaps between two looks
        return ""
