"""The learned engine: one gradient-boosted model per quantile for all variants and all lengths of sum.

A training row is (variant, cut-off, length); its target is the coming sum ÷ the variant's own scale, so fast
and slow variants teach each other. The length is a feature: one model answers 1 to 180 days.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import ndtri

from app.domain import libraries
from app.domain.arrays import Floats, Ints
from app.domain.demand import Panel
from app.domain.forecasts.conformal import widened, widening
from app.domain.forecasts.features import features
from app.domain.forecasts.result import GRID_DAYS, GRID_Q
from app.domain.forecasts.season import Season
from app.domain.forecasts.shop import Shop
from app.domain.forecasts.windows import Windows
from app.domain.threads import WORKERS, in_parts

LEVELS = np.array([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975])
MEDIAN = 3
LENGTHS = np.array([1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 60, 90, 120, 180])
TREES = 75
TAIL = 0.45  # levels further from the median rest on few rows: trees split at random places fit less of their luck
FIRST_CUT = 14
LEAST_LENGTH = 7  # a variant teaches once a week of it lies behind a cut-off
ACTIVE_DAYS = 182
CHUNK = 4000  # variants whose running totals are held at once: bounds memory whatever the shop's size
MAX_ROWS = 100_000
MIN_ROWS = 500
YOUNG_DAYS, YOUNG_EXTRA = 45, 0.2  # a new product strays further than older ones at the same rate did
OVERDRAW = 8  # draws for each row wanted: most are valid, in short histories few
FOCUS, FOCUS_SMALL = 0.7, 1 / 3  # share of large and small data's rows at the length that the shop orders for
LARGE_ROWS, LARGE_DAYS = 60_000, 365  # from which on data are large
TWICE_MOST = 5_000  # variants up to which the night has time to learn twice and to average the answers
TWICE_SHARE = 0.7  # of the rows of a model that learns once
ANOTHER = 1_000  # from a sample's seed to the next one's


@dataclass(frozen=True)
class Learned:
    """Trained boosters as text, with what is needed to use them on later days of the same shop."""

    boosters: tuple[tuple[str, ...], ...]  # by sample of past sums, by LEVELS
    decay: float
    longest: int  # longest sum seen in training; longer ones are scaled from it
    widen: float
    season: Season  # that the scale was measured with

    @cached_property
    def models(self) -> list[list[Any]]:
        """The boosters, ready to predict."""
        booster = libraries.lightgbm().Booster
        return [[booster(model_str=text) for text in sample] for sample in self.boosters]


def can_learn(panel: Panel) -> bool:
    """Whether there is enough to learn from: some hundred days of selling variants."""
    return panel.days >= 2 * FIRST_CUT + LEAST_LENGTH and _row_count(panel) >= MIN_ROWS


def has_time(panel: Panel) -> bool:
    """Whether the shop is large enough to gain from learning twice and from earlier weeks, and not too large."""
    return not _is_small(panel, _row_count(panel)) and len(panel) <= TWICE_MOST


def learn(
    panel: Panel, decay: float, *, focus: int = 28, seed: int = 0, max_rows: int | None = None
) -> Learned:
    """Train on windows that ended by the panel's last day; a dozen seconds at most.

    `decay` is the smoothing of the scale (see `calibrated.best_decay`); `focus` the length of sum that
    matters most. The same panel and seed give the same model.
    """
    usable = max((panel.days - FIRST_CUT) // 2, LEAST_LENGTH)
    lengths = LENGTHS[: np.searchsorted(LENGTHS, usable, side="right")]
    count = min(max_rows or MAX_ROWS, _row_count(panel))
    shop, small = Shop.of(panel, decay), _is_small(panel, count)
    share = FOCUS_SMALL if small else FOCUS
    twice = not small and len(panel) <= TWICE_MOST
    count = int(TWICE_SHARE * count) if twice else count
    boosters = []
    for own in (seed, seed + ANOTHER) if twice else (seed,):
        rng = np.random.default_rng(own)
        x, y, weight = _training_rows(panel, shop, lengths, focus, count, rng, share=share)
        boosters.append(_train(x, y, weight, small=small, seed=own))
    widen = widening(panel, min(focus, int(lengths[-1])))
    return Learned(tuple(boosters), decay, int(lengths[-1]), widen, shop.season)


def _is_small(panel: Panel, count: int) -> bool:
    return count < LARGE_ROWS or panel.days < LARGE_DAYS


def _train(x: Floats, y: Floats, weight: Floats, *, small: bool, seed: int) -> tuple[str, ...]:
    """One booster per LEVELS: smaller trees for `small` data, extremely randomised ones for large data's tails."""
    lightgbm = libraries.lightgbm()
    settings = {
        "objective": "quantile",
        "num_leaves": 7 if small else 15,
        "learning_rate": 0.07 if small else 0.1,
        "min_data_in_leaf": int(np.clip(len(y) // 60, 20, 100)),
        "feature_fraction": 0.5,
        "bagging_fraction": 0.6,
        "bagging_freq": 1,
        "lambda_l2": 5,
        "seed": seed,
    }
    quiet = {"num_threads": 1, "force_row_wise": True, "max_bin": 63, "verbosity": -1}
    data = lightgbm.Dataset(x, y, weight=weight, params=quiet, free_raw_data=False).construct()

    def one(q: float) -> str:
        own = {"alpha": q, "extra_trees": not small and abs(q - 0.5) > TAIL}
        booster = lightgbm.train(settings | quiet | own, data, TREES)
        return str(booster.model_to_string())

    with ThreadPoolExecutor(WORKERS) as pool:
        return tuple(pool.map(one, LEVELS.tolist()))


def expects(learned: Learned, panel: Panel) -> bool:
    """Whether this panel has the features that the model was trained with (price, stock)."""
    one = panel.take(np.arange(1))
    at, shop = np.array([panel.days]), Shop.of(one, learned.decay, Season())
    x, _ = features(Windows.of(one), shop, one.price, np.array([0]), at, np.array([7]))
    return bool(learned.models[0][0].num_feature() == x.shape[1])


def predict(learned: Learned, panel: Panel, rows: Ints, grid_days: Ints = GRID_DAYS) -> Floats:
    """(n, H, Q) quantiles of the sums over `grid_days` of `rows`, rising with days and with q."""
    shop, models = Shop.of(panel, learned.decay, learned.season), learned.models
    out = np.empty((len(rows), len(grid_days), len(GRID_Q)))

    def ask(part: slice) -> None:
        out[part] = _predict_chunk(learned, models, shop, panel.take(rows[part]), grid_days)

    in_parts(len(rows), ask)
    return np.maximum.accumulate(np.maximum.accumulate(out, axis=2), axis=1)


def _predict_chunk(
    learned: Learned, models: list[list[Any]], shop: Shop, panel: Panel, grid_days: Ints
) -> Floats:
    n, lengths = len(panel), np.minimum(grid_days, learned.longest)
    row = np.repeat(np.arange(n), len(lengths))
    cut, windows = np.full(len(row), panel.days), Windows.of(panel, shop.first_cut(panel.days))
    x, scale = features(windows, shop, panel.price, row, cut, np.tile(lengths, n))
    ratios = _ratios(models, x)
    beyond = np.tile(grid_days / lengths, n)
    young = np.maximum(1.0 - panel.history_days / YOUNG_DAYS, 0.0)
    wide = (learned.widen + YOUNG_EXTRA * young)[row][:, None]
    sums = (widened(ratios, wide, ratios[:, [MEDIAN]]) * (scale * beyond)[:, None]).reshape(
        n, len(lengths), -1
    )
    return at_grid(sums)


def _ratios(models: list[list[Any]], x: Floats) -> Floats:
    """(m, LEVELS) quantiles of sum ÷ scale, rising: the mean of what the samples taught."""
    answers = [[model.predict(x, num_threads=1) for model in sample] for sample in models]
    ratios: Floats = np.maximum(np.sort(np.mean(answers, axis=0).T, axis=1), 0.0)
    return ratios


def at_grid(quantiles: Floats) -> Floats:
    """Quantiles at LEVELS (last axis) carried to GRID_Q: linear in normal scores, never below 0."""
    scores, wanted = ndtri(LEVELS), ndtri(GRID_Q)
    low = np.clip(np.searchsorted(scores, wanted, side="right") - 1, 0, len(LEVELS) - 2)
    weight = (wanted - scores[low]) / (scores[low + 1] - scores[low])
    carried: Floats = quantiles[..., low] * (1 - weight) + quantiles[..., low + 1] * weight
    return np.maximum(carried, 0.0)


def _row_count(panel: Panel) -> int:
    """Days that could be a cut-off, over all variants that sell; at most MAX_ROWS."""
    selling = (panel.units[:, -ACTIVE_DAYS : -LEAST_LENGTH - 1] > 0).any(axis=1)
    live = np.maximum(panel.history_days - FIRST_CUT - LEAST_LENGTH, 0)
    return int(min(live[selling].sum(), MAX_ROWS))


def _training_rows(
    panel: Panel, shop: Shop, lengths: Ints, focus: int, count: int, rng: np.random.Generator, *, share: float
) -> tuple[Floats, Floats, Floats]:
    focus = int(lengths[np.abs(lengths - focus).argmin()])
    parts = []
    for chunk in _chunks(panel):
        windows = Windows.of(chunk)
        wanted = int(np.ceil(count * len(chunk) / len(panel)))
        row, cut, length = _draw(chunk, windows, lengths, focus, wanted, rng, share=share)
        x, scale = features(windows, shop, chunk.price, row, cut, length)
        parts.append((x, windows.total(windows.units, row, cut, cut + length) / scale, np.sqrt(scale)))
    x, y, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    return x, y, weight


def _chunks(panel: Panel) -> Iterator[Panel]:
    for begin in range(0, len(panel), CHUNK):
        yield panel.take(np.arange(begin, min(begin + CHUNK, len(panel))))


def _draw(
    panel: Panel,
    windows: Windows,
    lengths: Ints,
    focus: int,
    count: int,
    rng: np.random.Generator,
    *,
    share: float,
) -> tuple[Ints, Ints, Ints]:
    """Random (variant, cut-off, length), whose window has ended and whose variant sold in the half year before;
    at most `count`, fewer where few such windows exist. A `share` of them is of length `focus`, and the rest of
    all lengths, else all are equally likely."""
    size = OVERDRAW * count
    length = np.where(rng.random(size) < share, focus, rng.choice(lengths, size))
    span = np.cumsum(np.maximum(panel.days - np.maximum(panel.starts + 2, FIRST_CUT), 0))
    row = np.searchsorted(span, rng.random(size) * span[-1], side="right")
    first = np.maximum(panel.starts[row] + 2, FIRST_CUT)
    cut = first + (rng.random(size) * (panel.days - first)).astype(np.int64)
    good = (cut + length <= panel.days) & (windows.last_sale(row, cut) >= cut - ACTIVE_DAYS)
    kept = np.flatnonzero(good)[:count]
    return row[kept], cut[kept], length[kept]
