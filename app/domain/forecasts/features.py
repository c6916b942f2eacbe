"""What the learned engine knows about a variant at a cut-off, and the scale it measures demand by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app.domain.arrays import Floats, Ints
from app.domain.forecasts.shop import YEAR, Shop, base_rate, expected
from app.domain.forecasts.windows import DECAYS, PEAKS, Windows

RATES = (3, 7, 14, 28, 56, 112, 182, 364)
FLOOR = 0.05  # share of the base added to a rate before its log, so that zero stays finite
WEEKS = 6


def features(
    windows: Windows, shop: Shop, price: Floats | None, row: Ints, cut: Ints, length: Ints
) -> tuple[Floats, Floats]:
    """(m, k) features of `row` at `cut` for a sum over `length` days, and (m,) its scale in units.

    Nothing after `cut` is read. The scale is what `shop.expected` says of the coming days.
    """
    base = base_rate(windows, shop, row, cut)
    age = np.maximum(cut - windows.starts[row], 1)

    def relative(rate: Floats) -> Floats:
        ratio: Floats = np.log((np.maximum(rate, 0.0) + FLOOR * base) / base)
        return ratio

    columns = [np.log(base), np.log(age), np.log(length)]
    columns += [relative(windows.rate(row, cut, w)) for w in RATES]
    columns += [relative(windows.level(decay, row, cut)) for decay in DECAYS]
    columns += _last_year(windows, shop, row, cut, length, relative)
    columns += _shape(windows, row, cut, age, base)
    columns += _shop_state(shop, cut, length)
    if windows.in_stock is not None:
        columns += [windows.total(windows.in_stock, row, cut - w, cut) / np.minimum(w, cut) for w in (7, 28)]
    if price is not None:
        columns.append(np.log(np.maximum(price[row], 0.01)))
    return np.stack(columns, axis=1).astype(np.float32), expected(windows, shop, row, cut, length)


def _last_year(
    windows: Windows, shop: Shop, row: Ints, cut: Ints, length: Ints, relative: Callable[[Floats], Floats]
) -> list[Floats]:
    """A year ago: the rate of the same days, and that against the month before them; NaN if unknown."""
    begin, end = cut - YEAR, np.minimum(cut - YEAR + length, cut)
    known = windows.starts[row] <= begin
    rate = windows.total(windows.units, row, begin, end) / (end - begin)
    before = windows.total(windows.units, row, begin - 56, begin) / 56
    longer = windows.starts[row] <= begin - 56
    coming = relative(rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        season = np.log(shop.rate(begin, end) / shop.rate(begin - 28, begin))
    return [
        np.where(known, coming, np.nan),
        np.where(longer, coming - relative(before), np.nan),
        np.where(np.isfinite(season), season, np.nan),
    ]


def _shape(windows: Windows, row: Ints, cut: Ints, age: Ints, base: Floats) -> list[Floats]:
    """How demand falls: share of selling days, gap since the last sale, sizes, peaks, week-to-week spread."""
    half_year = np.minimum(182, age)
    count = windows.total(windows.sold, row, cut - 182, cut)
    total = windows.total(windows.units, row, cut - 182, cut)
    squares = windows.total(windows.sizes2, row, cut - 182, cut)
    size = total / np.maximum(count, 1)
    variation = squares / np.maximum(count, 1) / np.maximum(size, 1e-9) ** 2 - 1
    monthly = windows.total(windows.sold, row, cut - 28, cut) / np.minimum(28, age)
    columns = [count / half_year, monthly, cut - 1 - windows.last_sale(row, cut), variation]
    columns += [np.log(np.maximum(size, 1e-3)), np.log1p(count)]
    for length in PEAKS:
        units = windows.total(windows.units, row, cut - length, cut)
        columns.append(windows.peak(length, row, cut) / np.maximum(units, 1e-9))
    weeks = np.stack(
        [windows.total(windows.units, row, cut - 7 * k - 7, cut - 7 * k) / 7 for k in range(WEEKS)]
    )
    columns.append(np.log((weeks.std(axis=0) + 0.01 * base) / base))
    columns.append(np.log((np.abs(np.diff(weeks, axis=0)).mean(axis=0) + 0.01 * base) / base))
    return columns


def _shop_state(shop: Shop, cut: Ints, length: Ints) -> list[Floats]:
    """The whole shop's momentum, and the season once a year is known (NaN before: a model learnt in the first
    year serves the days after it, so the number of features must not change)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        fast = np.log(shop.rate(cut - 7, cut) / shop.rate(cut - 28, cut))
        slow = np.log(shop.rate(cut - 28, cut) / shop.rate(cut - 112, cut))
    columns = [np.where(np.isfinite(x), x, np.nan) for x in (fast, slow)]
    angle = 2 * np.pi * (shop.first_ordinal + cut + length / 2) / 365.25
    return columns + [np.where(shop.seasonal, x, np.nan) for x in (np.sin(angle), np.cos(angle))]
