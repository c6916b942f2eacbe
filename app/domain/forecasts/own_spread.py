"""A smoothed rate with the range of each variant's own ups and downs: what holds in shops of few products.

Sums are judged on the scale of square roots, where the spread of demand hardly depends on its size. There a
variant's error is s·z: s from its own days, z shared by the whole shop and learnt at past cut-offs. A steady
and an erratic product of the same size so get different ranges, and all of them teach z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel
from app.domain.forecasts.calibrated import POOL, TRIAL_DAYS, Pool, past_sums, sampled
from app.domain.forecasts.conformal import MIN_POOL, widened
from app.domain.forecasts.features import Shop, base_rate
from app.domain.forecasts.result import GRID_DAYS, GRID_Q
from app.domain.forecasts.windows import Windows

MEDIAN = int(np.searchsorted(GRID_Q, 0.5))
SPAN = 182  # days that a variant's spread is read from
OWN_SALES = 8.0  # selling days at which a variant's own spread weighs as much as the shop's typical one
DRIFTS = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3)  # variance of a level's drift ÷ level², per sum
UNKNOWN_DRIFT = 0.03
PRIOR_WINDOWS = 30.0  # independent windows at which the shop's own z weighs as much as a normal law
FLAT_LAW = 1.2  # widening of the normal law where few windows of the past can be looked at
PRIOR_ERRORS = 15.0  # past errors that this widening is worth
FEW_VARIANTS = 1.5  # widening for what a pool of so few cannot contain
FEWEST_WINDOWS = 8
TRUSTED_LENGTH = 14  # what shorter sums say about drift is not carried to longer ones
PRIOR_WEIGHTS = {0.02: 1.0, 0.05: 1.5, 0.12: 1.0, 0.3: 0.2}
EVIDENCE = 0.3  # how fast measured misses move the smoothing away from its prior


@dataclass(frozen=True)
class Law:
    """How sums of `length` days stray: drift of the level, and z (Q,) at GRID_Q."""

    length: int
    drift: float
    z: Floats


def own_spread(panel: Panel, rows: Ints, grid_days: Ints = GRID_DAYS) -> Floats:
    """(n, H, Q) quantiles of the coming sums of `rows` over `grid_days`, rising with days and with q."""
    known = sampled(len(panel), POOL)
    some = panel.take(known)
    shop = Shop.of(panel, 0.05)
    past = Windows.of(some)
    weights = smoothing_weights(some, past, shop)
    typical = _typical(past, some.days)
    now = Windows.of(panel.take(rows))
    cut = np.full(len(rows), panel.days)
    rate = _blended(now, shop, weights, np.arange(len(rows)), cut)
    spread = _index(now, np.arange(len(rows)), cut, typical)
    table, law = np.zeros((len(rows), len(grid_days), len(GRID_Q))), None
    for h, length in enumerate(grid_days.tolist()):
        law = _law(some, past, shop, weights, typical, length, law)
        asked = rate * shop.open_days(cut, np.full(len(rows), length))
        table[:, h] = _quantiles(asked, spread, law, length)
    table[rate <= 1e-5] = 0.0
    wide = widened(table, 1.0 + FEW_VARIANTS / (len(panel) + 4.0), table[:, :, [MEDIAN]])
    return np.maximum.accumulate(np.maximum.accumulate(wide, axis=1), axis=2)


def smoothing_weights(panel: Panel, windows: Windows, shop: Shop) -> dict[float, float]:
    """Weight of each smoothing: a prior, moved by the misses at past cut-offs as far as they are evidence."""
    length = int(min(TRIAL_DAYS, max(panel.days // 3, 1)))
    misses = {}
    for decay in PRIOR_WEIGHTS:
        pool = past_sums(panel, windows, shop.with_decay(decay), length)
        misses[decay] = float(np.abs(np.sqrt(pool.predicted) - np.sqrt(pool.actual)).sum())
    least = min(misses.values())
    independent = len(panel) * max((panel.days - length - 14) / length, 0.3)
    evidence = EVIDENCE * independent / least if least > 0 else 0.0
    weights = {d: PRIOR_WEIGHTS[d] * float(np.exp(evidence * (least - misses[d]))) for d in misses}
    total = sum(weights.values())
    return {decay: weight / total for decay, weight in weights.items()}


def _blended(windows: Windows, shop: Shop, weights: dict[float, float], row: Ints, cut: Ints) -> Floats:
    parts = [w * base_rate(windows, shop.with_decay(decay), row, cut) for decay, w in weights.items()]
    return np.asarray(np.sum(parts, axis=0))


def _raw_index(windows: Windows, row: Ints, cut: Ints) -> tuple[Floats, Floats]:
    """(m,) variance ÷ mean of a day's units over SPAN days before `cut`, and the selling days among them."""
    live = np.maximum(np.minimum(SPAN, cut - windows.starts[row]), 1)
    count = windows.total(windows.sold, row, cut - SPAN, cut)
    mean = windows.total(windows.units, row, cut - SPAN, cut) / live
    squares = windows.total(windows.sizes2, row, cut - SPAN, cut) / live
    return np.maximum(squares - mean**2, 1e-9) / np.maximum(mean, 1e-9), count


