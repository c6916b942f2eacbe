"""Removes each guard in turn, in a copy of the project, and shows that a test fails without it.

`python -m devtools.mutate_guards` tries them all (some minutes), `--only WORD` those whose name contains it,
`--write` puts the table into docs/security.md. Exit 1 when a guard can be removed without any test failing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from devtools.guards import GUARDS, Guard
from devtools.paths import ROOT

PAGE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- guards: written by python -m devtools.mutate_guards --write -->", "<!-- end of guards -->"
_COPIED = ("app", "migrations", "tests", "devtools", "simulator", "bench", "docs", "bin")
_SECONDS = 300


class GuardNotFound(RuntimeError):
    """The text that stands for a guard is not in its file (once): the list has fallen behind the code."""


@contextmanager
def copied(root: Path = ROOT) -> Iterator[Path]:
    """A copy of the project that can be damaged; what is installed is shared."""
    with tempfile.TemporaryDirectory(prefix="fluxor-guards-") as folder:
        copy = Path(folder)
        for name in _COPIED:
            shutil.copytree(root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        for file in root.iterdir():
            if file.is_file():
                shutil.copy2(file, copy / file.name)
        if (root / "node_modules").exists():
            (copy / "node_modules").symlink_to((root / "node_modules").resolve())
        yield copy


@contextmanager
def without(guard: Guard, root: Path) -> Iterator[None]:
    """The project without that guard, until the block ends. Raises GuardNotFound."""
    file = root / guard.file
    source = file.read_text()
    if source.count(guard.text) != 1:
        raise GuardNotFound(f"{guard.name}: {guard.file} holds its text {source.count(guard.text)} times.")
    file.write_text(source.replace(guard.text, guard.instead))
    try:
        yield
    finally:
        file.write_text(source)


def run(root: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests of the copy, to the first failure."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:logging",
        *tests,
    ]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=_SECONDS
    )


def failing_test(guard: Guard, root: Path) -> str | None:
    """The first test that fails without the guard, or None when the one we name holds without it."""
    with without(guard, root):
        done = run(root, guard.test)
    for line in done.stdout.splitlines():
        if line.startswith(("FAILED ", "ERROR ")):
            return line.split(" ", 2)[1]
    return None


def table(caught: Sequence[tuple[Guard, str]]) -> str:
    """A Markdown table of the guards and the tests that noticed their absence."""
    rows = [f"| {guard.name} | `{guard.file}` | `{test.split('[')[0]}` |" for guard, test in caught]
    return "\n".join(["| guard | where | test that fails without it |", "|---|---|---|", *rows])


def updated(page: str, section: str) -> str:
    """The page with the table between its markers."""
    before, found_begin, rest = page.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not (found_begin and found_end):
        raise ValueError(f"{PAGE.name} lacks its markers.")
    return f"{before}{BEGIN}\n\n{section}\n\n{END}{after}"


def main() -> None:
    """Try the guards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="those whose name contains this")
    parser.add_argument("--write", action="store_true", help="write the table into docs/security.md")
    arguments = parser.parse_args()
    guards = [guard for guard in GUARDS if arguments.only in guard.name]
    caught, missed = [], []
    with copied() as root:
        # What fails with every guard in place would prove nothing when it fails without one.
        whole = run(root, *sorted({guard.test for guard in guards}))
        if whole.returncode:
            sys.exit(f"The tests fail with every guard in place:\n{whole.stdout[-3000:]}")
        for guard in guards:
            test = failing_test(guard, root)
            print(f"  {'✓' if test else '✗'} {guard.name}: {test or 'no test fails'}", flush=True)
            if test:
                caught.append((guard, test))
            else:
                missed.append(guard.name)
    if missed:
        sys.exit(f"Removed without any test failing: {', '.join(missed)}")
    if arguments.write and not arguments.only:
        PAGE.write_text(updated(PAGE.read_text(), table(caught)))


if __name__ == "__main__":
    main()
