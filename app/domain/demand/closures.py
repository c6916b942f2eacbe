"""Days on which the shop was shut, read from its sales: weekdays that never sell, and runs in which all was still."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from app.domain.arrays import Bools, Ints
from app.domain.demand.panel import Panel
from app.domain.demand.records import unexplained_runs

RECENT_WEEKS = 13
FEWEST_WEEKS = 6
UNLIKELY = 0.001  # that so many of one weekday sold nothing by chance


def closed_weekdays(panel: Panel) -> Bools:
    """(7,) Monday … Sunday: true where the whole shop sold nothing on that weekday for weeks, and not by chance.

    Looks at the last RECENT_WEEKS weeks, at least FEWEST_WEEKS of them; by chance a day stays without a sale
    with e^−m, m the mean number of products sold a day on the weekdays that sell.
    """
    width = min(panel.days - int(panel.starts.min()), 7 * RECENT_WEEKS)
    sold = (panel.units[:, -width:] > 0).sum(axis=0)
    weekday = (panel.first_day.weekday() + np.arange(panel.days)[-width:]) % 7
    seen = np.bincount(weekday, minlength=7)
    selling = np.bincount(weekday, sold > 0, minlength=7)
    mean = sold.sum() / max(int(seen[selling > 0].sum()), 1)
    still: Bools = (seen >= FEWEST_WEEKS) & (selling == 0) & (np.exp(-mean * seen) < UNLIKELY)
    return still


def closed_runs(panel: Panel, weekdays: Bools) -> tuple[Ints, Ints]:
    """First and last columns of runs in which the whole shop sold nothing though it should have (F20).

    `weekdays` (7,) that are always closed count neither for nor against; a run ends with the next sale.
    """
    shut = weekdays[(panel.first_day.weekday() + np.arange(panel.days)) % 7]
    shop = Panel(
        keys=np.zeros(1, dtype=np.int64),
        first_day=panel.first_day,
        units=(panel.units > 0).sum(axis=0, keepdims=True).astype(np.float64),
        starts=panel.starts.min(keepdims=True),
        closed=shut,
    )
    marked = np.flatnonzero(unexplained_runs(shop)[0])
    if not len(marked):
        return marked, marked
    # Only days that are always closed may lie between two columns of one run.
    gap = np.array([not shut[a + 1 : b].all() for a, b in pairwise(marked)], dtype=bool)
    begins = np.concatenate([[True], gap])
    return marked[begins], marked[np.append(begins[1:], True)]
