"""Small boosted models in every test here: their size is not what these tests are about."""

from collections.abc import Iterator

import pytest

from tests import small


@pytest.fixture(autouse=True, scope="session")
def small_models() -> Iterator[None]:
    """Few trees and few training rows for the whole run of this folder."""
    with small.small_models():
        yield
