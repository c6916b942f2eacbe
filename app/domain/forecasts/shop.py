"""What all variants of a shop share, the week and the proven season, and what a coming sum is expected to be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel
from app.domain.forecasts.season import FROM_DAYS, Level, Season, factor, proven
from app.domain.forecasts.windows import Windows

YEAR = 364  # 52 weeks: the same weekday a year ago
VARIANTS = 300  # whose past tells whether a season helps
PROVING_DECAY = 0.05
LEAST_OPEN = (
    0.05  # mean days that a past sum is measured by at least: few open days must not divide by nothing
)


@dataclass(frozen=True)
class Shop:
    """What all variants share: units of each day cumulated (days + 1,), weekday factors, the base's decay."""

    total: Floats
    weekday: Floats
    first_ordinal: int
    decay: float
    seasonal: bool
    season: Season
    whole: Windows | None  # running totals of all variants as one row, where there is a season

    @classmethod
    def of(cls, panel: Panel, decay: float, season: Season | None = None) -> Shop:
        """The shop of `panel`; `seasonal` once more than a year of it is known.

        `season` is one that a model was trained with; without it, the one that the past proves.
        """
        units, ordinal = panel.of_shop, panel.first_day.toordinal()
        total = np.concatenate([[0.0], np.cumsum(units)])
        weekday = _weekday(units, ordinal)
        shop = cls(total, weekday, ordinal, decay, panel.days > YEAR + 28, season or Season(), None)
        if panel.days < FROM_DAYS or (season is not None and season.strength == 0):
            return shop
        first = np.array([int(panel.starts.min())])
        whole = Windows.of(Panel(np.zeros(1), panel.first_day, units[None, :], first))
        return replace(shop, whole=whole, season=season or _proven(panel, whole, shop))

    def with_decay(self, decay: float) -> Shop:
        """The same shop with another smoothing of the base rate."""
        return replace(self, decay=decay)

    def open_days(self, cut: Ints, length: Ints) -> Floats:
        """Mean-day equivalents of the `length` days from column `cut`: Σ of their weekday factors."""
        week = np.zeros(15)
        np.cumsum(np.concatenate((self.weekday, self.weekday)), out=week[1:])
        first = (self.first_ordinal - 1 + cut) % 7
        rest = length % 7
        weeks: Floats = (length // 7) * self.weekday.sum() + week[first + rest] - week[first]
        return weeks

    def first_cut(self, cut: int) -> int:
        """The first cut-off that `Windows` must know for forecasts from `cut` on: a season looks back on all."""
        return cut if self.whole is None or self.season.strength == 0 else 1

    def rate(self, begin: Ints, end: Ints) -> Floats:
        """Mean units a day of the whole shop from column `begin` to `end`, NaN where that is not known."""
        known = (begin >= 0) & (end > begin) & (end < len(self.total))
        begin, end = np.where(known, begin, 0), np.where(known, end, 1)
        rate: Floats = np.where(known, (self.total[end] - self.total[begin]) / (end - begin), np.nan)
        return rate


def _weekday(units: Floats, first_ordinal: int) -> Floats:
    """(7,) demand of each weekday in the last half year relative to the mean day."""
    day = (first_ordinal - 1 + np.arange(len(units))) % 7
    recent, day = units[-182:], day[-182:]
    mean = np.array([recent[day == d].mean() if (day == d).any() else 0.0 for d in range(7)])
    known = mean.sum() > 0 and len(units) >= 28
    return np.asarray(np.maximum(mean / mean.mean() if known else np.ones(7), 1e-3))


def _proven(panel: Panel, whole: Windows, shop: Shop) -> Season:
    some = panel.take(np.unique(np.linspace(0, len(panel) - 1, VARIANTS).astype(np.int64)))
    return proven(Windows.of(some), whole, by_level(shop.with_decay(PROVING_DECAY)), panel.days)


def base_rate(windows: Windows, shop: Shop, row: Ints, cut: Ints) -> Floats:
    """Units a day that a coming sum is measured by: smoothed demand with a little of the long run in it."""
    return base_rates(windows, (shop.decay,), row, cut)[0]


def base_rates(windows: Windows, decays: Iterable[float], row: Ints, cut: Ints) -> list[Floats]:
    """`base_rate` by each of these smoothings."""
    long = windows.rate(row, cut, YEAR)
    little, least = 0.1 * long, 0.2 * long
    smooth = (windows.level(decay, row, cut) for decay in decays)
    return [np.maximum(0.9 * rate + little, least) + 1e-6 for rate in smooth]


def by_level(shop: Shop) -> Level:
    """What a sum is expected to be by level and weekdays alone, as if of at least LEAST_OPEN mean days."""

    def sums(windows: Windows, row: Ints, cut: Ints, length: Ints) -> Floats:
        days = np.maximum(shop.open_days(cut, length), LEAST_OPEN)
        return np.asarray(base_rate(windows, shop, row, cut) * days)

    return sums


def expected(
    windows: Windows, shop: Shop, row: Ints, cut: Ints, length: Ints, *, least: float = LEAST_OPEN
) -> Floats:
    """(m,) units expected over the `length` days from `cut`: by level, weekdays, and season where proven."""
    return expected_by(windows, shop, (shop.decay,), row, cut, length, least=least)[0]


def expected_by(
    windows: Windows,
    shop: Shop,
    decays: Iterable[float],
    row: Ints,
    cut: Ints,
    length: Ints,
    *,
    least: float = LEAST_OPEN,
) -> list[Floats]:
    """`expected` by each of these smoothings instead of the shop's own."""
    decays = tuple(decays)
    days = np.maximum(shop.open_days(cut, length), least)
    sums = [rate * days for rate in base_rates(windows, decays, row, cut)]
    if shop.whole is None or shop.season.strength == 0:
        return sums
    levels = [by_level(shop.with_decay(decay)) for decay in decays]
    seasons = [factor(shop.season, windows, shop.whole, level, row, cut, length) for level in levels]
    return [each * season for each, season in zip(sums, seasons, strict=True)]