def _typical(windows: Windows, days: int) -> float:
    rows = np.arange(len(windows.starts))
    index, count = _raw_index(windows, rows, np.full(len(rows), days))
    seen = index[count >= 5]
    return float(np.median(seen)) if len(seen) else 1.5


def _index(windows: Windows, row: Ints, cut: Ints, typical: float) -> Floats:
    """(m,) variance ÷ mean, drawn towards the shop's typical one where few sales speak for it."""
    index, count = _raw_index(windows, row, cut)
    own = count / (count + OWN_SALES)
    return np.asarray(np.exp(own * np.log(np.maximum(index, 1e-6)) + (1 - own) * np.log(typical)))


def _law(
    panel: Panel,
    windows: Windows,
    shop: Shop,
    weights: dict[float, float],
    typical: float,
    length: int,
    shorter: Law | None,
) -> Law:
    """What past windows of `length` days say; where they are too few, what shorter ones said."""
    pools = {decay: past_sums(panel, windows, shop.with_decay(decay), length) for decay in weights}
    pool = next(iter(pools.values()))
    if len(pool.row) < FEWEST_WINDOWS:
        if shorter is not None and shorter.length >= TRUSTED_LENGTH:
            return shorter
        return Law(max(length, TRIAL_DAYS), UNKNOWN_DRIFT, FLAT_LAW * ndtri(GRID_Q))
    predicted = np.sum([weights[decay] * made.predicted for decay, made in pools.items()], axis=0)
    drift, z = _strayed(pool, predicted, _index(windows, pool.row, pool.cut, typical))
    independent = len(panel) * max((panel.days - 14) / length, 1.0)
    trust = independent / (independent + PRIOR_WINDOWS)
    variance = (float((z**2).sum()) + PRIOR_ERRORS * FLAT_LAW**2) / (len(z) + PRIOR_ERRORS)
    normal = trust * np.median(z) + ndtri(GRID_Q) * np.sqrt(variance)
    return Law(length, drift, trust * np.quantile(z, GRID_Q) + (1 - trust) * normal)


def _strayed(pool: Pool, predicted: Floats, index: Floats) -> tuple[float, Floats]:
    """The drift under which errors are most alike over all sizes (normal likelihood), and the errors z."""
    gap = 2 * (np.sqrt(pool.actual + index / 4) - np.sqrt(predicted + index / 4))
    best, least = (0.0, gap), np.inf
    for drift in DRIFTS if len(gap) >= MIN_POOL else (UNKNOWN_DRIFT,):
        scale = np.sqrt(index + drift * predicted)
        z = gap / scale
        cost = float(np.log(scale).mean() + 0.5 * np.log((z**2).mean() + 1e-9))
        if cost < least:
            best, least = (drift, z), cost
    return best


def _quantiles(asked: Floats, index: Floats, law: Law, length: int) -> Floats:
    scale = np.sqrt(index + law.drift * asked * max(length / law.length, 1.0))
    root = np.sqrt(asked + index / 4)[:, None] + 0.5 * scale[:, None] * law.z
    return np.asarray(np.maximum(np.maximum(root, 0.0) ** 2 - index[:, None] / 4, 0.0))
