"""Stock day by day: sales are what stock allows; orders to suppliers arrive after a random lead time.

Each tracked variant is reviewed on its vendor's weekday and ordered up to a level. The levels are too low for
a part of the catalogue (careless merchants), which gives genuine stockouts with lost sales.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Supplied:
    """What came of it. `sold`, `stockout`: (variants, days); `stock`: units at the end; `open_orders`:
    (variant, units, days until arrival); `leads`: (variant, ordered on day, arrived after days)."""

    sold: np.ndarray
    stockout: np.ndarray
    stock: np.ndarray
    open_orders: list[tuple[int, int, int]]
    leads: list[tuple[int, int, int]]


def run_supply(
    wanted: np.ndarray,
    rate: np.ndarray,
    tracked: np.ndarray,
    lead_mean: np.ndarray,
    lead_sd: np.ndarray,
    random: np.random.Generator,
) -> Supplied:
    """Simulate the stock of all variants through all days."""
    count, days = wanted.shape
    care = random.choice([0.6, 0.9, 1.2, 1.7], count, p=[0.25, 0.3, 0.3, 0.15])
    review = 14
    position_days = lead_mean + review
    recent = _trailing_rate(rate)
    stock = np.ceil(recent[:, 0] * position_days * 1.5 + 2).astype(np.int64)
    arriving = np.zeros((count, days + 200), np.int64)
    on_order = np.zeros(count, np.int64)
    out = Supplied(np.zeros_like(wanted), np.zeros((count, days), bool), stock, [], [])
    phase = random.integers(0, review, count)
    for day in range(days):
        stock += arriving[:, day]
        on_order -= arriving[:, day]
        sold = np.where(tracked, np.minimum(wanted[:, day], stock), wanted[:, day])
        out.sold[:, day] = sold
        out.stockout[:, day] = tracked & (wanted[:, day] > stock)
        stock = np.where(tracked, stock - sold, stock)
        target = np.ceil(
            recent[:, day] * position_days * care + np.sqrt(recent[:, day] * position_days) * care
        )
        need = np.where(tracked & ((day + phase) % review == 0), target - stock - on_order, 0)
        for variant in np.flatnonzero(need >= 1):
            lead = max(1, round(random.normal(lead_mean[variant], lead_sd[variant])))
            arriving[variant, day + lead] += int(need[variant])
            on_order[variant] += int(need[variant])
            out.leads.append((int(variant), day, lead))
    out.stock = stock
    for variant, ahead in zip(*np.nonzero(arriving[:, days:]), strict=True):
        out.open_orders.append((int(variant), int(arriving[variant, days + ahead]), int(ahead) + 1))
    return out


def _trailing_rate(rate: np.ndarray) -> np.ndarray:
    """Mean rate of the 56 days up to each day: what a merchant would go by (the first day looks ahead)."""
    total = np.cumsum(rate, axis=1, dtype=np.float64)
    shifted = np.concatenate([np.zeros((rate.shape[0], min(56, rate.shape[1]))), total[:, :-56]], axis=1)[
        :, : rate.shape[1]
    ]
    width = np.minimum(np.arange(rate.shape[1]) + 1, 56)
    mean = (total - shifted) / width
    mean[:, 0] = rate[:, :28].mean(axis=1)
    return np.asarray(mean)
