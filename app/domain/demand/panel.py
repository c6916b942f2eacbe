"""Daily demand of many variants on one calendar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from app.domain.arrays import Bools, Floats, Ints, Keys


@dataclass(frozen=True)
class Panel:
    """n variants × `days` days of net units; day 0 is `first_day`, the last column the last known day.

    `units` is net of returns and cancellations and may be negative on odd days. Days before `starts`
    (first sale, or first day in stock) are not history. `in_stock` is the share of the day in stock,
    0 to 1, NaN where unknown; `price` the mean unit price in money; `closed` marks days on which the
    shop was shut; `holiday` (n,) the holiday whose goods a variant belongs to, see `demand.holidays`.
    """

    keys: Keys
    first_day: date
    units: Floats
    starts: Ints
    in_stock: Floats | None = None
    price: Floats | None = None
    closed: Bools | None = None
    holiday: Ints | None = None

    def __post_init__(self) -> None:
        if self.units.ndim != 2:
            raise ValueError(f"units must be variants × days, got {self.units.ndim} dimension(s)")
        n, days = self.units.shape
        _require(days >= 1, "a panel needs at least one day")
        _require(self.keys.shape == (n,), f"{self.keys.shape} keys for {n} rows of units")
        _require(self.starts.shape == (n,), f"{self.starts.shape} starts for {n} rows of units")
        _require(bool(np.isfinite(self.units).all()), "units must be finite: give 0 for a day without sales")
        _require(bool(((self.starts >= 0) & (self.starts < days)).all()), "starts must be columns of units")
        if self.in_stock is not None:
            _require(
                self.in_stock.shape == (n, days), f"in_stock has shape {self.in_stock.shape}, not units'"
            )
            outside = (self.in_stock < 0) | (self.in_stock > 1)
            _require(not bool(outside.any()), "in_stock is a share of the day, 0 to 1")
        if self.price is not None:
            _require(self.price.shape == (n,), f"{self.price.shape} prices for {n} variants")
        if self.holiday is not None:
            _require(self.holiday.shape == (n,), f"{self.holiday.shape} holidays for {n} variants")
        if self.closed is not None:
            _require(self.closed.shape == (days,), f"{self.closed.shape} closed marks for {days} days")

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def days(self) -> int:
        """Number of days on the calendar."""
        return int(self.units.shape[1])

    @property
    def last_day(self) -> date:
        """The last known day."""
        return self.first_day + timedelta(days=self.days - 1)

    @property
    def history_days(self) -> Ints:
        """(n,) days from the start of each variant's history to the last known day, both included."""
        return self.days - self.starts

    @cached_property
    def of_shop(self) -> Floats:
        """(days,) units of all variants together on each day, a variant's negative days counted as 0."""
        return np.asarray(np.maximum(self.units, 0.0).sum(axis=0))

    def take(self, rows: Ints | Bools) -> Panel:
        """The same calendar with these variants alone."""
        return replace(
            self,
            keys=self.keys[rows],
            units=self.units[rows],
            starts=self.starts[rows],
            in_stock=None if self.in_stock is None else self.in_stock[rows],
            price=None if self.price is None else self.price[rows],
            holiday=None if self.holiday is None else self.holiday[rows],
        )

    def until(self, day: date) -> Panel:
        """What was known at the close of `day`: later days, and variants that began later, are gone."""
        days = (day - self.first_day).days + 1
        if not 1 <= days <= self.days:
            raise ValueError(f"{day} is outside the panel, which runs {self.first_day} to {self.last_day}")
        return self.until_column(days)

    def until_column(self, days: int) -> Panel:
        """The first `days` columns, with the variants that had begun by then."""
        known = self.take(self.starts < days)
        return replace(
            known,
            units=known.units[:, :days],
            in_stock=None if known.in_stock is None else known.in_stock[:, :days],
            closed=None if known.closed is None else known.closed[:days],
        )

    @classmethod
    def from_rows(
        cls,
        keys: ArrayLike,
        days: ArrayLike,
        units: ArrayLike,
        *,
        last_day: date,
        first_day: date | None = None,
        in_stock: ArrayLike | None = None,
        price: ArrayLike | None = None,
    ) -> Panel:
        """A panel from rows of (key, day, units); days without a row had no sales.

        Several rows of one variant and day are added up (their `in_stock` averaged). History begins at a
        variant's first row. `price` per row becomes each variant's mean, weighted by units. Rows later
        than `last_day` or before `first_day` (default: the earliest row) are an error.
        """
        key, day = np.asarray(keys), np.asarray(days).astype("datetime64[D]")
        quantity = np.asarray(units, dtype=np.float64)
        _require(key.shape == day.shape == quantity.shape, "keys, days and units differ in length")
        _require(len(key) > 0, "no rows: there is nothing to forecast before the first sale")
        begin = np.datetime64(first_day, "D") if first_day else day.min()
        width = int((np.datetime64(last_day, "D") - begin).astype(int)) + 1
        column = (day - begin).astype(np.int64)
        late = (column < 0) | (column >= width)
        if late.any():
            raise ValueError(f"row {int(late.argmax())}: day {day[late][0]} is not in {begin} to {last_day}")
        unique, row = np.unique(key, return_inverse=True)
        cell, shape = row * width + column, (len(unique), width)
        starts = np.full(len(unique), width, dtype=np.int64)
        np.minimum.at(starts, row, column)
        return cls(
            keys=unique,
            first_day=begin.astype(object),
            units=np.asarray(
                np.bincount(cell, quantity, minlength=shape[0] * width), dtype=np.float64
            ).reshape(shape),
            starts=starts,
            in_stock=None if in_stock is None else _cell_mean(cell, in_stock, shape),
            price=None if price is None else _mean_price(row, quantity, price, len(unique)),
        )


def _require(ok: bool, message: str) -> None:
    if not ok:
        raise ValueError(message)


def _cell_mean(cell: Ints, values: ArrayLike, shape: tuple[int, int]) -> Floats:
    value = np.asarray(values, dtype=np.float64)
    known = np.isfinite(value)
    size = shape[0] * shape[1]
    total = np.bincount(cell[known], value[known], minlength=size)
    count = np.bincount(cell[known], minlength=size)
    mean: Floats = np.full(size, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean.reshape(shape)


def _mean_price(row: Ints, units: Floats, prices: ArrayLike, n: int) -> Floats:
    price = np.asarray(prices, dtype=np.float64)
    weight = np.where(np.isfinite(price), np.maximum(units, 0.0), 0.0)
    total = np.bincount(row, weight * np.nan_to_num(price), minlength=n)
    weights = np.bincount(row, weight, minlength=n)
    mean: Floats = np.full(n, np.nan)
    np.divide(total, weights, out=mean, where=weights > 0)
    return mean
