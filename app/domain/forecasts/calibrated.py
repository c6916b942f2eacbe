"""A smoothed rate whose ranges come from its own past errors; the engine for shops too small to learn from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from app.domain import laws
from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel
from app.domain.forecasts.baseline import daily_spread
from app.domain.forecasts.conformal import MIN_POOL, Ratios, ratios, widened, widening
from app.domain.forecasts.result import GRID_DAYS, GRID_Q
from app.domain.forecasts.shop import Shop, base_rate, expected, expected_by
from app.domain.forecasts.windows import DECAYS, Windows
from app.domain.threads import in_parts

MEDIAN = int(np.searchsorted(GRID_Q, 0.5))
FIRST_CUT = 14
STEP_DAYS = 7
POOL = 4_000  # sums wanted in the pool, and variants at most: a small shop looks further back
TRIAL_VARIANTS = 2_000
MOST_CUTOFFS = 104
FEWEST_CUTOFFS = 8
TRIAL_DAYS = 28
UNCERTAIN = 1.5  # widening of a law whose variance comes from one variant's short past


@dataclass(frozen=True)
class Pool:
    """Past windows of one length: variant, cut-off, predicted and actual sum of each, half an ordinary sale.

    `size` is added to both sums before their ratio is taken, so that a forecast of nearly nothing followed
    by one order is not remembered as a thousandfold error.
    """

    row: Ints
    cut: Ints
    predicted: Floats
    actual: Floats
    size: Floats


def sampled(n: int, most: int) -> Ints:
    """At most `most` of n row numbers, evenly spread: enough to learn what the whole shop shares."""
    return np.unique(np.linspace(0, max(n - 1, 0), min(most, n)).astype(np.int64))


def best_decay(panel: Panel) -> float:
    """The smoothing that would have missed the last cut-offs' coming month by least (Σ|error|)."""
    length = int(min(TRIAL_DAYS, max(panel.days // 3, 1)))
    some = panel.take(sampled(len(panel), TRIAL_VARIANTS))
    windows = Windows.of(some)
    pools = past_sums_by(some, windows, Shop.of(panel, DECAYS[0]), length, DECAYS)
    misses = {decay: float(np.abs(pool.predicted - pool.actual).sum()) for decay, pool in pools.items()}
    return min(misses, key=lambda decay: (misses[decay], decay))


def calibrated_average(panel: Panel, rows: Ints, decay: float, grid_days: Ints = GRID_DAYS) -> Floats:
    """(n, H, Q) quantiles of the coming sums of `rows` over `grid_days`, rising with days and with q.

    The quantiles of actual ÷ predicted come from the last cut-offs of up to POOL variants, by predicted
    size, mixed with the variant's own as it gathers windows of its own. Where the pool is too small a
    negative binomial of the variant's own spread serves instead (F4).
    """
    shop = Shop.of(panel, decay)
    pools = _pools(panel, shop, grid_days.tolist())
    table = np.empty((len(rows), len(grid_days), len(GRID_Q)))

    def answer(part: slice) -> None:
        table[part] = _answer(panel.take(rows[part]), rows[part], shop, pools, grid_days)

    in_parts(len(rows), answer)
    wide = widened(table, widening(panel), table[:, :, [MEDIAN]])
    return np.maximum.accumulate(np.maximum.accumulate(wide, axis=1), axis=2)


def _pools(panel: Panel, shop: Shop, lengths: list[int]) -> list[tuple[Pool, Ratios | None]]:
    """For each length the past sums of up to POOL variants (their rows are those of `panel`), and what they say."""
    known = sampled(len(panel), POOL)
    some = panel.take(known)
    earliest = min(
        (int(cuts[-1]) for cuts in (_cut_offs(some, length) for length in lengths) if len(cuts)), default=1
    )
    windows = Windows.of(some, shop.first_cut(earliest))
    pools = [past_sums(some, windows, shop, length) for length in lengths]
    return [
        (
            replace(pool, row=known[pool.row]),
            ratios(pool.predicted + pool.size, pool.actual + pool.size, GRID_Q),
        )
        for pool in pools
    ]


def _answer(
    panel: Panel, rows: Ints, shop: Shop, pools: list[tuple[Pool, Ratios | None]], grid_days: Ints
) -> Floats:
    """(n, H, Q) quantiles of a panel that holds just `rows`, before widening and ordering."""
    n, windows = len(panel), Windows.of(panel, shop.first_cut(panel.days))
    cut = np.full(n, panel.days)
    rate = base_rate(windows, shop, np.arange(n), cut)
    sold = np.flatnonzero(rate > 1e-5)
    size = ordinary_sale(windows)[sold]
    table = np.zeros((n, len(grid_days), len(GRID_Q)))
    longest, factors = 1, np.ones((len(sold), len(GRID_Q)))
    asked = _coming(windows, shop, panel.days, grid_days)[:, sold]
    by_law = np.zeros(len(grid_days), dtype=bool)
    for h, length in enumerate(grid_days.tolist()):
        found = _factors(*pools[h], rows[sold], asked[h] + size, panel.days // length)
        if found is not None:
            longest, factors = length, found
        by_law[h] = longest * 3 < length or (found is None and longest == 1)
        table[sold, h] = np.maximum((asked[h] + size)[:, None] * factors - size[:, None], 0.0)
    if by_law.any():
        table[np.ix_(sold, by_law)] = _law(panel, sold, asked[by_law].T, grid_days[by_law])
    return table


def _coming(windows: Windows, shop: Shop, days: int, grid_days: Ints) -> Floats:
    """(H, n) units expected of all variants over the `grid_days` after the last known one."""
    n, h = len(windows.starts), len(grid_days)
    row, cut = np.tile(np.arange(n), h), np.full(n * h, days)
    return expected(windows, shop, row, cut, np.repeat(grid_days, n), least=0.0).reshape(h, n)


def past_sums(panel: Panel, windows: Windows, shop: Shop, length: int) -> Pool:
    """Predicted and actual sums at the last weekly cut-offs whose `length` days ended by the last known day."""
    return past_sums_by(panel, windows, shop, length, (shop.decay,))[shop.decay]


def past_sums_by(
    panel: Panel, windows: Windows, shop: Shop, length: int, decays: Iterable[float]
) -> dict[float, Pool]:
    """`past_sums` by each of these smoothings instead of the shop's own."""
    decays, cuts = tuple(decays), _cut_offs(panel, length)
    row = np.broadcast_to(np.arange(len(panel)), (len(cuts), len(panel))).ravel()
    cut = np.repeat(cuts, len(panel))
    known = (panel.starts[row] < cut - STEP_DAYS) & (windows.last_sale(row, cut) >= 0)
    row, cut = row[known], cut[known]
    span = np.full(len(row), length)
    if not len(row):
        return dict.fromkeys(decays, Pool(row, cut, np.empty(0), np.empty(0), np.empty(0)))
    actual, size = windows.total(windows.units, row, cut, cut + length), ordinary_sale(windows)[row]
    predicted = expected_by(windows, shop, decays, row, cut, span)
    return {d: Pool(row, cut, sums, actual, size) for d, sums in zip(decays, predicted, strict=True)}


def _cut_offs(panel: Panel, length: int) -> Ints:
    """The latest weekly ones that lie `length` days back or more, from the last on."""
    wanted = min(max(POOL // max(len(panel), 1), FEWEST_CUTOFFS), MOST_CUTOFFS)
    return np.arange(panel.days - length, FIRST_CUT - 1, -STEP_DAYS)[:wanted]


def ordinary_sale(windows: Windows) -> Floats:
    """(n,) half the mean units of a day with sales."""
    half: Floats = 0.5 * windows.units[:, -1] / np.maximum(windows.sold[:, -1], 1)
    return half


def _factors(pool: Pool, ratios: Ratios | None, rows: Ints, asked: Floats, own_windows: int) -> Floats | None:
    """(n, Q) ratio quantiles: the shop's by size, mixed with each variant's own by how many it has."""
    if ratios is None:
        return None
    shared = ratios.at(np.maximum(asked, 1e-9))
    if len(np.unique(pool.row)) * 30 > len(pool.row):
        return shared
    ratio = (pool.actual + pool.size) / (pool.predicted + pool.size)
    weight = own_windows / (own_windows + 8.0)
    own = np.stack(
        [
            np.quantile(ratio[pool.row == i], GRID_Q)
            if (pool.row == i).sum() >= MIN_POOL // 2
            else np.full(len(GRID_Q), np.nan)
            for i in rows
        ]
    )
    return np.where(np.isnan(own), shared, weight * np.nan_to_num(own) + (1 - weight) * shared)


def _law(panel: Panel, rows: Ints, mean: Floats, lengths: Ints) -> Floats:
    """(n, H, Q) quantiles of sums over `lengths` with these means (n, H), from the variants' own spread."""
    variance = daily_spread(panel.units[rows], panel.starts[rows], 182)[:, None] * lengths
    wide = UNCERTAIN * np.maximum(variance, mean)
    return laws.quantile(mean[..., None], wide[..., None] + 0.1 * mean[..., None] ** 2, GRID_Q)
