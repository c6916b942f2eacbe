"""Made-up shops with known laws, small enough for fast tests."""

from datetime import date

import numpy as np

from app.domain.demand import Panel

DAY = date(2025, 8, 1)


def shop(n: int = 12, days: int = 90, seed: int = 1, rate: tuple[float, float] = (0.2, 6)) -> Panel:
    """Poisson demand at a constant rate per variant."""
    rng = np.random.default_rng(seed)
    daily = rng.uniform(*rate, size=n)
    units = rng.poisson(daily[:, None], size=(n, days)).astype(float)
    return Panel(np.arange(100, 100 + n), DAY, units, np.zeros(n, dtype=np.int64))


def sold_out_shop(n: int, days: int, seed: int, rate: float, k: float, level: float):
    """Sales under order-up-to `level` every 7 days, lead time 10, unmet demand lost: (sold, stock, demand)."""
    rng = np.random.default_rng(seed)
    sold, stock, wanted = (np.zeros((n, days)) for _ in range(3))
    on_hand, pipeline = np.full(n, level), np.zeros((n, days + 12))
    for t in range(days):
        on_hand = on_hand + pipeline[:, t]
        demand = rng.poisson(rng.gamma(k, rate / k, n)).astype(float)
        stock[:, t], wanted[:, t] = on_hand, demand
        sold[:, t] = np.minimum(on_hand, demand)
        on_hand = on_hand - sold[:, t]
        if t % 7 == 6:
            pipeline[:, t + 11] += np.maximum(level - on_hand - pipeline[:, t + 1 :].sum(axis=1), 0)
    return sold, stock, wanted
