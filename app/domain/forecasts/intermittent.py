"""Croston's method, its correction (SBA) and TSB for demand that comes now and then (F21)."""

from __future__ import annotations

import numpy as np

from app.domain.arrays import Floats


def croston(units: Floats, smoothing: float = 0.1) -> tuple[Floats, Floats]:
    """(n,) size z and (n,) interval p of `units` (n, days) after the last day; f = z/p (F21).

    Both start at the first demand, the interval at the days up to it. NaN for rows without demand.
    """
    n, days = units.shape
    size, interval = np.full(n, np.nan), np.full(n, np.nan)
    since = np.zeros(n)
    for t in range(days):
        y = units[:, t]
        since += 1
        hit = y > 0
        first = hit & np.isnan(size)
        size = np.where(first, y, np.where(hit, size + smoothing * (y - size), size))
        interval = np.where(first, since, np.where(hit, interval + smoothing * (since - interval), interval))
        since = np.where(hit, 0.0, since)
    return size, interval


def sba(units: Floats, smoothing: float = 0.1) -> Floats:
    """(n,) rate by Syntetos–Boylan: (1 − a/2)·z/p (F21)."""
    size, interval = croston(units, smoothing)
    rate: Floats = (1 - smoothing / 2) * size / interval
    return rate


def tsb(units: Floats, size_smoothing: float = 0.1, chance_smoothing: float = 0.1) -> tuple[Floats, Floats]:
    """(n,) chance π of a demand and (n,) size z after the last day; f = π·z (F21).

    Starts at each row's first demand with z its size and π one over the days up to it.
    """
    n, days = units.shape
    size, chance = np.full(n, np.nan), np.full(n, np.nan)
    for t in range(days):
        y = units[:, t]
        hit = y > 0
        first = hit & np.isnan(size)
        moved = chance + chance_smoothing * (hit - chance)
        chance = np.where(first, 1.0 / (t + 1), moved)
        size = np.where(first, y, np.where(hit, size + size_smoothing * (y - size), size))
    return chance, size
