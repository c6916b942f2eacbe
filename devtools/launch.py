"""Entry of the commands in bin/: sets up the environment, then becomes the command in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from devtools.paths import local_dir
from devtools.setup import SetupFailed, ensure_environment, venv_python

MODULES = {
    "demo": "devtools.demo",
    "test": "devtools.testing",
    "bench": "devtools.benchmarks",
    "check": "devtools.checks",
}


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """What the command and all that it starts run in: Python keeps what it has compiled, in `.local/bytecode`.

    Where PYTHONDONTWRITEBYTECODE is set, as in many containers, each of some hundred processes would compile
    its libraries anew, for seconds. Nothing is written beside the code, which is what that variable is for.
    """
    kept = {name: value for name, value in given.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(local_dir() / "bytecode"), **kept}


def main() -> None:
    """`python -m devtools.launch COMMAND [arguments]`."""
    command, *arguments = sys.argv[1:]
    try:
        ensure_environment()
    except SetupFailed as problem:
        sys.exit(str(problem))
    python = str(venv_python())
    os.execve(python, [python, "-P", "-m", MODULES[command], *arguments], environment(os.environ))


if __name__ == "__main__":
    main()
