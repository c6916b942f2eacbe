"""Replay: what a policy would have done on past demand, knowing at each review only what was known then (F28)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel

Order = Callable[[Ints, Floats, Floats], Floats]
"""(places among the replayed variants, targets (m, K), positions (m, K)) → units to order (m, K)."""

Decide = Callable[[Panel, Ints], Floats]
"""(what was known, its row numbers in the whole panel) → target stock (n, K) for each of K settings."""


@dataclass(frozen=True)
class Replay:
    """A replay of n variants under K settings over d days; every count in units.

    `stock` closing stock, `sold`, `lost`, `received`, all (n, K, d), and `demand` (n, d) or (n, K, d). On each
    day stock before + received = sold + stock after, and sold + lost = demand; `start` (n, K) is the opening
    stock of the first day. `review_days` (n,) is each variant's time between two reviews.
    """

    start: Floats
    demand: Floats
    stock: Floats
    sold: Floats
    lost: Floats
    received: Floats
    review_days: Ints

    def take(self, rows: Ints | slice) -> Replay:
        """The same replay of some of its variants."""
        return Replay(*(getattr(self, field.name)[rows] for field in fields(self)))

    def fill_rate(self, value: Floats) -> Floats:
        """(K,) share of demand met, each variant weighed by its `value` (n,) a unit."""
        wanted = ((self.sold + self.lost).sum(axis=2) * value[:, None]).sum(axis=0)
        met = (self.sold.sum(axis=2) * value[:, None]).sum(axis=0)
        fill: Floats = np.full(len(met), np.nan)
        np.divide(met, wanted, out=fill, where=wanted > 0)
        return fill

    def stock_value(self, value: Floats) -> Floats:
        """(K,) mean closing stock in money."""
        mean: Floats = (self.stock.mean(axis=2) * value[:, None]).sum(axis=0)
        return mean

    def cycle_service(self, *, after: int = 0) -> Floats:
        """(K,) share of review cycles without a lost sale (F6, measured), leaving out `after` first ones."""
        whole, clean = 0, np.zeros(self.start.shape[1])
        for review in np.unique(self.review_days):
            mine = self.lost[self.review_days == review] > 0
            cycles = mine.shape[2] // review - after
            short = mine[:, :, after * review : (after + cycles) * review]
            whole += len(mine) * cycles
            clean += (~short.reshape(*mine.shape[:2], cycles, review).any(axis=3)).sum(axis=(0, 2))
        return clean / whole

    def interval(self, value: Floats, *, seed: int = 0, draws: int = 200) -> Floats:
        """(K, 2) bootstrap 95 % interval of `fill_rate` over variants; the same for the same seed."""
        rng = np.random.default_rng(seed)
        met = self.sold.sum(axis=2) * value[:, None]
        wanted = met + self.lost.sum(axis=2) * value[:, None]
        n = len(wanted)
        picks = rng.integers(0, n, (draws, n))
        shares = met[picks].sum(axis=1) / np.maximum(wanted[picks].sum(axis=1), 1e-12)
        return np.asarray(np.quantile(shares, [0.025, 0.975], axis=0).T, dtype=np.float64)


def replay(
    panel: Panel,
    decide: Decide,
    *,
    rows: Ints,
    first_review: int,
    days: int,
    review_days: ArrayLike,
    lead_time_days: ArrayLike,
    demand: Floats | None = None,
    order: Order | None = None,
) -> Replay:
    """Order up to `decide`'s target at the close of every `review_days`-th day and replay what then sold.

    `first_review` is the column at whose close the first review falls; the replay runs for the `days` after it.
    `rows` are the variants; all must have begun by then. `review_days` and `lead_time_days` are whole, one
    number or one for each of `rows`. Receipts come at opening of t + 1 + lead time; unmet demand is lost. The
    first target is on hand at the start. `demand` (n, days) or (n, K, days) replaces the panel's own, see
    `demand.sold_out`. `order` turns targets and positions into orders; without it what is missing is ordered.
    """
    if first_review + days >= panel.days:
        raise ValueError(f"{days} days after column {first_review} are more than the {panel.days} there are")
    if (panel.starts[rows] > first_review).any():
        raise ValueError("every replayed variant must have begun by the first review")
    review, lead = (np.broadcast_to(x, (len(rows),)).astype(np.int64) for x in (review_days, lead_time_days))
    wanted = panel.units[rows, first_review + 1 : first_review + 1 + days] if demand is None else demand
    wanted = np.maximum(wanted, 0.0)
    target = _targets(panel, decide, rows, first_review)
    book = _Book.opened(target, days)
    for day in range(days):
        due = np.flatnonzero(day % review == 0)
        if len(due):
            if day:
                target[due] = _targets(panel, decide, rows[due], first_review + day)
            position = book.stock_now[due] + book.on_order[due]
            missing = np.maximum(target[due] - position, 0.0)
            book.order(due, day + lead[due], missing if order is None else order(due, target[due], position))
        book.pass_day(day, wanted[:, None, day] if wanted.ndim == 2 else wanted[:, :, day])
    return Replay(book.start, wanted, book.stock, book.sold, book.lost, book.received, review)


def stock_at_fill(fill: Floats, stock: Floats, wanted: float) -> float:
    """Stock at a fill rate of `wanted`, linear between the settings' (fill, stock); NaN if not reached."""
    order = np.argsort(fill)
    fill, stock = fill[order], stock[order]
    if wanted > fill[-1] or wanted < fill[0]:
        return float("nan")
    return float(np.interp(wanted, fill, stock))


def _targets(panel: Panel, decide: Decide, rows: Ints, column: int) -> Floats:
    begun = np.flatnonzero(panel.starts <= column)
    known = panel.until_column(column + 1)
    at = np.searchsorted(begun, rows)
    return np.ceil(np.nan_to_num(decide(known, at)) - 1e-6)


@dataclass
class _Book:
    """The running state of a replay: stock, orders under way, and what each day recorded."""

    start: Floats
    stock_now: Floats
    on_order: Floats
    stock: Floats
    sold: Floats
    lost: Floats
    received: Floats

    @classmethod
    def opened(cls, target: Floats, days: int) -> _Book:
        empty = [np.zeros((*target.shape, days)) for _ in range(4)]
        return cls(target.copy(), target.copy(), np.zeros_like(target), *empty)

    def order(self, places: Ints, arrives: Ints, units: Floats) -> None:
        self.on_order[places] += units
        soon = arrives < self.received.shape[2]
        self.received[places[soon], :, arrives[soon]] += units[soon]

    def pass_day(self, day: int, wanted: Floats) -> None:
        arrived = self.received[:, :, day]
        before = self.stock_now + arrived
        sold = np.minimum(before, wanted)
        self.stock_now = before - sold
        self.on_order -= arrived
        self.sold[:, :, day] = sold
        self.lost[:, :, day], self.stock[:, :, day] = wanted - sold, self.stock_now
