"""True demand: an expected rate for each variant and day, and the units that customers want.

rate = base × trend × weekday × yearly season × promotion, within the variant's life. Units are negative
binomial around the rate (more spread than Poisson), plus rare wholesale orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from simulator.generation.catalog import Catalogue

UNITS_PER_LINE = 1.35
LINES_PER_ORDER = 1.6
WEEKDAY = np.array([1.05, 0.95, 0.95, 1.0, 1.1, 1.05, 0.9])


@dataclass
class Demand:
    """Arrays of shape (variants, days)."""

    rate: np.ndarray
    units: np.ndarray
    promo: np.ndarray
    wholesale: np.ndarray


def make_demand(
    catalogue: Catalogue, first: date, days: int, orders_per_year: int, random: np.random.Generator
) -> Demand:
    """Demand of `days` days from `first` on, scaled so that about `orders_per_year` orders come of it."""
    count = len(catalogue.items)
    base = random.lognormal(0, 1.2, count)
    gift = np.array([item.gift_card for item in catalogue.items])
    base[gift] = np.median(base) * 0.5
    rate = base[:, None] * _calendar(catalogue, first, days, random) * _life(catalogue, days)
    promo = _promotions(count, days, random)
    rate = rate * np.where(promo, random.uniform(1.6, 3.0, (count, 1)), 1.0)
    wanted = orders_per_year * days / 365.25 * LINES_PER_ORDER * UNITS_PER_LINE
    rate = (rate * wanted / max(rate.sum(), 1e-9)).astype(np.float32)
    spread = random.uniform(0.4, 4.0, (count, 1))  # NB shape: small is lumpy
    units = random.poisson(random.gamma(spread, np.maximum(rate, 1e-9) / spread)).astype(np.int32)
    wholesale = _wholesale(rate, random)
    return Demand(rate, units, promo, wholesale)


def _calendar(catalogue: Catalogue, first: date, days: int, random: np.random.Generator) -> np.ndarray:
    count, day = len(catalogue.items), np.arange(days)
    dates = [first + timedelta(days=int(d)) for d in day]
    weekday = WEEKDAY[[d.weekday() for d in dates]]
    weekday = weekday[None, :] ** random.uniform(0.5, 2.0, (count, 1))
    growth = random.normal(0.08, 0.2, (count, 1))
    trend = np.exp(growth * (day[None, :] - days / 2) / 365.25)
    peak = np.array([catalogue.groups[item.product].season for item in catalogue.items])
    year_day = np.array([d.timetuple().tm_yday for d in dates])
    distance = np.abs((year_day[None, :] - peak[:, None] + 182) % 365 - 182)
    strength = np.where(peak > 0, random.uniform(0.4, 1.8, count), 0.0)[:, None]
    season = 1 + strength * np.exp(-0.5 * (distance / 28.0) ** 2)
    return np.asarray(weekday * trend * season)


def _life(catalogue: Catalogue, days: int) -> np.ndarray:
    day = np.arange(days)[None, :]
    born = np.array([item.born for item in catalogue.items])[:, None]
    gone = np.array([item.gone for item in catalogue.items])[:, None]
    return np.asarray((day >= born) & (day < gone), float)


def _promotions(count: int, days: int, random: np.random.Generator) -> np.ndarray:
    promo = np.zeros((count, days), bool)
    for _ in range(max(1, days // 45)):
        start, length = int(random.integers(0, days)), int(random.integers(3, 10))
        promo[random.random(count) < 0.08, start : start + length] = True
    return promo


def _wholesale(rate: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Rare single orders of a multiple of a month's demand."""
    count, days = rate.shape
    units = np.zeros((count, days), np.int32)
    for _ in range(max(1, int(count * days / 40_000))):
        variant, day = int(random.integers(count)), int(random.integers(days))
        if rate[variant, day] > 0:
            units[variant, day] += int(np.ceil(rate[variant, day] * 30 * random.uniform(0.6, 2.0))) + 4
    return units
