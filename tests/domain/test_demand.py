"""The panel's checks, demand classes, and demand behind sold-out days."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from app.domain.demand import Panel, censoring
from app.domain.demand.pattern import demand_class
from tests.domain.shops import DAY, shop, sold_out_shop


def test_rows_become_a_panel_with_prices_and_stock() -> None:
    panel = Panel.from_rows(
        ["b", "a", "b", "b"],
        ["2026-01-03", "2026-01-02", "2026-01-03", "2026-01-04"],
        [1, 2, 3, -1],
        last_day=date(2026, 1, 5),
        in_stock=[0.5, np.nan, 1.0, 1.0],
        price=[10, np.nan, 20, 5],
    )
    assert panel.keys.tolist() == ["a", "b"]
    assert panel.units.tolist() == [[2, 0, 0, 0], [0, 4, -1, 0]]
    assert panel.starts.tolist() == [0, 1]
    assert panel.last_day == date(2026, 1, 5)
    assert panel.in_stock is not None and panel.in_stock[1, 1] == 0.75
    assert np.isnan(panel.in_stock[0, 0])
    assert panel.price is not None and panel.price[1] == 17.5 and np.isnan(panel.price[0])
    assert panel.history_days.tolist() == [4, 3]
    assert panel.until(date(2026, 1, 2)).keys.tolist() == ["a"]


def test_rows_outside_the_calendar_are_named() -> None:
    with pytest.raises(ValueError, match="row 0: day 2026-01-09 is not in"):
        Panel.from_rows([1], ["2026-01-09"], [1], last_day=date(2026, 1, 5), first_day=date(2026, 1, 1))
    with pytest.raises(ValueError, match="no rows"):
        Panel.from_rows([], [], [], last_day=date(2026, 1, 5))
    with pytest.raises(ValueError, match="outside the panel"):
        shop(1, 10).until(DAY - timedelta(days=1))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("units", np.zeros(3), "variants × days"),
        ("units", np.full((2, 5), np.nan), "finite"),
        ("units", np.zeros((2, 0)), "at least one day"),
        ("keys", np.arange(3), "keys for"),
        ("starts", np.array([0]), "starts for"),
        ("starts", np.array([0, 5]), "columns of units"),
        ("in_stock", np.ones((2, 4)), "not units'"),
        ("in_stock", np.full((2, 5), 1.5), "share of the day"),
        ("price", np.ones(1), "prices for"),
        ("closed", np.ones(4, dtype=bool), "closed marks"),
    ],
)
def test_a_panel_says_what_is_wrong_with_it(field: str, value: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(shop(2, 5), **{field: value})


def test_taking_part_of_a_panel_keeps_all_fields() -> None:
    whole = replace(
        shop(3, 9), in_stock=np.ones((3, 9)), price=np.arange(3.0), closed=np.zeros(9, dtype=bool)
    )
    part = whole.take(np.array([2])).until(DAY + timedelta(days=3))
    assert part.closed is not None and part.closed.shape == (4,)
    assert part.price is not None and part.price.tolist() == [2.0]
    assert part.in_stock is not None and part.in_stock.shape == (1, 4)


def test_demand_classes() -> None:
    units = np.zeros((6, 60))
    units[0] = 5
    units[1, ::2], units[1, 1::2] = 1, 20
    units[2, ::5] = 2
    units[3, ::10], units[3, ::20] = 40, 1
    units[4, -1] = 1
    panel = Panel(np.arange(6), DAY, units, np.array([0, 0, 0, 0, 55, 0]))
    assert demand_class(panel).tolist() == ["smooth", "erratic", "intermittent", "lumpy", "new", "none"]


@pytest.mark.parametrize(("rate", "k", "level"), [(5.0, 50.0, 60), (5.0, 0.5, 60), (0.4, 0.5, 6)])
def test_censored_rate_recovers_the_truth_where_days_in_stock_fails(
    rate: float, k: float, level: float
) -> None:
    sold, stock, _ = sold_out_shop(40, 300, 7, rate, k, level)
    sold, stock = sold[:, 60:], stock[:, 60:]
    mean, size = censoring.censored_rate(sold, stock)
    in_stock = np.array([s[a > 0].mean() for s, a in zip(sold, stock, strict=True)])
    assert abs(mean.mean() / rate - 1) <= 0.03
    assert in_stock.mean() / rate - 1 < -0.05
    assert (size > 0).all()


def test_censored_rate_of_days_without_stock_and_without_record() -> None:
    mean, _ = censoring.censored_rate(np.array([[0, 0.0], [2, 4]]), np.array([[0, 0.0], [np.nan, np.nan]]))
    assert np.isnan(mean[0])
    assert mean[1] == pytest.approx(3.0, rel=1e-3)
