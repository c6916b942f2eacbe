"""One-off large orders: far above the usual one, and rare; regular large orders are demand."""

import numpy as np

from app.domain.demand.wholesale import one_off

USUAL = [1.0, 2.0, 1.0, 3.0, 1.0] * 20  # 100 lines of 1 to 3


def told(*products: list[float], days: int = 365) -> list[list[float]]:
    """For each product the lines that are held to be one-off."""
    number = np.repeat(np.arange(len(products)) + 70, [len(one) for one in products])
    units = np.concatenate([np.asarray(one) for one in products])
    marked, _ = one_off(number, units, days=days)
    return [units[marked & (number == i + 70)].tolist() for i in range(len(products))]


def test_a_rare_order_far_above_the_usual_one_is_told() -> None:
    assert told([*USUAL, 60.0], [*USUAL, 9.0], [*USUAL, 10.0]) == [[60.0], [], [10.0]]


def test_usual_is_the_products_own_median() -> None:
    cases = [24.0, 24.0, 36.0] * 10
    assert told([*cases, 239.0], [*cases, 290.0], USUAL) == [[], [290.0], []]
    _, median = one_off(np.array([4, 4, 4, 9]), np.array([5.0, 1.0, 2.0, 8.0]), days=365)
    assert median.tolist() == [2, 2, 2, 8]
    assert one_off(np.array([4, 4]), np.array([1.0, 2.0]), days=9)[1].tolist() == [1.5, 1.5]


def test_what_comes_often_is_a_customer_and_not_an_exception() -> None:
    many = USUAL * 10
    assert told([*USUAL, 60.0, 60.0], [*USUAL, 60.0, 60.0, 60.0]) == [[60.0, 60.0], []]
    assert told([*many, *[60.0] * 3], [*many, *[60.0] * 4]) == [[60.0] * 3, []]
    assert told([*many, *[60.0] * 4], days=730) == [[60.0] * 4]


def test_what_a_usual_day_sells_is_not_large() -> None:
    assert told([1.0] * 7300 + [15.0]) == [[]]
    assert told([1.0] * 7300 + [25.0]) == [[25.0]]


def test_with_few_lines_nobody_knows_what_is_usual() -> None:
    assert told([1.0] * 18 + [50.0], [1.0] * 19 + [50.0]) == [[], [50.0]]
