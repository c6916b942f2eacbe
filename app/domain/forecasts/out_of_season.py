"""Forecasts of a holiday's goods come down for the months after it, as far as nothing sold speaks against it."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from app.domain.arrays import Bools, Floats, Ints
from app.domain.demand import Panel
from app.domain.demand.holidays import NONE, off_days, off_season
from app.domain.forecasts.result import GRID_DAYS, MAX_DAYS, between_days, every_day, mean_of

AFTER = (
    0.1  # of the level in season; .05 loses less where all goods of a holiday stop, but holds too few of them
)
IN_SEASON = 42  # latest days in season that tell its level
LEAST_DAYS = 14  # in season, and out of it, from which sales are a level


def kept_low(quantiles: Floats, panel: Panel, rows: Ints) -> tuple[Floats, Bools]:
    """(n, H, Q) quantiles of sums over GRID_DAYS of `rows`, and (n,) which of them were brought down.

    The days after a variant's holiday are expected to sell at most AFTER of its level in season, or what it has
    itself sold on such days so far: what is only named so sells on. An engine that expects less is left alone.
    Days that sell a tenth count as a tenth of a day: the range becomes that of a shorter sum, relatively wider.
    """
    touched = np.zeros(len(rows), dtype=bool)
    mine, low = _coming(panel, rows)
    if not len(mine):
        return quantiles, touched
    goods, part = panel.take(rows[mine]), quantiles[mine]
    expected = np.diff(every_day(mean_of(part), GRID_DAYS), axis=1, prepend=0.0)
    usual = (expected * low).sum(axis=1) / low.sum(axis=1)
    most = _most(goods)
    factor = np.divide(most, usual, out=np.ones(len(mine)), where=usual > most)
    days = np.cumsum(np.where(low, factor[:, None], 1.0), axis=1)[:, GRID_DAYS - 1]
    out = quantiles.copy()
    out[mine] = _at_days(part, days)
    touched[mine] = factor < 1
    return out, touched


def _coming(panel: Panel, rows: Ints) -> tuple[Ints, Bools]:
    """Places in `rows` of the goods of holidays, and (m, MAX_DAYS) which of their coming days are out of season."""
    if panel.holiday is None:
        return np.empty(0, dtype=np.int64), np.empty((0, MAX_DAYS), dtype=bool)
    first, holiday = panel.last_day + timedelta(days=1), panel.holiday[rows]
    seasons = {one: off_season(one, first, MAX_DAYS) for one in set(holiday.tolist()) - {NONE}}
    mine = np.flatnonzero(np.isin(holiday, [one for one, off in seasons.items() if off.any()]))
    low = [seasons[one] for one in holiday[mine].tolist()]
    return mine, np.array(low, dtype=bool).reshape(len(mine), MAX_DAYS)


def _most(goods: Panel) -> Floats:
    """(n,) units a day out of season; infinite for a variant whose level in season is not known."""
    off, live = off_days(goods), np.arange(goods.days) >= goods.starts[:, None]
    latest = live & ~off
    latest &= np.cumsum(latest[:, ::-1], axis=1)[:, ::-1] <= IN_SEASON
    level, days = _level(goods.units, latest)
    own, seen = _level(goods.units, live & off)
    most = np.maximum(AFTER * level, np.where(seen < LEAST_DAYS, 0.0, own))
    return np.where(days < LEAST_DAYS, np.inf, most)


def _level(units: Floats, which: Bools) -> tuple[Floats, Ints]:
    """(n,) mean units on the days of `which`, 0 without any, and how many these are."""
    days = which.sum(axis=1)
    return (np.maximum(units, 0.0) * which).sum(axis=1) / np.maximum(days, 1), days


def _at_days(table: Floats, days: Floats) -> Floats:
    """(n, H, Q) the quantiles of sums over `days` (n, H), fractions of days included."""
    low, weight = between_days(GRID_DAYS, days)
    padded = np.concatenate([np.zeros((len(table), 1, table.shape[2])), table], axis=1)
    below, above = (np.take_along_axis(padded, at[..., None], axis=1) for at in (low, low + 1))
    return np.asarray(below * (1 - weight[..., None]) + above * weight[..., None])
