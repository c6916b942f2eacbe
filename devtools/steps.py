"""One line for each step of a set-up: what, and how many seconds it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WIDTH = 110


@contextmanager
def step(what: str) -> Iterator[Callable[[str], None]]:
    """Print `what …` and, when the block has ended, its seconds.

    Yields a function that shows how far the step has come.
    """
    started = time.monotonic()
    terminal = sys.stdout.isatty()
    clear = "\033[K" if terminal else ""

    def progress(news: str) -> None:
        if terminal:
            print(f"\r\033[K  … {what} {news}"[:WIDTH], end="\r", flush=True)
        elif news:
            print(f"    {news}", flush=True)

    progress("")
    try:
        yield progress
    except BaseException:
        print(f"{clear}  ✗ {what} ({time.monotonic() - started:.1f} s)", flush=True)
        raise
    print(f"{clear}  ✓ {what} ({time.monotonic() - started:.1f} s)", flush=True)
