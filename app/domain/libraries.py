"""Large libraries, imported at first use and without what they bring along and nobody here asks for."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_TURN = threading.RLock()  # what is absent for one import must not be so for another thread's


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Make libraries seem absent to what is imported meanwhile; those that are imported already stay.

    For libraries that do without them: half of the time and memory of Prophet's import goes to what draws.
    """
    with _TURN:
        absent = [name for name in names if name not in sys.modules]
        sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None there raises ImportError
        try:
            yield
        finally:
            for name in absent:
                del sys.modules[name]


def lightgbm() -> Any:
    """LightGBM, which takes arrays from us, never frames."""
    with without("pandas"):
        import lightgbm
    return lightgbm
