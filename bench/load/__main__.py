"""How much load one machine bears: `bin/bench load [installs|users|friday|queue|days …] [--json OUT]`.

The real web process (one worker of eight threads) and two worker processes, PostgreSQL that keeps every promise of
the disk, Valkey, and a simulated Shopify, all on this machine. Errors have to be 0; figures depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.faults.ground import Place, place
from bench.load import scenarios
from devtools.processes import stop_signals_raise


def main(argv: list[str]) -> int:
    """Run the scenarios; 0 when none had an error."""
    options = _parser().parse_args(argv)
    chosen = options.scenarios or [*_on_place(options), "days"]
    report: dict[str, dict[str, Any]] = {}
    if set(chosen) & set(_on_place(options)):
        with stop_signals_raise(), place(is_lean=True) as here:
            here.start_worker(name="worker-2")
            for name, run in _on_place(options).items():
                if name in chosen:
                    _note(report, name, run(here))
    if "days" in chosen:
        _note(report, "days", scenarios.days(count=options.days, acts=options.acts))
    if options.json:
        Path(options.json).write_text(json.dumps({"cpus": os.cpu_count(), **report}, indent=1) + "\n")
    return 0 if not any(entry["errors"] for entry in report.values()) else 1


def _on_place(options: argparse.Namespace) -> dict[str, Callable[[Place], dict[str, Any]]]:
    return {
        "users": lambda here: scenarios.users(here, count=options.users, seconds=options.seconds),
        "friday": lambda here: scenarios.black_friday(
            here, rate=options.rate, seconds=options.seconds, stores=200
        ),
        "queue": lambda here: scenarios.deep_queue(here, depth=options.depth),
        "installs": lambda here: scenarios.installs(here, stores=options.stores),
    }


def _note(report: dict[str, dict[str, Any]], name: str, entry: dict[str, Any]) -> None:
    report[name] = entry
    figures = "  ".join(f"{key} {value}" for key, value in entry.items())
    print(f"{'MISS' if entry['errors'] else 'ok  '} {name:8} {figures}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench load", description="Load on one machine")
    parser.add_argument("scenarios", nargs="*", help="installs, users, friday, queue, days (default: all)")
    parser.add_argument("--stores", type=int, default=100, help="stores that install at once")
    parser.add_argument("--users", type=int, default=100, help="users at once")
    parser.add_argument("--rate", type=float, default=50.0, help="deliveries a second on Black Friday")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long users and Black Friday last")
    parser.add_argument("--depth", type=int, default=100_000, help="jobs in the deep queue")
    parser.add_argument("--days", type=int, default=24, help="simulated days")
    parser.add_argument("--acts", type=int, default=20, help="things that happen on each")
    parser.add_argument("--json", help="the figures, JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
