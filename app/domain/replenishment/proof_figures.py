"""A proof in figures: the share of demand met, days without stock, margin lost and money in stock, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.arrays import Floats
from app.domain.replenishment.proof import Proof, Way

BOOTSTRAP = 400
HOLDING_RATE = 0.25  # of the money in stock, a year
WAYS = ("had", "ours", "rule")


@dataclass(frozen=True)
class Range:
    """A figure with its 95 % interval over products and draws of demand; None where nothing is known."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Figures:
    """One way of ordering in a whole shop. `fill` share of demand met (by value where prices are known);
    `empty_days` mean days without stock a product; `lost_margin` and `stock_value` in money."""

    fill: Range
    empty_days: Range
    lost_margin: Range
    stock_value: Range


@dataclass(frozen=True)
class Lines:
    """(n,) of each variant: means over the draws. `gain` is the money that our orders would have saved against
    what was had: margin no longer lost, less the yearly 25 % on the money that more stock binds."""

    wanted: Floats
    lost: dict[str, Floats]
    empty_days: dict[str, Floats]
    stock: dict[str, Floats]
    lost_margin: dict[str, Floats]
    stock_value: dict[str, Floats]
    gain: Floats


def store_figures(proof: Proof, price: Floats, cost: Floats, *, seed: int = 0) -> dict[str, Figures]:
    """Figures by way, and the differences `ours_had` and `ours_rule`, each with its own interval (paired)."""
    picks = _picks(proof, seed)
    value = np.nan_to_num(price, nan=1.0) if np.isfinite(price).any() else np.ones(len(price))
    made = {name: _of(proof, getattr(proof, name), value, price - cost, cost, picks) for name in WAYS}
    figures = {name: _ranges(columns) for name, columns in made.items()}
    for name in ("had", "rule"):
        apart = [ours - theirs for ours, theirs in zip(made["ours"], made[name], strict=True)]
        figures[f"ours_{name}"] = _ranges(apart)
    return figures


def lines(proof: Proof, price: Floats, cost: Floats) -> Lines:
    """The figures of each variant; money is NaN where price or cost is unknown."""
    ways: dict[str, Way] = {name: getattr(proof, name) for name in WAYS}
    lost = {name: way.lost.mean(axis=1) for name, way in ways.items()}
    stock = {name: way.stock.mean(axis=1) for name, way in ways.items()}
    margin = {name: units * (price - cost) for name, units in lost.items()}
    bound = {name: units * cost for name, units in stock.items()}
    holding = HOLDING_RATE * proof.days / 365 * np.nan_to_num(bound["ours"] - bound["had"])
    return Lines(
        wanted=(proof.ours.sold + proof.ours.lost).mean(axis=1),
        lost=lost,
        empty_days={name: way.empty.mean(axis=1) for name, way in ways.items()},
        stock=stock,
        lost_margin=margin,
        stock_value=bound,
        gain=margin["had"] - margin["ours"] - holding,
    )


def _picks(proof: Proof, seed: int) -> tuple[Floats, Floats]:
    """(B + 1, n) how often each variant counts, and (B + 1, K) the weight of each draw; the first is the truth."""
    rng = np.random.default_rng(seed)
    n, draws = proof.ours.sold.shape
    counts = rng.multinomial(n, np.full(n, 1 / n), BOOTSTRAP).astype(np.float64)
    one = np.eye(draws)[rng.integers(0, draws, BOOTSTRAP)]
    return np.concatenate([np.ones((1, n)), counts]), np.concatenate([np.full((1, draws), 1 / draws), one])


def _of(
    proof: Proof, way: Way, value: Floats, margin: Floats, cost: Floats, picks: tuple[Floats, Floats]
) -> list[Floats]:
    """(B + 1,) each of fill, days without stock a product, lost margin and stock value.

    What is not known of one product, as the stock that nobody recorded, is not known of the store.
    """
    counts, draw = picks

    def total(units: Floats, weight: Floats) -> Floats:
        weighed = units * np.nan_to_num(weight)[:, None]
        sums: Floats = ((counts @ weighed) * draw).sum(axis=1)
        return sums if np.isfinite(weight).any() else np.full(len(counts), np.nan)

    sold, lost = total(way.sold, value), total(way.lost, value)
    with np.errstate(divide="ignore", invalid="ignore"):
        fill = sold / (sold + lost)
    empty = total(way.empty, np.ones(len(value))) / len(value)
    return [fill, empty, total(way.lost, margin), total(way.stock, cost)]


def _ranges(columns: list[Floats]) -> Figures:
    return Figures(*(_range(column) for column in columns))


def _range(values: Floats) -> Range:
    if not np.isfinite(values).all():
        return Range(None, None, None)
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return Range(float(values[0]), float(low), float(high))
