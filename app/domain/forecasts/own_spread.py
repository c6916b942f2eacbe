"""A smoothed rate with the range of each variant's own ups and downs: what holds in shops of few products.

Sums are judged on the scale of square roots, where the spread of demand hardly depends on its size. There a
variant's error is s·z: s from its own days, z shared by the whole shop and learnt at past cut-offs. A steady
and an erratic product of the same size so get different ranges, and all of them teach z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel
from app.domain.forecasts.calibrated import POOL, TRIAL_DAYS, past_sums_by, sampled
from app.domain.forecasts.conformal import widened
from app.domain.forecasts.result import GRID_DAYS, GRID_Q
from app.domain.forecasts.shop import Shop, base_rates, expected_by
from app.domain.forecasts.windows import Windows

MEDIAN = int(np.searchsorted(GRID_Q, 0.5))
SPAN = 182  # days that a variant's spread is read from
SIZES = (
    10.0  # sales of a usual size that the shop's typical spread may come to: beside giants it says nothing
)
OWN_SALES = 8.0  # selling days at which a variant's own spread weighs as much as the shop's typical one
STEPS = np.array([0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2])  # variance of a level's log, per day of drift
STEPS_PRIOR = np.log([0.1, 0.15, 0.25, 0.25, 0.15, 0.08, 0.02])
LEAST_STEP = 5e-5
LAG_DAYS = 10.0  # age of a smoothed level
LEVEL_DAYS = 60.0  # days that a smoothed level rests on
ALIKE = (
    0.5  # share of the windows that is evidence of its own: products and neighbouring windows move together
)
CARRIED = 0.7  # what sums of one length say about drift at the next longer one
PRIOR_WINDOWS = 30.0  # independent windows at which the shop's own z weighs as much as a normal law
TAILS = 6.0  # degrees of freedom of Student's law: the variance itself rests on few independent months
# Standard scores at GRID_Q, normal between 10 and 90 % and Student's beyond.
SCORES = stdtrit(TAILS, GRID_Q) * (ndtri(0.9) / stdtrit(TAILS, 0.9))
SCORES = np.where(np.abs(GRID_Q - 0.5) > 0.4, SCORES, ndtri(GRID_Q))
FLAT_LAW = 1.1  # widening of the normal law where few windows of the past can be looked at
PRIOR_ERRORS = 15.0  # past errors that this widening is worth
FEW_VARIANTS = 1.5  # widening for what a pool of so few cannot contain
FEWEST_WINDOWS = 8
TRUSTED_LENGTH = 14  # what shorter sums say about drift is not carried to longer ones
PRIOR_WEIGHTS = {0.02: 1.0, 0.05: 1.5, 0.12: 1.0, 0.3: 0.2}
EVIDENCE = 0.3  # how fast measured misses move the smoothing away from its prior


@dataclass(frozen=True)
class Law:
    """How sums stray: daily drift of the level, z (Q,) at GRID_Q, and how far each of STEPS is believed (log)."""

    length: int
    step: float
    z: Floats
    evidence: Floats


def own_spread(panel: Panel, rows: Ints, grid_days: Ints = GRID_DAYS) -> Floats:
    """(n, H, Q) quantiles of the coming sums of `rows` over `grid_days`, rising with days and with q."""
    known = sampled(len(panel), POOL)
    some = panel.take(known)
    shop = Shop.of(panel, 0.05)
    past = Windows.of(some)
    weights = smoothing_weights(some, past, shop)
    typical = _typical(past, some.days)
    now = past if np.array_equal(rows, known) else Windows.of(panel.take(rows))
    cut = np.full(len(rows), panel.days)
    rate = _blended(now, weights, np.arange(len(rows)), cut)
    spread = _index(now, np.arange(len(rows)), cut, typical)
    table, law = np.zeros((len(rows), len(grid_days), len(GRID_Q))), None
    asked = _asked(now, shop, weights, panel.days, grid_days)
    for h, length in enumerate(grid_days.tolist()):
        law = _law(some, past, shop, weights, typical, length, law)
        table[:, h] = _quantiles(asked[h], spread, cut - now.starts, law, length)
    table[rate <= 1e-5] = 0.0
    wide = widened(table, 1.0 + FEW_VARIANTS / (len(panel) + 4.0), table[:, :, [MEDIAN]])
    return np.maximum.accumulate(np.maximum.accumulate(wide, axis=1), axis=2)


def smoothing_weights(panel: Panel, windows: Windows, shop: Shop) -> dict[float, float]:
    """Weight of each smoothing: a prior, moved by the misses at past cut-offs as far as they are evidence."""
    length = int(min(TRIAL_DAYS, max(panel.days // 3, 1)))
    pools = past_sums_by(panel, windows, shop, length, PRIOR_WEIGHTS)
    gaps = {decay: np.sqrt(pool.predicted) - np.sqrt(pool.actual) for decay, pool in pools.items()}
    misses = {decay: float(np.abs(gap).sum()) for decay, gap in gaps.items()}
    least = min(misses.values())
    independent = len(panel) * max((panel.days - length - 14) / length, 0.3)
    evidence = EVIDENCE * independent / least if least > 0 else 0.0
    weights = {d: PRIOR_WEIGHTS[d] * float(np.exp(evidence * (least - misses[d]))) for d in misses}
    total = sum(weights.values())
    return {decay: weight / total for decay, weight in weights.items()}


def _blended(windows: Windows, weights: dict[float, float], row: Ints, cut: Ints) -> Floats:
    rates = base_rates(windows, weights, row, cut)
    return np.asarray(np.sum([w * rate for w, rate in zip(weights.values(), rates, strict=True)], axis=0))


def _asked(windows: Windows, shop: Shop, weights: dict[float, float], days: int, grid_days: Ints) -> Floats:
    """(H, n) units expected over the `grid_days` after the last known day."""
    n, h = len(windows.starts), len(grid_days)
    row, cut, span = np.tile(np.arange(n), h), np.full(n * h, days), np.repeat(grid_days, n)
    sums = expected_by(windows, shop, weights, row, cut, span, least=0.0)
    parts = [w * each for w, each in zip(weights.values(), sums, strict=True)]
    return np.asarray(np.sum(parts, axis=0)).reshape(h, n)


def _raw_index(windows: Windows, row: Ints, cut: Ints) -> tuple[Floats, Floats, Floats]:
    """(m,) variance ÷ mean of a day's units over SPAN days before `cut`, the selling days among them, and what
    a day that sells usually sells."""
    live = np.maximum(np.minimum(SPAN, cut - windows.starts[row]), 1)
    count = windows.total(windows.sold, row, cut - SPAN, cut)
    mean = windows.total(windows.units, row, cut - SPAN, cut) / live
    squares = windows.total(windows.sizes2, row, cut - SPAN, cut) / live
    mean_or_so = np.maximum(mean, 1e-9)
    return np.maximum(squares - mean**2, 1e-9) / mean_or_so, count, squares / mean_or_so


def _typical(windows: Windows, days: int) -> float:
    rows = np.arange(len(windows.starts))
    index, count, _ = _raw_index(windows, rows, np.full(len(rows), days))
    seen = index[count >= 5]
    return float(np.median(seen)) if len(seen) else 1.5


def _index(windows: Windows, row: Ints, cut: Ints, typical: float) -> Floats:
    """(m,) variance ÷ mean, drawn towards the shop's typical one where few sales speak for it."""
    index, count, size = _raw_index(windows, row, cut)
    own = count / (count + OWN_SALES)
    prior = np.where(count > 0, np.minimum(typical, SIZES * size), typical)
    return np.asarray(np.exp(own * np.log(np.maximum(index, 1e-6)) + (1 - own) * np.log(prior)))


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
    pools = past_sums_by(panel, windows, shop, length, weights)
    pool = next(iter(pools.values()))
    if len(pool.row) < FEWEST_WINDOWS:
        if shorter is not None and shorter.length >= TRUSTED_LENGTH:
            return shorter
        believed = np.zeros(len(STEPS)) if shorter is None else shorter.evidence
        return Law(length, _likely_step(believed), FLAT_LAW * SCORES, believed)
    predicted = np.sum([weights[decay] * made.predicted for decay, made in pools.items()], axis=0)
    index = _index(windows, pool.row, pool.cut, typical)
    gap = 2 * (np.sqrt(pool.actual + index / 4) - np.sqrt(predicted + index / 4))
    independent = len(panel) * max((panel.days - 14) / length, 1.0)
    noise = index * _noise(length, pool.cut - windows.starts[pool.row])
    evidence = -ALIKE * min(independent, len(gap)) * _misfit(gap, noise, predicted, length)
    if shorter is not None:
        evidence = evidence + CARRIED * shorter.evidence
    step = _likely_step(evidence)
    z = gap / np.sqrt(noise + step * _drifted(length) * predicted)
    trust = independent / (independent + PRIOR_WINDOWS)
    variance = (float((z**2).sum()) + PRIOR_ERRORS * FLAT_LAW**2) / (len(z) + PRIOR_ERRORS)
    normal = trust * np.median(z) + SCORES * np.sqrt(variance)
    return Law(length, step, trust * np.quantile(z, GRID_Q) + (1 - trust) * normal, evidence)


