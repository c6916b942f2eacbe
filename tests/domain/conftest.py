"""Small boosted models in every test here: their size is not what these tests are about."""

from collections.abc import Iterator

import pytest

from app.domain.forecasts import learned


@pytest.fixture(autouse=True, scope="session")
def small_models() -> Iterator[None]:
    """Few trees and few training rows for the whole run of this folder."""
    patch = pytest.MonkeyPatch()
    patch.setattr(learned, "TREES", 6)
    patch.setattr(learned, "MAX_ROWS", 1500)
    yield
    patch.undo()
