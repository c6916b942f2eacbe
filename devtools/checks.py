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

from devtools import app_toml, setup, translations
from devtools.paths import ROOT

BIN = Path(sys.executable).parent
OVERRIDES = ["--override", "requirements-overrides.txt"]


@dataclass(frozen=True)
class Check:
    """A named command; `fix` is run instead of it by --fix."""

    name: str
    command: Sequence[str]
    fix: Sequence[str] = ()


def all_checks() -> list[Check]:
    """Every static check, the fastest first."""
    ruff = str(BIN / "ruff")
    page = [sys.executable, "-m", "devtools.architecture"]
    return [
        Check("lint", [ruff, "check", "."], [ruff, "check", "--fix", "."]),
        Check("format", [ruff, "format", "--check", "."], [ruff, "format", "."]),
        Check("architecture page", [*page, "--check"], page),
        Check("import contracts", [str(BIN / "lint-imports"), "--no-cache", "--no-logo"]),
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


def compile_requirements() -> None:
    """Pin and hash requirements*.txt anew from requirements*.in, for every platform."""
    options = ["--generate-hashes", "--universal", "--python-version", "3.11", "--no-header"]
    options += ["--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    environment = {**os.environ, **setup.uv_settings(setup.pip_config(), os.environ)}
    for name, extra in (("requirements", []), ("requirements-dev", OVERRIDES)):
        command = [str(BIN / "uv"), "pip", "compile", *options, *extra, f"{name}.in", "-o", f"{name}.txt"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)


def main() -> None:
    """Parse the command line and run the checks."""
    parser = argparse.ArgumentParser(prog="bin/check", description=__doc__)
    parser.add_argument("--fix", action="store_true", help="repair lint and format, regenerate documents")
    parser.add_argument(
        "task",
        nargs="?",
        choices=["requirements", "translations", "shopify-toml"],
        help="pin requirements, gather messages anew, or let Shopify's CLI read shopify.app.toml instead",
    )
    arguments = parser.parse_args()
    if arguments.task:
        {
            "requirements": compile_requirements,
            "translations": translations.update,
            "shopify-toml": app_toml.main,
        }[arguments.task]()
        return
    failed = run_checks(fix=arguments.fix)
    if failed:
        sys.exit(f"Not in order: {', '.join(failed)}")


if __name__ == "__main__":
    main()
