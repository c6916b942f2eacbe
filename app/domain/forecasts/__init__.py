"""The door to forecasting: a panel in, calibrated forecasts out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial

import numpy as np

from app.domain.arrays import Bools, Floats, Ints, Texts
from app.domain.demand import Panel
from app.domain.demand.holidays import HOLIDAYS
from app.domain.demand.pattern import demand_class
from app.domain.forecasts.answers import Answers, ask, digests
from app.domain.forecasts.automatic import Choice, choose, still_fits
from app.domain.forecasts.daily import daily_values
from app.domain.forecasts.engines import ENGINES, SLOW, STAND_IN, Sums, prophet
from app.domain.forecasts.result import GRID_DAYS, GRID_Q, HOLIDAY_MARK, MAX_DAYS, Forecasts

__all__ = [
    "ENGINES",
    "GRID_DAYS",
    "GRID_Q",
    "MAX_DAYS",
    "Answers",
    "Choice",
    "Forecasts",
    "ask",
    "choose",
    "digests",
    "forecast",
    "slow_rows",
    "still_fits",
]


def forecast(
    panel: Panel,
    *,
    horizon: int = 28,
    engine: str = "auto",
    engines: Mapping[object, str] | None = None,
    low_history_days: int = 30,
    refuse_below_days: int = 7,
    only: Ints | None = None,
    choice: Choice | None = None,
    answers: Answers | None = None,
    seed: int = 0,
) -> Forecasts:
    """Forecast every variant of `panel` from the close of its last day; `horizon` daily values for the chart.

    `engine` is one of ENGINES; `engines` overrides it by variant key. Variants with under
    `low_history_days` days get the 7-day average in place of Prophet and always low confidence; those with
    under `refuse_below_days`, or that never sold, are refused with the day from which there is evidence.
    With `only` (row numbers) the forecasts are for these variants, learnt from the whole panel.
    `choice` is an earlier answer of `choose` for this shop: "auto" then uses its model on the newest sales
    without training again. `answers` are those of `ask` for `slow_rows` of this panel: only what is missing is
    asked. The same panel, settings and seed give the same forecasts.
    """
    if not 1 <= horizon <= MAX_DAYS:
        raise ValueError(f"horizon must be 1 to {MAX_DAYS} days, got {horizon}")
    shop, rows = panel, np.arange(len(panel)) if only is None else only
    panel = shop.take(rows)
    chosen = _chosen(panel, engine, engines or {}, low_history_days)
    mean, quantiles, notes, used = _sums(shop, rows, chosen, choice, answers, seed)
    refused = _refused(panel, refuse_below_days)
    mean[refused], quantiles[refused] = np.nan, np.nan
    daily = daily_values(panel, horizon, mean, quantiles)
    low = panel.history_days < low_history_days
    return Forecasts(
        keys=panel.keys,
        origin=panel.last_day,
        horizon=horizon,
        daily_mean=daily[0],
        daily_low=daily[1],
        daily_high=daily[2],
        sum_mean=mean,
        sum_quantiles=quantiles,
        model=np.where(refused, "none", used),
        confidence=np.where(low | refused, "low", "normal"),
        reason=_reasons(panel, notes, low, refused),
        demand_class=demand_class(panel, new_below_days=low_history_days),
        refused_until=_refused_until(panel, refused, refuse_below_days),
    )


def slow_rows(
    panel: Panel, *, engine: str, engines: Mapping[object, str], low_history_days: int = 30
) -> Ints:
    """Rows of `panel` that `forecast` with these settings asks the one engine for that costs by the product."""
    return np.flatnonzero(_chosen(panel, engine, engines, low_history_days) == SLOW)


def _chosen(panel: Panel, engine: str, engines: Mapping[object, str], low_history_days: int) -> Texts:
    wanted = [engines.get(key, engine) for key in panel.keys.tolist()]
    unknown = set(wanted) - set(ENGINES)
    if unknown:
        raise ValueError(f"no forecast engine {sorted(unknown)[0]!r}; choose one of {', '.join(ENGINES)}")
    chosen = np.array(wanted, dtype="U24")
    # Nothing was ever sold: refused whatever an engine says.
    spared = (panel.history_days < low_history_days) | ~(panel.units > 0).any(axis=1)
    chosen[spared & (chosen == SLOW)] = "moving_average"
    return chosen


def _sums(
    shop: Panel, rows: Ints, chosen: Texts, choice: Choice | None, answers: Answers | None, seed: int
) -> tuple[Floats, Floats, list[str], Texts]:
    """Means and quantiles of the sums of `rows`, why each got its engine, and the engine that answered."""
    mean = np.empty((len(rows), len(GRID_DAYS)))
    quantiles = np.empty((*mean.shape, len(GRID_Q)))
    notes, used = [""] * len(rows), chosen.copy()
    for name in np.unique(chosen):
        mine = np.flatnonzero(chosen == name)
        engine = partial(prophet, answers=answers) if name == SLOW else ENGINES[str(name)]
        part: Sums = engine(shop, rows[mine], choice, seed)
        mean[mine], quantiles[mine] = part.mean, part.quantiles
        for i in mine:
            notes[i] = part.note or f"chosen_{name}"
        if part.out_of_season is not None and shop.holiday is not None:
            for i in mine[part.out_of_season]:
                notes[i] += f"{HOLIDAY_MARK}{HOLIDAYS[shop.holiday[rows[i]]]}"
        if part.gave_up is not None:
            used[mine[part.gave_up]] = STAND_IN
            for i in mine[part.gave_up]:
                notes[i] = f"gave_up_{name}"
    return mean, quantiles, notes, used


def _refused(panel: Panel, refuse_below_days: int) -> Bools:
    short = panel.history_days < refuse_below_days
    return short | ~(panel.units > 0).any(axis=1)


def _refused_until(panel: Panel, refused: Bools, days: int) -> Texts:
    until = np.full(len(panel), None, dtype=object)
    for i in np.flatnonzero(refused):
        first: date = panel.first_day + timedelta(days=int(panel.starts[i]) + days - 1)
        until[i] = max(first, panel.last_day + timedelta(days=1))
    return until


def _reasons(panel: Panel, notes: list[str], low: Bools, refused: Bools) -> Texts:
    """Codes with their numbers, which `app.words.forecasts` says in the reader's language."""
    codes = list(notes)
    for i in np.flatnonzero(low):
        _, mark, holiday = codes[i].partition(HOLIDAY_MARK)
        codes[i] = f"short days={int(panel.history_days[i])}{mark}{holiday}"
    for i in np.flatnonzero(refused):
        codes[i] = "refused"
    return np.array(codes, dtype=object)
