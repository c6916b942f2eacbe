"""What the learned engine knows about a variant at a cut-off, and the scale it measures demand by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel
from app.domain.forecasts.newcomers import Newcomers
from app.domain.forecasts.windows import DECAYS, PEAKS, Windows

RATES = (3, 7, 14, 28, 56, 112, 182, 364)
YEAR = 364  # 52 weeks: the same weekday a year ago
FLOOR = 0.05  # share of the base added to a rate before its log, so that zero stays finite
CALM_RATES = (28, 56, 112, 364)
LIKE_LEAST, LIKE_MOST = 0.02, 4.0  # times what it sold a day so far: launches of other kinds are no guide
YOUNG_DAYS, OLD_DAYS = 21, 42  # from the first of these on the launches are forgotten, at the second they are
WEEKS = 13
FEW_WEEKS = 6


@dataclass(frozen=True)
class Shop:
    """What all variants share: units of each day cumulated (days + 1,), weekday factors, the base's decay."""

    total: Floats
    weekday: Floats
    first_ordinal: int
    decay: float
    seasonal: bool
    newcomers: Newcomers | None = None

    @classmethod
    def of(cls, panel: Panel, decay: float) -> Shop:
        """The shop of `panel`; `seasonal` once more than a year of it is known."""
        units = np.maximum(panel.units, 0.0).sum(axis=0)
        ordinal = panel.first_day.toordinal()
        day = (ordinal - 1 + np.arange(panel.days)) % 7
        recent = units[-182:]
        mean = np.array(
            [recent[day[-182:] == d].mean() if (day[-182:] == d).any() else 0.0 for d in range(7)]
        )
        weekday = mean / mean.mean() if mean.sum() > 0 and panel.days >= 28 else np.ones(7)
        total = np.concatenate([[0.0], np.cumsum(units)])
        return cls(
            total, np.maximum(weekday, 1e-3), ordinal, decay, panel.days > YEAR + 28, Newcomers.of(panel)
        )

    def with_decay(self, decay: float) -> Shop:
        """The same shop with another smoothing of the base rate."""
        return replace(self, decay=decay)

    def open_days(self, cut: Ints, length: Ints) -> Floats:
        """Mean-day equivalents of the `length` days from column `cut`: Σ of their weekday factors."""
        week = np.concatenate([[0.0], np.cumsum(np.tile(self.weekday, 2))])
        first = (self.first_ordinal - 1 + cut) % 7
        rest = length % 7
        weeks: Floats = (length // 7) * self.weekday.sum() + week[first + rest] - week[first]
        return weeks

    def rate(self, begin: Ints, end: Ints) -> Floats:
        """Mean units a day of the whole shop from column `begin` to `end`, NaN where that is not known."""
        known = (begin >= 0) & (end > begin) & (end < len(self.total))
        begin, end = np.where(known, begin, 0), np.where(known, end, 1)
        rate: Floats = np.where(known, (self.total[end] - self.total[begin]) / (end - begin), np.nan)
        return rate


def base_rate(windows: Windows, shop: Shop, row: Ints, cut: Ints) -> Floats:
    """Units a day that a coming sum is measured by: smoothed demand with a little of the long run in it.

    A product just launched is measured by what launches sell in this shop; its own sales take over.
    """
    smooth = windows.smoothed[shop.decay][row, cut - 1]
    long = windows.rate(row, cut, YEAR)
    base = np.maximum(0.9 * smooth + 0.1 * long, 0.2 * long) + 1e-6
    if shop.newcomers is None:
        return base
    young = np.flatnonzero(cut - windows.starts[row] < OLD_DAYS)
    row, cut = row[young], cut[young]
    first, age = windows.starts[row], cut - windows.starts[row]
    price = None if windows.price is None else windows.price[row]
    seen = windows.total(windows.units, row, first, cut) / np.maximum(age, 1)
    like = np.clip(shop.newcomers.rate(price, len(young)), LIKE_LEAST * seen, LIKE_MOST * seen)
    own = windows.total(windows.units, row, first + 1, cut)
    blended = (shop.newcomers.days * like + own) / (shop.newcomers.days + age - 1) + 1e-6
    grown = np.clip((age - YOUNG_DAYS) / (OLD_DAYS - YOUNG_DAYS), 0.0, 1.0)
    base[young] = grown * base[young] + (1 - grown) * blended
    return base


def features(windows: Windows, shop: Shop, row: Ints, cut: Ints, length: Ints) -> tuple[Floats, Floats]:
    """(m, k) features of `row` at `cut` for a sum over `length` days, and (m,) its scale in units.

    Nothing after `cut` is read. The scale is base rate × mean-day equivalents of the coming days.
    """
    base = base_rate(windows, shop, row, cut)
    columns = _state(windows, shop, row, cut, base) + _ahead(windows, shop, row, cut, length, base)
    return np.stack(columns, axis=1).astype(np.float32), base * _coming(shop, cut, length)


def features_by_length(
    windows: Windows, shop: Shop, row: Ints, cut: Ints, lengths: Ints
) -> tuple[Floats, Floats]:
    """(m, H, k) features and (m, H) scales of each row for sums over each of `lengths`; see `features`."""
    base, h = base_rate(windows, shop, row, cut), len(lengths)
    state = np.stack(_state(windows, shop, row, cut, base), axis=1)
    cuts, bases, length = np.repeat(cut, h), np.repeat(base, h), np.tile(lengths, len(row))
    ahead = np.stack(_ahead(windows, shop, np.repeat(row, h), cuts, length, bases), axis=1)
    x: Any = np.concatenate([np.repeat(state, h, axis=0), ahead], axis=1).astype(np.float32)
    scale: Floats = bases * _coming(shop, cuts, length)
    return x.reshape(len(row), h, -1), scale.reshape(len(row), h)


def _coming(shop: Shop, cut: Ints, length: Ints) -> Floats:
    return np.maximum(shop.open_days(cut, length), 0.05)


def _relative(rate: Floats, base: Floats) -> Floats:
    ratio: Floats = np.log((np.maximum(rate, 0.0) + FLOOR * base) / base)
    return ratio


def _state(windows: Windows, shop: Shop, row: Ints, cut: Ints, base: Floats) -> list[Floats]:
    """What is known at `cut`, whatever the length of the sum."""
    age = np.maximum(cut - windows.starts[row], 1)
    columns = [np.log(base), np.log(age)]
    columns += [_relative(windows.rate(row, cut, w), base) for w in RATES]
    columns += [_relative(windows.smoothed[decay][row, cut - 1], base) for decay in DECAYS]
    columns += [_relative(windows.rate(row, cut, w, windows.calm), base) for w in CALM_RATES]
    columns += _shape(windows, row, cut, age, base)
    columns += _shop_state(shop, cut)
    if windows.in_stock is not None:
        columns += [windows.total(windows.in_stock, row, cut - w, cut) / np.minimum(w, cut) for w in (7, 28)]
    if windows.price is not None:
        columns.append(np.log(np.maximum(windows.price[row], 0.01)))
    return columns


def _ahead(windows: Windows, shop: Shop, row: Ints, cut: Ints, length: Ints, base: Floats) -> list[Floats]:
    """What depends on the days ahead: how many, what they sold a year ago, the season in their middle.

    The season is NaN until a year is known: a model learnt in the first year serves the days after it, so the
    number of features must not change.
    """
    columns = [np.log(length), *_last_year(windows, shop, row, cut, length, base)]
    angle = 2 * np.pi * (shop.first_ordinal + cut + length / 2) / 365.25
    return columns + [np.where(shop.seasonal, x, np.nan) for x in (np.sin(angle), np.cos(angle))]


def _last_year(
    windows: Windows, shop: Shop, row: Ints, cut: Ints, length: Ints, base: Floats
) -> list[Floats]:
    """A year ago: the rate of the same days, and that against the month before them; NaN if unknown."""
    begin, end = cut - YEAR, np.minimum(cut - YEAR + length, cut)
    known = windows.starts[row] <= begin
    rate = windows.total(windows.units, row, begin, end) / (end - begin)
    before = windows.total(windows.units, row, begin - 56, begin) / 56
    longer = windows.starts[row] <= begin - 56
    coming = _relative(rate, base)
    with np.errstate(divide="ignore", invalid="ignore"):
        season = np.log(shop.rate(begin, end) / shop.rate(begin - 28, begin))
    return [
        np.where(known, coming, np.nan),
        np.where(longer, coming - _relative(before, base), np.nan),
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
    columns = [count / half_year, monthly, cut - 1 - windows.last_sale[row, cut - 1], variation]
    columns += [np.log(np.maximum(size, 1e-3)), np.log1p(count)]
    for length in PEAKS:
        units = windows.total(windows.units, row, cut - length, cut)
        columns.append(windows.peak[length][row, cut - 1] / np.maximum(units, 1e-9))
    weeks = np.stack(
        [windows.total(windows.units, row, cut - 7 * k - 7, cut - 7 * k) / 7 for k in range(WEEKS)]
    )
    few = weeks[:FEW_WEEKS]
    columns.append(np.log((few.std(axis=0) + 0.01 * base) / base))
    columns.append(np.log((np.abs(np.diff(few, axis=0)).mean(axis=0) + 0.01 * base) / base))
    columns += [np.log((x + FLOOR * base) / base) for x in (np.median(weeks, axis=0), np.median(few, axis=0))]
    return columns


def _shop_state(shop: Shop, cut: Ints) -> list[Floats]:
    """The whole shop's momentum (NaN where it is not known)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        fast = np.log(shop.rate(cut - 7, cut) / shop.rate(cut - 28, cut))
        slow = np.log(shop.rate(cut - 28, cut) / shop.rate(cut - 112, cut))
    return [np.where(np.isfinite(x), x, np.nan) for x in (fast, slow)]
