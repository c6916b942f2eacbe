"""The command line of bin/demo."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from devtools import paths
from devtools.assets import AssetsFailed
from devtools.demo import check, install
from devtools.demo.settings import APP_HANDLE, SHOP
from devtools.demo.stack import Options, Stack
from devtools.locks import Busy, locked
from devtools.processes import Supervisor, stop_signals_raise

MAX_SIDE_BY_SIDE = 9


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options, with a clear word about those that make no sense."""
    parser = argparse.ArgumentParser(prog="bin/demo", description="Runs Fluxor with a simulated Shopify.")
    parser.add_argument("--variants", type=int, default=1000, help="how many variants the store has (1000)")
    parser.add_argument("--sales", type=Path, help="a sales panel (parquet or CSV) to make the store from")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier starts left")
    parser.add_argument("--port", type=int, help="the simulated admin's port (else a free one)")
    parser.add_argument("--check", action="store_true", help="drive the whole journey headless, then stop")
    parser.add_argument("--json", type=Path, metavar="OUT", help="with --check: write the steps there")
    options = parser.parse_args(arguments)
    if options.variants < 1:
        parser.error("--variants must be at least 1")
    if options.sales and not options.sales.is_file():
        parser.error(f"--sales {options.sales}: there is no such file")
    if options.json and not options.check:
        parser.error("--json belongs to --check")
    return options


@contextmanager
def own_area(name: str) -> Iterator[str]:
    """The first of NAME, NAME-2 … that no other demo of this checkout is using."""
    with ExitStack() as stack:
        for number in range(1, MAX_SIDE_BY_SIDE + 1):
            area = name if number == 1 else f"{name}-{number}"
            try:
                stack.enter_context(locked(paths.area_dir(area) / "demo.lock", wait=False))
            except Busy:
                continue
            yield area
            return
        raise RuntimeError(f"{MAX_SIDE_BY_SIDE} demos of this checkout run already: stop one first.")


def announce(stack: Stack) -> None:
    """Print the addresses."""
    simulator = stack.settings.simulator_url
    print(f"\n  Shopify admin (simulated)  {simulator}/store/{SHOP.partition('.')[0]}/apps/{APP_HANDLE}")
    print(f"  Make things happen         {simulator}/control")
    print(f"  Mails that were sent       {simulator}/outbox")
    print(f"  Logs                       {stack.folder / 'logs'}")
    print("\n  Ctrl-C stops everything.", flush=True)


def run(options: argparse.Namespace) -> int:
    """Start; then either check and stop, or serve until told to stop."""
    sales = options.sales.resolve() if options.sales else None
    fresh = options.fresh or options.check
    with (
        stop_signals_raise(),
        own_area("check" if options.check else "demo") as area,
        Supervisor(paths.area_dir(area) / "logs") as supervisor,
    ):
        stack = Stack(area, supervisor, Options(options.variants, sales, fresh, options.port))
        stack.start()
        if options.check:
            return check.run(stack, options.json)
        install.install(install.Shopify(stack.settings.simulator_url))
        announce(stack)
        supervisor.watch()
    return 0


def main() -> int:
    """Exit status: 0 unless something failed."""
    options = parse(sys.argv[1:])
    try:
        return run(options)
    except KeyboardInterrupt:
        print("\nStopped.")
        return 0
    except (AssetsFailed, RuntimeError, requests.RequestException) as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
