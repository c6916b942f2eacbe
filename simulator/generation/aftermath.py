"""What happened to the orders of the past: shipped, cancelled, returned, edited, marked as tests."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulator.generation.baskets import Baskets

DAY = 86_400
CANCELLED, RETURNED, EDITED, TEST = 0.02, 0.03, 0.01, 0.002


@dataclass
class Aftermath:
    """Per order: times (0 = never), flags, units left and whether units came back. Per line: units left.
    `removals`: (line, units, at, "cancel" | "refund" | "edit", restock type)."""

    fulfilled: np.ndarray
    cancelled: np.ndarray
    updated: np.ndarray
    test: np.ndarray
    edited: np.ndarray
    left: np.ndarray
    returned: np.ndarray
    current: np.ndarray
    removals: list[tuple[int, int, int, str, str]] = field(default_factory=list)


def make_aftermath(baskets: Baskets, now: int, random: np.random.Generator) -> Aftermath:
    """Draw the fates of all orders; nothing lies in the future of `now`."""
    at, count = baskets.order_time, len(baskets.order_time)
    shipped = at + random.integers(2 * 3600, 3 * DAY, count)
    fulfilled = np.where(shipped < now, shipped, 0)
    gone = at + random.integers(600, 2 * DAY, count)
    cancelled = np.where((random.random(count) < CANCELLED) & (gone < now), gone, 0)
    fulfilled = np.where((cancelled > 0) & (fulfilled > cancelled), 0, fulfilled)
    out = Aftermath(
        fulfilled,
        cancelled,
        np.maximum.reduce([at, fulfilled, cancelled]),
        random.random(count) < TEST,
        np.zeros(count, bool),
        np.zeros(count, np.int64),
        np.zeros(count, bool),
        baskets.line_quantity.copy(),
    )
    for line, order in enumerate(baskets.line_order.tolist()):
        _fate(out, baskets, line, order, now, random.random(4))
    out.left = np.bincount(baskets.line_order, weights=out.current, minlength=count).astype(np.int64)
    return out


def _fate(out: Aftermath, baskets: Baskets, line: int, order: int, now: int, draw: np.ndarray) -> None:
    units = int(out.current[line])
    if out.cancelled[order]:
        restock = "NO_RESTOCK" if draw[0] < 0.1 else "RETURN" if out.fulfilled[order] else "CANCEL"
        _remove(out, line, order, units, int(out.cancelled[order]), "cancel", restock)
    elif draw[1] < EDITED and units > 1 and out.fulfilled[order]:
        at = int(baskets.order_time[order]) + int(draw[2] * 3600) + 60
        if at < out.fulfilled[order]:
            out.edited[order] = True
            _remove(out, line, order, 1 + int(draw[3] * (units - 1)), at, "edit", "")
    elif draw[1] > 1 - RETURNED and out.fulfilled[order]:
        at = int(out.fulfilled[order]) + 2 * DAY + int(draw[2] * 25 * DAY)
        if at < now:
            _remove(
                out,
                line,
                order,
                1 + int(draw[3] * units),
                at,
                "refund",
                "RETURN" if draw[0] < 0.7 else "NO_RESTOCK",
            )


def _remove(out: Aftermath, line: int, order: int, units: int, at: int, kind: str, restock: str) -> None:
    out.current[line] -= units
    out.updated[order] = max(int(out.updated[order]), at)
    out.returned[order] |= kind != "edit"
    out.removals.append((line, units, at, kind, restock))
