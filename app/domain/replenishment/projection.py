"""When stock runs out: projected paths with dated receipts (F15), and the last day to order (F16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from app.domain.arrays import Bools, Floats, Ints
from app.domain.replenishment.inputs import Receipt

NEVER = np.iinfo(np.int64).max


def arrivals(n: int, days: int, undated: Floats, after_days: Floats, receipts: Sequence[Receipt]) -> Floats:
    """(n, days) units that have arrived by each coming day 1 … `days` (today is day 0 and counts as 1).

    Receipts later than `days` never count; the undated rest arrives `after_days` from today.
    """
    landed = np.zeros((n, days + 1))
    for receipt in receipts:
        if receipt.in_days <= days:
            landed[receipt.row, max(receipt.in_days, 1)] += receipt.units
    due = np.clip(np.ceil(after_days), 1, days).astype(np.int64)
    landed[np.arange(n), due] += undated
    return np.asarray(np.cumsum(landed, axis=1)[:, 1:], dtype=np.float64)


def first_empty_day(available: Floats, arrived: Floats, demand: Floats) -> Ints:
    """(n,) first coming day (1, 2, …) at whose end stock is ≤ 0, or NEVER within the horizon (F15).

    `demand` (n, days) is cumulative; days are the columns. Stock that is ≤ 0 now gives day 0.
    """
    empty: Bools = available[:, None] + arrived - demand <= 0
    empty &= demand > 0
    day = np.where(empty.any(axis=1), empty.argmax(axis=1) + 1, NEVER)
    wanted = demand[:, -1] > 0
    return np.where((available <= 0) & wanted, 0, day).astype(np.int64)


def stock_gap(empty_day: Ints, arrived: Floats) -> Bools:
    """(n,) true where something is on its way but lands only after stock has run out (F15)."""
    before = np.clip(empty_day - 1, 0, arrived.shape[1] - 1)
    landed = arrived[np.arange(len(arrived)), before]
    gap: Bools = (empty_day != NEVER) & (arrived[:, -1] > landed)
    return gap


def lost_sales(on_hand: float, demand: Floats, receipts: Mapping[int, float]) -> tuple[Floats, float]:
    """(days,) units lost each day and the stock left, when unmet demand is lost (F17).

    `demand[0]` is day 1; `receipts` maps a day to the units that arrive at its opening.
    """
    stock, lost = on_hand, np.zeros(len(demand))
    for t, wanted in enumerate(demand):
        stock += receipts.get(t + 1, 0.0)
        lost[t] = max(wanted - stock, 0.0)
        stock = max(stock - wanted, 0.0)
    return lost, stock
