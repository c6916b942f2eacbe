"""One line for each step of a set-up: what, and how many seconds it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(what: str) -> Iterator[None]:
    """Print `what …` and, when the block has ended, its seconds."""
    started = time.monotonic()
    terminal = sys.stdout.isatty()
    if terminal:
        print(f"  … {what}", end="\r", flush=True)
    try:
        yield
    except BaseException:
        print(f"  ✗ {what} ({time.monotonic() - started:.1f} s)", flush=True)
        raise
    print(f"  ✓ {what} ({time.monotonic() - started:.1f} s)", flush=True)
