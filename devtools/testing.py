"""bin/test: makes what tests need, runs every static check and every test (or pytest as told)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from devtools.paths import ROOT, area_dir, local_dir
from devtools.processes import Child, Program, Supervisor, stop_signals_raise
from devtools.steps import step

# Two processes more than a small machine has cores: many tests wait for a browser, a database or a pause.
# tests/conftest.py says in which order modules begin.
EVERYTHING = ["-n", "4", "--dist", "loadscope", "--no-loadscope-reorder", "--cov", "--cov-report", "term"]
CHECKS = [sys.executable, "-m", "devtools.checks"]
COVERED = [sys.executable, "-m", "coverage", "report"]
COLLECT = [sys.executable, "-m", "pytest", "--collect-only", "--quiet"]


def only_domain(arguments: list[str]) -> bool:
    """Whether pytest is asked for tests of the domain alone: they need no server, no browser and no page."""
    paths = [(ROOT / argument.partition("::")[0]).resolve() for argument in arguments]
    asked = [path for path in paths if path.exists()]
    return bool(asked) and all(path.is_relative_to(ROOT / "tests" / "domain") for path in asked)


def one_look(arguments: list[str]) -> list[str]:
    """What spares a run of the domain's tests a table of coverage: its lines are read anew for it, for half a second.

    Its total is said anyway, and what is missing once there is too little (see `main`).
    """
    measured = any(argument.startswith("--cov=") for argument in arguments)
    told = any(argument.startswith("--cov-report") for argument in arguments)
    return ["--cov-report="] if measured and not told and only_domain(arguments) else []


def prepare(stack: ExitStack, arguments: list[str]) -> dict[str, str]:
    """Make or find all that tests use; answer pytest's environment. Servers run until `stack` closes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if only_domain(arguments):
        return environment
    # Imported here, since what waits for none of it shall not wait for its libraries either.
    from devtools import assets, chromium, translations
    from devtools.services import embedded_servers

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


def begin(supervisor: Supervisor, name: str, command: list[str]) -> Child:
    """Run a command of the checkout beside all else."""
    return supervisor.launch(Program(name, command, environment={"PYTHONPATH": str(ROOT)}))


@contextmanager
def compiled_once(supervisor: Supervisor) -> Iterator[None]:
    """In a new checkout the tests and all that they import are compiled while the block sets up: by one process.

    The test processes, which begin together, would each compile all of it.
    """
    stamp = area_dir("checks") / "compiled"
    compiling = None if stamp.exists() else begin(supervisor, "collect", COLLECT)
    yield
    if compiling:
        with step("Tests and libraries, compiled once"):
            compiling.process.wait()  # what could not be collected, the tests will tell
        stamp.touch()


def in_order(checks: Child) -> bool:
    """Wait for the checks and print what they said."""
    status = checks.process.wait()
    print(f"Static checks:\n{checks.log.read_text().rstrip()}", flush=True)
    return status == 0


def main() -> int:
    """Exit status: 0 when all is well."""
    started = time.monotonic()
    arguments = sys.argv[1:]
    with stop_signals_raise(), ExitStack() as stack:
        checks = None
        if arguments:
            environment = prepare(stack, arguments)
        else:
            # Each static check is one process: before the tests they would leave the other cores idle.
            supervisor = stack.enter_context(Supervisor(area_dir("checks")))
            checks = begin(supervisor, "checks", CHECKS)
            with compiled_once(supervisor):
                environment = prepare(stack, arguments)
        environment["COVERAGE_FILE"] = str(local_dir() / "coverage" / "data")
        Path(environment["COVERAGE_FILE"]).parent.mkdir(exist_ok=True)
        spared = one_look(arguments)
        command = [sys.executable, "-m", "pytest", *(arguments or EVERYTHING), *spared]
        status = subprocess.run(command, cwd=ROOT, env=environment).returncode
        if status and spared:
            subprocess.run([*COVERED, "--show-missing"], cwd=ROOT, env=environment)
        if checks and not in_order(checks):
            status = status or 1
    if not arguments:
        verdict = "NOT in order" if status else "All in order"
        print(f"{verdict} after {time.monotonic() - started:.0f} s.")
    return status


if __name__ == "__main__":
    sys.exit(main())
