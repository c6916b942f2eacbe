"""bin/test: makes what tests need, runs every static check and every test (or pytest as told)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from devtools import assets, chromium, translations
from devtools.checks import run_checks
from devtools.paths import ROOT, local_dir
from devtools.processes import stop_signals_raise
from devtools.services import embedded_servers
from devtools.steps import step

# One process more than a small machine has cores: many tests wait for a browser, a database or a pause.
# tests/conftest.py says in which order modules begin.
EVERYTHING = ["-n", "3", "--dist", "loadscope", "--no-loadscope-reorder", "--cov", "--cov-report", "term"]


def prepare(stack: ExitStack) -> dict[str, str]:
    """Make or find all that tests use; answer pytest's environment. Servers run until `stack` closes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with step("JavaScript and CSS assets"):
        assets.ensure_assets()
    with step("Message catalogues"):
        translations.ensure_compiled()
    if (ROOT / "simulator" / "schema.py").exists():
        with step("Shopify's GraphQL schemas"):
            subprocess.run([sys.executable, "-m", "simulator.schema"], check=True, cwd=ROOT, env=environment)
    with step("Chromium"):
        environment["CHROMIUM"] = str(chromium.ensure_chromium())
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        with step("PostgreSQL and Valkey"):
            stack.enter_context(embedded_servers())
    return environment


def main() -> int:
    """Exit status: 0 when all is well."""
    started = time.monotonic()
    arguments = sys.argv[1:]
    with stop_signals_raise(), ExitStack() as stack:
        environment = prepare(stack)
        failed = [] if arguments else run_checks()
        environment["COVERAGE_FILE"] = str(local_dir() / "coverage" / "data")
        Path(environment["COVERAGE_FILE"]).parent.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "pytest", *(arguments or EVERYTHING)]
        status = subprocess.run(command, cwd=ROOT, env=environment).returncode
    if failed:
        print(f"Static checks not in order: {', '.join(failed)}")
    if not arguments:
        verdict = "All in order" if not failed and status == 0 else "NOT in order"
        print(f"{verdict} after {time.monotonic() - started:.0f} s.")
    return status or bool(failed)


if __name__ == "__main__":
    sys.exit(main())
