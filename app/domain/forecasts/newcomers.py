"""What a product just launched will sell, before its own sales can tell: what earlier launches sold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.arrays import Bools, Floats
from app.domain.demand import Panel

FIRST_DAYS = 28  # of a launch, less its first: that it sold then is why we know of it
SHORTEST = 7
FEWEST = 8  # launches behind a band's rate, and behind any
BANDS = 4
TYPICAL_SHARE = 0.98  # launches that sold more are taken for this much
ALIKE = 1.5  # a launch's days resemble each other: so much less they tell than as many independent ones
WORTH_DAYS = (0.5, 14.0)  # least and most days of own sales that the launches before are worth
SHRINK = 10.0  # launches that the whole shop's rate is worth in a band of prices


@dataclass(frozen=True)
class Newcomers:
    """Units a day of launches in this shop: `rates` (bands,) between the prices `edges` (bands − 1,).

    They are worth `days` of a product's own sales: few where launches differ much and sell steadily, more where
    they are alike or sell in fits, when own days tell little (the shrinkage of a gamma-Poisson law).
    """

    edges: Floats
    rates: Floats
    days: float

    @classmethod
    def of(cls, panel: Panel) -> Newcomers | None:
        """From the launches that the panel shows; None where they are too few to tell."""
        rate, noise, known = _launch_rates(panel)
        if known.sum() < FEWEST:
            return None
        days = _worth(rate[known], noise[known])
        rate = np.minimum(rate[known], np.quantile(rate[known], TYPICAL_SHARE))
        overall = float(rate.mean())
        price = np.full(len(rate), np.nan) if panel.price is None else panel.price[known]
        priced = np.isfinite(price)
        bands = int(min(BANDS, priced.sum() // FEWEST))
        if bands < 2:
            return cls(np.empty(0), np.array([overall]), days)
        edges = np.unique(np.quantile(price[priced], np.arange(1, bands) / bands))
        band = np.searchsorted(edges, price[priced], side="right")
        count = np.bincount(band, minlength=len(edges) + 1)
        total = np.bincount(band, rate[priced], minlength=len(edges) + 1)
        return cls(edges, (total + SHRINK * overall) / (count + SHRINK), days)

    def rate(self, price: Floats | None, n: int) -> Floats:
        """(n,) expected units a day of a launch at `price`; where no price is known, of any."""
        if price is None or not len(self.edges):
            return np.full(n, float(self.rates.mean()))
        found: Floats = self.rates[np.searchsorted(self.edges, np.nan_to_num(price), side="right")]
        return np.where(np.isfinite(price), found, self.rates.mean())


def _worth(rate: Floats, noise: Floats) -> float:
    """Days of own sales at which their noise is as large as the spread of launches' true rates."""
    between = float(rate.var() - (noise / FIRST_DAYS).mean())
    return float(np.clip(ALIKE * noise.mean() / max(between, 1e-12), *WORTH_DAYS))


def _launch_rates(panel: Panel) -> tuple[Floats, Floats, Bools]:
    """(n,) units a day over FIRST_DAYS after a variant's first day, variance of one such day, and which were seen
    launching."""
    first = panel.starts + 1
    span = np.minimum(panel.days - first, FIRST_DAYS)
    safe, rows = np.maximum(span, 1), np.arange(len(panel))
    units = np.maximum(panel.units, 0.0)

    def mean(values: Floats) -> Floats:
        total = np.concatenate([np.zeros((len(panel), 1)), np.cumsum(values, axis=1)], axis=1)
        return np.asarray((total[rows, first + span] - total[rows, first]) / safe)

    rate = mean(units)
    noise = np.maximum(mean(units**2) - rate**2, 0.0)
    return rate, noise, (panel.starts > SHORTEST) & (span >= SHORTEST)
