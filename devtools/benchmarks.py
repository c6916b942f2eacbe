"""bin/bench NAME …: runs one benchmark of `bench/`, never two at once (they would measure each other)."""

from __future__ import annotations

import runpy
import sys

from devtools.locks import Busy, locked
from devtools.paths import ROOT, local_dir


def names() -> list[str]:
    """Every benchmark, by name: the public modules of `bench/`."""
    found = [*(ROOT / "bench").glob("[a-z]*.py"), *(ROOT / "bench").glob("[a-z]*/__main__.py")]
    return sorted(file.parent.name if file.name == "__main__.py" else file.stem for file in found)


def main() -> None:
    """List the names, or run one with the rest of the arguments."""
    if len(sys.argv) < 2 or sys.argv[1] not in names():
        wanted = f"no benchmark is called {sys.argv[1]!r}; " if len(sys.argv) > 1 else ""
        sys.exit(f"{wanted}usage: bin/bench NAME [arguments]; names: {', '.join(names()) or 'none yet'}")
    name = sys.argv.pop(1)
    try:
        with locked(local_dir() / "bench.lock", wait=False):
            runpy.run_module(f"bench.{name}", run_name="__main__", alter_sys=True)
    except Busy:
        sys.exit("Another benchmark is running in this checkout; let it end first.")


if __name__ == "__main__":
    main()