def _drifted(length: int) -> float:
    """Variance of a sum's log by drift, for a daily variance of 1: a random walk seen through a smoothed level."""
    return length / 3 + LAG_DAYS


def _noise(length: int, age: Ints) -> Floats:
    """Variance of a sum of `length` days around its forecast ÷ that around its true mean: the level is estimated."""
    return np.asarray(1.0 + length / np.clip(age, 7.0, LEVEL_DAYS))


def _misfit(gap: Floats, noise: Floats, predicted: Floats, length: int) -> Floats:
    """(steps,) mean negative log likelihood of the errors under each drift, their common scale left free."""
    scale = np.sqrt(noise + STEPS[:, None] * _drifted(length) * predicted)
    return np.asarray(np.log(scale).mean(axis=1) + 0.5 * np.log(((gap / scale) ** 2).mean(axis=1) + 1e-9))


def _likely_step(evidence: Floats) -> float:
    """The drift believed in: a geometric mean, since its size is known by orders of magnitude only."""
    weight = np.exp(STEPS_PRIOR + evidence - (STEPS_PRIOR + evidence).max())
    logs = np.log(STEPS + LEAST_STEP)
    return float(np.exp((weight * logs).sum() / weight.sum()) - LEAST_STEP)


def _quantiles(asked: Floats, index: Floats, age: Ints, law: Law, length: int) -> Floats:
    scale = np.sqrt(index * _noise(length, age) + law.step * _drifted(length) * asked)
    root = np.sqrt(asked + index / 4)[:, None] + 0.5 * scale[:, None] * law.z
    return np.asarray(np.maximum(np.maximum(root, 0.0) ** 2 - index[:, None] / 4, 0.0))
