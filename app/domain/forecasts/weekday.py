"""The weekly pattern: how a week's demand falls on its seven days."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from app.domain.arrays import Floats, Ints

PRIOR_UNITS = 30.0
WEEKS = 26


def weekday_factors(units: Floats, starts: Ints, first_day: date, *, weeks: int = WEEKS) -> Floats:
    """(n, 7) demand of Monday … Sunday relative to the mean day; each row's mean is 1.

    Each variant's own pattern of the last `weeks` weeks is shrunk towards the shop's, as if the shop's had
    been seen on 30 units: slow variants follow the shop, fast ones themselves.
    """
    days = units.shape[1]
    width = min(days, 7 * weeks)
    weekday = (first_day.weekday() + np.arange(days)[-width:]) % 7
    recent = np.maximum(units[:, -width:], 0.0)
    own = np.stack([recent[:, weekday == d].sum(axis=1) for d in range(7)], axis=1)
    live = (np.arange(days)[None, -width:] >= starts[:, None]).astype(float)
    exposure = np.stack([live[:, weekday == d].sum(axis=1) for d in range(7)], axis=1)
    shop = own.sum(axis=0) / np.maximum(exposure.sum(axis=0), 1.0)
    shop = shop / shop.mean() if shop.sum() > 0 else np.ones(7)
    total = own.sum(axis=1, keepdims=True)
    prior = PRIOR_UNITS * shop * exposure / np.maximum(exposure.sum(axis=1, keepdims=True), 1.0)
    rate = (own + prior) / np.maximum(exposure * (total + PRIOR_UNITS), 1e-9)
    rate = np.where(exposure > 0, rate, shop / 7)
    factors: Floats = rate / rate.mean(axis=1, keepdims=True)
    return factors


def coming_factors(factors: Floats, origin: date, horizon: int) -> Floats:
    """(n, horizon) factor of each coming day after `origin`."""
    first = (origin + timedelta(days=1)).weekday()
    return factors[:, (first + np.arange(horizon)) % 7]
