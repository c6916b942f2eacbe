"""What a plan needs beside the forecast: the stock position and the policy, one value for each variant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from app.domain.arrays import Floats, Ints, spread


@dataclass(frozen=True)
class Receipt:
    """`units` of variant number `row` that arrive at the opening of the day `in_days` from today (≥ 0)."""

    row: int
    in_days: int
    units: float


@dataclass(frozen=True)
class Stock:
    """Stock of n variants in whole units; each field an array (n,) or one number for all.

    `on_hand` contains what is `committed` to open orders (as in Shopify); `incoming` is everything on its
    way, counted once. `receipts` gives the dates of as much of it as is dated: a part of `incoming`, not
    added to it; the undated rest is taken to arrive after one lead time. `unit_cost` and `price` are money,
    NaN where unknown. Negative `on_hand` (oversold) is allowed.
    """

    on_hand: ArrayLike
    committed: ArrayLike = 0
    incoming: ArrayLike = 0
    backorders: ArrayLike = 0
    unit_cost: ArrayLike = np.nan
    price: ArrayLike = np.nan
    receipts: Sequence[Receipt] = ()

    def position(self, n: int) -> Floats:
        """(n,) inventory position: on hand − committed + incoming − backorders."""
        return self.available(n) + self.units("incoming", n)

    def available(self, n: int) -> Floats:
        """(n,) units that can be sold today: on hand − committed − backorders."""
        return self.units("on_hand", n) - self.units("committed", n) - self.units("backorders", n)

    def units(self, name: str, n: int) -> Floats:
        """(n,) whole units of one field; a fraction or a gap is an error that names the variant."""
        value = spread(getattr(self, name), n, name)
        wrong = ~(value == np.round(value)) | ((name != "on_hand") & (value < 0))
        if wrong.any():
            i = int(wrong.argmax())
            raise ValueError(f"{name} of variant {i} is {value[i]}; stock is counted in whole units")
        return value

    def money(self, name: str, n: int) -> Floats:
        """(n,) `unit_cost` or `price`, NaN where unknown."""
        return spread(getattr(self, name), n, name)


@dataclass(frozen=True)
class Policy:
    """How to order; each field an array (n,) or one number for all.

    `lead_time_days` L from order to shelf with standard deviation `lead_time_sd_days`, `review_days` R
    between orders, `service_level` α in (0, 1): the share of cycles without a stock-out (F6). `moq` and
    `case_size` in units; `min_stock` the least target stock, `max_stock` the most that stock and incoming
    may come to (NaN: no limit). L + R may be at most 180 days.
    """

    lead_time_days: ArrayLike = 14
    lead_time_sd_days: ArrayLike = 0
    review_days: ArrayLike = 7
    service_level: ArrayLike = 0.95
    moq: ArrayLike = 0
    case_size: ArrayLike = 1
    min_stock: ArrayLike = 0
    max_stock: ArrayLike = float("nan")
    overstock_days: ArrayLike = 90

    def take(self, rows: Ints) -> Policy:
        """The policy of the variants at these places."""
        each = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        return Policy(**{name: value[rows] if value.ndim else value for name, value in each.items()})

    def each(self, name: str, n: int) -> Floats:
        """(n,) values of one field, checked against its limits; the error names field, variant and limit."""
        value = spread(getattr(self, name), n, name)
        low, high = LIMITS[name]
        wrong = ~((value >= low) & (value <= high))
        if name == "max_stock":
            wrong &= ~np.isnan(value)
        if name in WHOLE:
            wrong |= value != np.round(value)
        if wrong.any():
            i = int(wrong.argmax())
            whole = " in whole units" if name in WHOLE else ""
            raise ValueError(f"{name} of variant {i} is {value[i]:g}; it must be {low:g} to {high:g}{whole}")
        return value


LIMITS = {
    "lead_time_days": (0.0, 180.0),
    "lead_time_sd_days": (0.0, 180.0),
    "review_days": (1.0, 180.0),
    "service_level": (0.5, 0.9999),
    "moq": (0.0, 1e12),
    "case_size": (1.0, 1e12),
    "min_stock": (0.0, 1e12),
    "max_stock": (0.0, 1e12),
    "overstock_days": (0.0, 180.0),
}
WHOLE = {"moq", "case_size", "min_stock"}
