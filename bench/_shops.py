"""Shops to try engines on: made by known laws, and cut from a panel file by SKU, date, length and category."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from app.domain.demand import Panel

DAY = date(2021, 3, 1)
HORIZON = 28


@dataclass(frozen=True)
class Trial:
    """A shop whose last HORIZON days are to be forecast from several cut-offs (columns known)."""

    name: str
    panel: Panel
    cuts: tuple[int, ...]


def _trial(name: str, units: np.ndarray, cuts: int, step: int = 14) -> Trial:
    units = np.asarray(units, dtype=np.float64)
    sells = (units[:, : units.shape[1] - HORIZON - step * (cuts - 1)] > 0).any(axis=1)
    units = units[sells]
    starts = (units > 0).argmax(axis=1)
    panel = Panel(np.arange(len(units)), DAY, units, starts)
    last = panel.days - HORIZON
    return Trial(name, panel, tuple(last - step * k for k in reversed(range(cuts))))


def _drifting(rng: np.random.Generator, n: int, days: int, sd: float) -> np.ndarray:
    return np.exp(np.cumsum(rng.normal(0, sd, (n, days)), axis=1))


def _counts(rng: np.random.Generator, mean: np.ndarray, k: float) -> np.ndarray:
    return rng.poisson(rng.gamma(k, mean / k))


def bakery(n: int, days: int, seed: int) -> np.ndarray:
    """Few fast products with a strong week, a closing day, slow drift; a quarter sells now and then."""
    rng = np.random.default_rng(seed)
    week = np.tile([0.8, 0.85, 0.0, 0.9, 1.1, 1.6, 1.9], days // 7 + 1)[:days]
    level = rng.lognormal(1.6, 1.3, (n, 1)) * _drifting(rng, n, days, 0.02) * _drifting(rng, 1, days, 0.012)
    present = rng.random((n, days)) < np.where(rng.random((n, 1)) < 0.25, 0.15, 1.0)
    return _counts(rng, level * week + 1e-9, 6.0) * present


def supermarket(n: int, years: int, seed: int) -> np.ndarray:
    """Items with a yearly season, a week and a slow trend over years."""
    rng = np.random.default_rng(seed)
    t = np.arange(365 * years)
    year = 1 + 0.35 * np.sin(2 * np.pi * (t - rng.integers(60, 130, (n, 1))) / 365.25)
    week = np.tile([0.8, 0.9, 0.9, 0.95, 1.05, 1.2, 1.3], len(t) // 7 + 1)[: len(t)]
    trend = np.exp(rng.normal(0.03, 0.05, (n, 1)) * t / 365)
    return _counts(rng, rng.uniform(5, 60, (n, 1)) * year * week * trend, 15.0)


def stepwise(n: int, years: int, seed: int, *, spread: float = 0.25) -> np.ndarray:
    """Items whose season, shared by all, steps from month to month; with `spread` 0 they only drift for years."""
    rng = np.random.default_rng(seed)
    days = 365 * years
    month = np.exp(rng.normal(0, spread, 12))[(np.arange(days) / 30.4375 % 12).astype(int)]
    level = rng.uniform(5, 60, (n, 1)) * month * _drifting(rng, n, days, 0.0 if spread else 0.01)
    return _counts(rng, level, 15.0)


def gifts(n: int, days: int, seed: int, most: float = 1.2) -> np.ndarray:
    """Lumpy demand: rare orders of very different size."""
    rng = np.random.default_rng(seed)
    chance = rng.uniform(0.02, 0.5, (n, 1)) * _drifting(rng, n, days, 0.02)
    size = np.ceil(rng.lognormal(rng.uniform(0.2, most, (n, 1)), 0.9, (n, days)))
    return np.where(rng.random((n, days)) < chance, size, 0.0)


def launches(n: int, days: int, seed: int) -> np.ndarray:
    """A shop in which half the products are younger than two months."""
    rng = np.random.default_rng(seed)
    units = _counts(rng, rng.lognormal(0.3, 1.0, (n, 1)) * np.ones((n, days)), 2.0)
    begin = np.where(np.arange(n) % 2, rng.integers(days - 100, days - 35, n), 0)
    return units * (np.arange(days)[None, :] >= begin[:, None])


def stepped(n: int, days: int, seed: int) -> np.ndarray:
    """Levels that jump now and then."""
    rng = np.random.default_rng(seed)
    jumps = (rng.random((n, days)) < 0.008) * rng.normal(0, 0.6, (n, days))
    return _counts(rng, rng.lognormal(1, 0.8, (n, 1)) * np.exp(np.cumsum(jumps, axis=1)), 4.0)


def made(*, seed: int = 0) -> Iterator[Trial]:
    """Shops by known laws; another `seed` gives other shops of the same kinds."""
    more = 1000 * seed
    for n, days in ((93, 188), (20, 160), (5, 120)):
        yield _trial(f"bakery {n} x {days}", bakery(n, days, n + more), 3 if n > 50 else 5)
    for n, years in ((20, 5), (4, 5), (30, 2)):
        yield _trial(f"supermarket {n} x {years} years", supermarket(n, years, n + more), 4, 28)
    yield _trial("steps 8 x 5 years", stepwise(8, 5, 8 + more), 2, 28)
    yield _trial("drifting 8 x 5 years", stepwise(8, 5, 9 + more, spread=0.0), 2, 28)
    for n, days in ((200, 400), (20, 60 + 28), (20, 365), (1, 400)):
        yield _trial(f"gifts {n} x {days}", gifts(n, days, n + more), 4 if days > 100 else 2, 7)
    yield _trial("launches 120 x 300", launches(120, 300, 1 + more), 1)
    yield _trial("stepped 60 x 300", stepped(60, 300, 2 + more), 4)
    yield _trial("fractions 20 x 88", bakery(20, 88, 9 + more) * 0.137, 2, 7)
    rng = np.random.default_rng(1 + more)
    yield _trial("steady Poisson 20 x 200", rng.poisson(np.linspace(0.5, 20, 20)[:, None], (20, 200)), 5)
    yield _trial("five fast 5 x 60", rng.poisson(9.0, (5, 88)), 3, 5)


def cut_from(path: Path, *, seed: int = 0) -> Iterator[Trial]:
    """Shops cut from a panel file: samples of its SKUs, its fast movers, its last days, its categories."""
    frame = pd.read_parquet(path)
    table = frame.pivot_table(index="sku", columns="date", values="quantity", aggfunc="sum", fill_value=0.0)
    days = pd.date_range(table.columns.min(), table.columns.max())
    units = np.maximum(table.reindex(columns=days, fill_value=0.0).to_numpy(), 0.0)
    rng = np.random.default_rng(seed)
    name = path.stem[:7]
    recent = np.flatnonzero((units[:, -120:] > 0).any(axis=1))
    fast = recent[np.argsort(-(units[recent] > 0).mean(axis=1))]

    def some(n: int) -> np.ndarray:
        return np.sort(rng.permutation(recent)[:n])

    step = 7 if len(days) < 200 else 28
    count = 3 if len(days) < 200 else 5
    yield _trial(f"{name} 300 SKUs", units[some(300)], count, step)
    for k in range(2):
        yield _trial(f"{name} 20 SKUs, {k}", units[some(20)], count, step)
    yield _trial(f"{name} 5 fast SKUs", units[rng.permutation(fast[:40])[:5]], count, step)
    yield _trial(
        f"{name} 93 fast SKUs, 160 days",
        units[rng.permutation(fast[:200])[:93], -188 - 28 :],
        count,
        min(step, 14),
    )
    yield _trial(f"{name} 100 SKUs, 60 days", units[some(100), -88 - 14 :], 3, 7)
    if "description" in frame:
        words = frame.groupby("sku")["description"].first().str.split().str[-1].reindex(table.index)
        grouped = pd.DataFrame(units).groupby(words.to_numpy()).sum()
        largest = grouped.loc[rng.permutation(grouped.sum(axis=1).nlargest(90).index)[:60]].to_numpy()
        yield _trial(f"{name} 60 categories", largest, count, step)
