"""One-off large orders, told from a product's usual ones by a rule that a shopkeeper can check."""

from __future__ import annotations

import numpy as np

from app.domain.arrays import Bools, Floats, Ints

LEAST_UNITS = 10
TIMES_USUAL = 10.0
FEWEST_LINES = 20  # with fewer, nobody knows what is usual
RARE_SHARE = 0.02
MOST_A_YEAR = 3.0  # more is a regular customer, whose orders are demand


def one_off(product: Ints, units: Floats, *, days: int) -> tuple[Bools, Floats]:
    """(m,) which order lines are one-off wholesale, and (m,) the usual line of their product (its median).

    `product` numbers each line's product, `units` (m,) are positive, `days` is the time that the lines come
    from. A line is one-off if it holds at least LEAST_UNITS, at least TIMES_USUAL the product's median line,
    and no less than the product's other lines come to on a mean day; of such lines a product has at most one
    in fifty (RARE_SHARE) and MOST_A_YEAR a year, but always one. Products of under FEWEST_LINES have none.
    """
    _, place, count = np.unique(product, return_inverse=True, return_counts=True)
    median = _medians(place, units, count)[place]
    large = (units >= LEAST_UNITS) & (units >= TIMES_USUAL * median) & (count[place] >= FEWEST_LINES)
    usual_day = np.bincount(place, units * ~large, minlength=len(count)) / days
    large &= units >= usual_day[place]
    years = max(days / 365, 1.0)
    most = np.maximum(np.minimum(RARE_SHARE * count, MOST_A_YEAR * years), 1.0)
    is_rare = np.bincount(place, large, minlength=len(count)) <= most
    return large & is_rare[place], median


def _medians(place: Ints, units: Floats, count: Ints) -> Floats:
    """(products,) median of each product's lines."""
    ordered = units[np.lexsort((units, place))]
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    middle: Floats = (ordered[first + (count - 1) // 2] + ordered[first + count // 2]) / 2
    return middle
