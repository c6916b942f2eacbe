"""`python -m simulator`: a simulated Shopify on 127.0.0.1 until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from simulator.config import DEFAULT_SHOP, SimulatorConfig
from simulator.generation.refusals import BadPanel
from simulator.manifest import BadManifest
from simulator.serving import start


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="A Shopify that runs anywhere.")
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 picks a free one")
    add("--state", type=Path, required=True, help="directory that keeps the shops")
    add("--app-url", required=True, help="where the app serves, e.g. http://127.0.0.1:5000")
    add("--client-id", required=True)
    add("--client-secret", required=True)
    add("--old-client-secret", help="still accepted after a rotation")
    add("--shop", default=DEFAULT_SHOP)
    add("--variants", type=int, default=1000)
    add("--years", type=float, default=2.0)
    add("--orders-per-year", type=int, default=20_000)
    add("--seed", type=int, default=7)
    add("--timezone", default="Europe/Berlin")
    add(
        "--sales",
        type=Path,
        metavar="FILE",
        help="parquet or CSV panel (sku date quantity …) instead of a generated store",
    )
    add("--ready", type=Path, metavar="FILE", help="written as JSON {url, pid, shop} once serving")
    add("--app-toml", type=Path, metavar="FILE", help="shopify.app.toml: scopes and webhooks")
    add("--app-handle", default="fluxor")
    add("--mailgun-domain", default="mail.fluxor.test")
    add("--mailgun-key", default="simulated-mailgun-key")
    add(
        "--no-all-orders",
        dest="all_orders",
        action="store_false",
        help="Shopify has not approved read_all_orders",
    )
    add(
        "--no-optional-scopes",
        dest="grant_optional",
        action="store_false",
        help="merchants do not grant optional_scopes when they install",
    )
    add("--bulk-lines-per-second", type=int, default=0, help="speed limit of bulk operations (0: none)")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; 2 if the options or files cannot be used."""
    logging.basicConfig(level=logging.WARNING, format="simulator: %(message)s")
    given = vars(_parser().parse_args(arguments))
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        running = start(SimulatorConfig(**given), lambda line: print(line, flush=True))
    except (BadPanel, BadManifest, OSError, ValueError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    with running:
        print(
            f"Simulated Shopify serves {running.url} (shop {given['shop']}; control page "
            f"{running.url}/control)",
            flush=True,
        )
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
