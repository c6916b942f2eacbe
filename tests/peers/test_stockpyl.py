"""Our formulas against stockpyl's, where it has the same function."""

import numpy as np
import pytest

from app.domain import economics, laws

stockpyl_eoq = pytest.importorskip("stockpyl.eoq")
stockpyl_newsvendor = pytest.importorskip("stockpyl.newsvendor")
stockpyl_loss = pytest.importorskip("stockpyl.loss_functions")


def test_economic_order_quantity_agrees() -> None:
    quantity, cost = stockpyl_eoq.economic_order_quantity(40, 3, 1825)
    assert economics.economic_order_quantity(1825, 40, 3) == pytest.approx(quantity)
    assert economics.yearly_cost(quantity, 1825, 40, 3) == pytest.approx(cost)
    for case in (216, 240):
        _, cost = stockpyl_eoq.economic_order_quantity(40, 3, 1825, order_quantity=case)
        assert economics.yearly_cost(case, 1825, 40, 3) == pytest.approx(cost)


def test_newsvendor_agrees() -> None:
    normal, _ = stockpyl_newsvendor.newsvendor_normal(2, 18, 120, 10)
    assert economics.newsvendor_normal(120, 10, 18, 2) == pytest.approx(normal)
    poisson, _ = stockpyl_newsvendor.newsvendor_poisson(2, 8, 120)
    assert economics.newsvendor(120, 120, 8, 2) == poisson


@pytest.mark.parametrize("level", [0, 3, 85, 107])
def test_unit_loss_agrees(level: int) -> None:
    assert laws.unit_loss(85, 85, level) == pytest.approx(stockpyl_loss.poisson_loss(level, 85)[0], abs=1e-6)
    size, chance = 5.0, 0.25
    mean, variance = size * (1 - chance) / chance, size * (1 - chance) / chance**2
    theirs = stockpyl_loss.negative_binomial_loss(level, mean=mean, sd=float(np.sqrt(variance)))[0]
    assert laws.unit_loss(mean, variance, level) == pytest.approx(theirs, abs=1e-6)
