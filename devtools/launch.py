"""Entry of the commands in bin/: sets up the environment, then becomes the command in it."""

from __future__ import annotations

import os
import sys

from devtools.setup import SetupFailed, ensure_environment, venv_python

MODULES = {
    "demo": "devtools.demo",
    "test": "devtools.testing",
    "bench": "devtools.benchmarks",
    "check": "devtools.checks",
}


def main() -> None:
    """`python -m devtools.launch COMMAND [arguments]`."""
    command, *arguments = sys.argv[1:]
    try:
        ensure_environment()
    except SetupFailed as problem:
        sys.exit(str(problem))
    python = str(venv_python())
    os.execv(python, [python, "-P", "-m", MODULES[command], *arguments])


if __name__ == "__main__":
    main()
