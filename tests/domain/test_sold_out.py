"""Demand behind sold-out days: drawn without bias, with its ups and downs, the same at every run."""

from dataclasses import replace

import numpy as np
import pytest

from app.domain.demand import Panel
from app.domain.demand.records import share_in_stock
from app.domain.demand.sold_out import restore, sampled_demand
from tests.domain.shops import DAY, shop, sold_out_shop


@pytest.mark.parametrize(
    ("rate", "k", "level", "out"),
    [(5.0, 50.0, 85, 0.03), (5.0, 50.0, 60, 0.2), (5.0, 0.5, 60, 0.2), (0.4, 0.5, 6, 0.2)],
)
def test_hidden_demand_is_found_within_3_percent(rate: float, k: float, level: float, out: float) -> None:
    sold, stock, wanted = (x[:, 60:] for x in sold_out_shop(200, 425, 7, rate, k, level))
    assert (stock <= 0).mean() == pytest.approx(out, abs=0.02)
    panel = Panel(
        np.arange(200), DAY, sold, np.zeros(200, dtype=np.int64), in_stock=share_in_stock(sold, stock - sold)
    )
    found = restore(panel).units
    assert abs(found.sum() / wanted.sum() - 1) <= 0.03
    assert sold.sum() / wanted.sum() - 1 < -0.04

    def spread(units: np.ndarray) -> float:
        return float(units[:, :357].reshape(len(units), -1, 21).sum(axis=2).std(axis=1).mean())

    assert spread(found) == pytest.approx(spread(wanted), rel=0.15)
    assert spread(sold) < 0.8 * spread(wanted) or out < 0.1


def hidden_shop() -> tuple[Panel, Panel]:
    """A shop in which ten days were without stock and one sold out part-way, and the same without that."""
    panel = shop(20, 80, rate=(4, 5))
    share = np.ones((20, 80))
    share[:, 40:50], share[:, 55] = 0, 0.5
    return replace(panel, units=np.where(share == 0, 0, panel.units), in_stock=share), panel


def test_sampled_demand_adds_what_sold_out_time_hid() -> None:
    hidden, panel = hidden_shop()
    drawn = sampled_demand(hidden, 35, 30, seed=2, draws=6)
    assert np.array_equal(drawn, sampled_demand(hidden, 35, 30, seed=2, draws=6))
    assert not np.array_equal(drawn[:, 0], drawn[:, 1])
    assert not np.array_equal(drawn, sampled_demand(hidden, 35, 30, seed=3, draws=6))
    assert drawn[:, :, 5:15].mean() == pytest.approx(panel.units.mean(), rel=0.1)
    part = (drawn - hidden.units[:, None, 35:65])[:, :, 20]
    assert (part >= 0).all() and 0 < part.mean() < 0.6 * panel.units.mean()
    untouched = np.delete(np.arange(30), [*range(5, 15), 20])
    assert np.array_equal(drawn[:, 3, untouched], hidden.units[:, 35:65][:, untouched])
    assert np.array_equal(sampled_demand(panel, 35, 30, seed=2)[:, 0], panel.units[:, 35:65])


def test_without_evidence_sales_stand_as_they_are() -> None:
    hidden, panel = hidden_shop()
    assert restore(panel) is panel
    for share in (0.0, 0.5):
        never = replace(hidden, in_stock=np.full((20, 80), share))
        assert np.array_equal(restore(never).units, never.units)
    three, four = np.full((20, 80), 0.5), np.full((20, 80), 0.5)
    three[:, 30:33], four[:, 30:34] = 1, 1
    assert np.array_equal(restore(replace(hidden, in_stock=three)).units, hidden.units)
    assert (restore(replace(hidden, in_stock=four)).units > hidden.units).any()
    unknown = replace(hidden, in_stock=np.full((20, 80), np.nan))
    assert np.array_equal(restore(unknown).units, hidden.units)


def test_a_day_keeps_its_draw_while_what_is_near_stays() -> None:
    hidden, _ = hidden_shop()
    later = hidden.units.copy()
    later[:, 79] = 99
    earlier, now = restore(hidden).units, restore(replace(hidden, units=later)).units
    assert np.array_equal(earlier[:, :51], now[:, :51])
    shorter = restore(hidden.until_column(79)).units
    assert np.array_equal(shorter[:, :50], earlier[:, :50])


def test_returns_and_days_before_the_first_sale_stay() -> None:
    hidden, _ = hidden_shop()
    units = hidden.units.copy()
    units[:, 45] = -2
    found = restore(replace(hidden, units=units, starts=np.full(20, 43))).units
    assert np.array_equal(found[:, :43], units[:, :43])
    assert (found[:, 43:50] >= units[:, 43:50]).all() and found[:, 45].mean() > 1
