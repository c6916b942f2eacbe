"""Small boosted models in every test here; what takes long to train or to fit is made once for all of them."""

from collections.abc import Iterator

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.forecasts import Choice, Forecasts, choose, forecast
from tests import small
from tests.domain.shops import DAY, shop


@pytest.fixture(autouse=True, scope="session")
def small_models() -> Iterator[None]:
    """Few trees and few training rows for the whole run of this folder."""
    with small.small_models():
        yield


@pytest.fixture(scope="session")
def market() -> Panel:
    """Enough products and days to learn from."""
    return shop(40, 120)


@pytest.fixture(scope="session")
def choice(market: Panel) -> Choice:
    """What the automatic engine chose and trained for `market`."""
    return choose(market)


@pytest.fixture(scope="session")
def prophets_panel() -> Panel:
    """Demand by chance, steady and huge, one sale in two months, and short."""
    chance = shop(1, 60).units[0]
    units = np.stack([chance, np.full(60, 3e6), np.zeros(60), chance])
    units[2, 30] = 1
    return Panel(np.arange(100, 104), DAY, units, np.array([0, 0, 0, 40]))


@pytest.fixture(scope="session")
def prophets(prophets_panel: Panel) -> Forecasts:
    """Prophet's forecasts of `prophets_panel`."""
    return forecast(prophets_panel, engine="prophet")
