"""The base rate that sums are measured by: nine tenths of what is new, a tenth of the year, never next to none."""

from __future__ import annotations

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.forecasts.shop import base_rates
from app.domain.forecasts.windows import DECAYS, Windows
from tests.domain.shops import DAY

YEAR = 364


def rates(units: np.ndarray) -> dict[float, np.ndarray]:
    """(n,) base rates at the close of the last day, by smoothing."""
    n = len(units)
    panel = Panel(np.arange(n), DAY, units, np.zeros(n, dtype=np.int64))
    found = base_rates(Windows.of(panel), DECAYS, np.arange(n), np.full(n, panel.days))
    return dict(zip(DECAYS, found, strict=True))


def test_of_a_steady_demand_it_is_that_demand() -> None:
    for found in rates(np.full((1, 400), 3.0)).values():
        assert found == pytest.approx(3, rel=1e-5)


@pytest.mark.parametrize(("before", "now"), [(2.0, 10.0), (10.0, 2.0)])
def test_it_follows_a_new_level_to_nine_tenths_and_keeps_a_tenth_of_the_year(
    before: float, now: float
) -> None:
    """Sixty days after demand changed for good, the smoothings that have forgotten the level before agree on it."""
    units = np.full((1, YEAR), before)
    units[0, -60:] = now
    year = units.mean()
    found = rates(units)
    assert found[0.3] == pytest.approx(0.9 * now + 0.1 * year, rel=1e-4)
    assert found[0.12] == pytest.approx(0.9 * now + 0.1 * year, rel=0.01)


def test_the_tenth_of_the_year_makes_it_a_tenth_steadier_than_the_newest_days_alone() -> None:
    """Poisson demand at a rate that is known: the fastest smoothing strays a tenth less from it, without bias."""
    units = np.random.default_rng(2).poisson(2.0, (500, 150)) * 1.0
    weights = 0.7 ** np.arange(150)[::-1]
    newest = units @ weights / weights.sum()
    found = rates(units)[0.3]
    assert found.mean() == pytest.approx(2, rel=0.02)
    assert np.abs(found - 2).mean() / np.abs(newest - 2).mean() == pytest.approx(0.9, abs=0.02)


def test_after_a_long_silence_a_fifth_of_the_years_rate_is_left() -> None:
    """A shelf that stood empty unseen: the first sale after it is no thousandfold of what was expected."""
    units = np.full((1, YEAR), 4.0)
    units[0, -120:] = 0
    year = units.mean()
    found = rates(units)
    assert found[0.3] == pytest.approx(0.2 * year, rel=1e-4)
    assert found[0.02] > found[0.3]
