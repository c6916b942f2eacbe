"""Replay: what a policy would have done on past demand, knowing at each review only what was known then (F28)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel
from app.domain.replenishment.order_size import order_quantity

Decide = Callable[[Panel, Ints], Floats]
"""(what was known, its row numbers in the whole panel) → target stock (n, K) for each of K settings."""


@dataclass(frozen=True)
class Replay:
    """A replay of n variants under K settings over d days; every count in units.

    `stock` closing stock, `sold`, `lost`, `received`, all (n, K, d), and `demand` (n, d). On each day
    stock before + received = sold + stock after, and sold + lost = demand; `start` (n, K) is the opening
    stock of the first day. `short` (n, K, cycles) marks review cycles that saw a lost sale.
    """

    start: Floats
    demand: Floats
    stock: Floats
    sold: Floats
    lost: Floats
    received: Floats
    short: Floats

    def fill_rate(self, value: Floats) -> Floats:
        """(K,) share of demand met, each variant weighed by its `value` (n,) a unit."""
        wanted = float((self.demand.sum(axis=1) * value).sum())
        met: Floats = (self.sold.sum(axis=2) * value[:, None]).sum(axis=0)
        return met / wanted if wanted > 0 else np.full(self.start.shape[1], np.nan)

    def stock_value(self, value: Floats) -> Floats:
        """(K,) mean closing stock in money."""
        mean: Floats = (self.stock.mean(axis=2) * value[:, None]).sum(axis=0)
        return mean

    def cycle_service(self) -> Floats:
        """(K,) share of review cycles without a lost sale (F6, measured)."""
        share: Floats = 1.0 - self.short.mean(axis=(0, 2))
        return share

    def interval(self, value: Floats, *, seed: int = 0, draws: int = 200) -> Floats:
        """(K, 2) bootstrap 95 % interval of `fill_rate` over variants; the same for the same seed."""
        rng = np.random.default_rng(seed)
        wanted, met = self.demand.sum(axis=1) * value, self.sold.sum(axis=2) * value[:, None]
        n = len(wanted)
        picks = rng.integers(0, n, (draws, n))
        shares = met[picks].sum(axis=1) / np.maximum(wanted[picks].sum(axis=1), 1e-12)[:, None]
        return np.asarray(np.quantile(shares, [0.025, 0.975], axis=0).T, dtype=np.float64)


def replay(
    panel: Panel,
    decide: Decide,
    *,
    rows: Ints,
    first_review: int,
    reviews: int,
    review_days: int,
    lead_time_days: int,
    demand: Floats | None = None,
    moq: float = 0.0,
    case_size: float = 1.0,
) -> Replay:
    """Order up to `decide`'s target at the close of every `review_days`-th day and replay what then sold.

    `first_review` is the column at whose close the first review falls; the replay runs until the last
    review's cycle ends. `rows` are the variants; all must have begun by then. Receipts come at opening of
    t + 1 + lead time; unmet demand is lost. The first target is on hand at the start. `demand` (n, days of
    replay) replaces the panel's own, see `sampled_demand`.
    """
    days = reviews * review_days
    if first_review + days >= panel.days:
        raise ValueError(f"{reviews} reviews need {days} days after column {first_review} of {panel.days}")
    if (panel.starts[rows] > first_review).any():
        raise ValueError("every replayed variant must have begun by the first review")
    wanted = panel.units[rows, first_review + 1 : first_review + 1 + days] if demand is None else demand
    wanted = np.maximum(wanted, 0.0)
    target = _targets(panel, decide, rows, first_review)
    book = _Book.opened(target, days)
    for day in range(days):
        if day and day % review_days == 0:
            target = _targets(panel, decide, rows, first_review + day)
        if day % review_days == 0:
            need = target - book.stock_now - book.on_order
            book.order(day + lead_time_days, order_quantity(need, np.array(moq), np.array(case_size)))
        book.pass_day(day, wanted[:, day])
    short = (book.lost > 0).reshape(*target.shape, reviews, review_days).any(axis=3)
    return Replay(book.start, wanted, book.stock, book.sold, book.lost, book.received, short.astype(float))


def sampled_demand(panel: Panel, restored: Panel, begin: int, days: int, *, seed: int) -> Floats:
    """(n, days) demand to replay: sales, plus a Poisson draw of what sold-out time hid.

    `restored` is `demand.restore(panel)`; the same seed gives the same demand to the byte.
    """
    rng = np.random.default_rng(seed)
    span = slice(begin, begin + days)
    hidden = np.maximum(restored.units[:, span] - panel.units[:, span], 0.0)
    return np.maximum(panel.units[:, span], 0.0) + rng.poisson(hidden)


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
    pipeline: Floats
    stock: Floats
    sold: Floats
    lost: Floats
    received: Floats

    @classmethod
    def opened(cls, target: Floats, days: int) -> _Book:
        empty = [np.zeros((*target.shape, days)) for _ in range(5)]
        return cls(target.copy(), target.copy(), np.zeros_like(target), *empty)

    def order(self, arrives: int, units: Floats) -> None:
        self.on_order = self.on_order + units
        if arrives < self.pipeline.shape[2]:
            self.pipeline[:, :, arrives] += units

    def pass_day(self, day: int, wanted: Floats) -> None:
        arrived = self.pipeline[:, :, day]
        before = self.stock_now + arrived
        sold = np.minimum(before, wanted[:, None])
        self.stock_now = before - sold
        self.on_order = self.on_order - arrived
        self.received[:, :, day], self.sold[:, :, day] = arrived, sold
        self.lost[:, :, day], self.stock[:, :, day] = wanted[:, None] - sold, self.stock_now
