"""Small boosted models, for all tests but those of their accuracy: how large they are is not what those are about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.domain.forecasts import learned


@contextmanager
def small_models() -> Iterator[None]:
    """Few trees and few training rows while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learned, "TREES", 6)
        patch.setattr(learned, "MAX_ROWS", 1500)
        yield
