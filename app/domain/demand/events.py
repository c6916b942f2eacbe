"""Days that are not like others: what would have sold without the event, and by how much it changed demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.domain.arrays import Bools, Floats
from app.domain.demand.panel import Panel

AROUND_DAYS = 28  # before and after an event, from which its usual demand is read
FEWEST_DAYS = 7
CAUTION_UNITS = 5.0  # a lift is pulled towards none, as if so many units had sold as usual


@dataclass(frozen=True)
class Event:
    """Columns `first` … `last` of a panel's calendar (both count) on which the marked `rows` (n,) were in it.

    Columns before the first day or after the last known one are allowed: what is not in the panel is ignored.
    """

    rows: Bools
    first: int
    last: int


@dataclass(frozen=True)
class Effect:
    """What an event's days sold and what they would usually have sold, in units, over `products` products."""

    products: int
    sold: float
    usual: float

    @property
    def lift(self) -> float:
        """Relative change of demand, pulled towards 0 where little was sold: 0.4 is 40 % more."""
        return (self.sold + CAUTION_UNITS) / (self.usual + CAUTION_UNITS) - 1


def without_events(panel: Panel, events: Sequence[Event]) -> tuple[Panel, tuple[Effect, ...]]:
    """The panel with the events' days as usual ones, and the effect of each event.

    What is usual is measured as the mean of the days around (AROUND_DAYS each side, other events left out), laid
    on weekdays as the event's products sell together; a product with under FEWEST_DAYS such days stays as it is.
    In the panel an event's day becomes the same weekday of the nearest week without an event: unlike a mean it
    keeps the ups and downs that ranges are learnt from.
    """
    spans = [_span(panel, event) for event in events]
    taken = np.zeros(panel.units.shape, dtype=bool)
    for event, (first, end) in zip(events, spans, strict=True):
        taken[event.rows, first:end] = True
    units, effects = panel.units.copy(), []
    for event, (first, end) in zip(events, spans, strict=True):
        rows = np.flatnonzero(event.rows & (panel.starts < end))
        usual = _usual(panel, taken, rows, first, end)
        known = ~np.isnan(usual)
        sold = panel.units[rows, first:end]
        effects.append(
            Effect(int(known.any(axis=1).sum()), float(sold[known].sum()), float(usual[known].sum()))
        )
        units[rows, first:end] = np.where(known, _like(panel, taken, rows, first, end, usual), sold)
    return replace(panel, units=units), tuple(effects)


def _span(panel: Panel, event: Event) -> tuple[int, int]:
    first = min(max(event.first, 0), panel.days)
    return first, max(min(event.last + 1, panel.days), first)


def _usual(panel: Panel, taken: Bools, rows: np.ndarray, first: int, end: int) -> Floats:
    """(rows, end − first) units that these days would usually sell, NaN where too little is known."""
    begin, stop = max(first - AROUND_DAYS, 0), min(end + AROUND_DAYS, panel.days)
    columns = np.arange(begin, stop)
    units = panel.units[rows, begin:stop]
    free = ~taken[rows, begin:stop] & (columns[None, :] >= panel.starts[rows, None])
    weekday = (panel.first_day.weekday() + columns) % 7
    factor = _weekdays(units * free, free, weekday)[weekday]
    weight = (free * factor).sum(axis=1)
    enough = (free.sum(axis=1) >= FEWEST_DAYS) & (weight > 0)
    rate = np.full(len(rows), np.nan)
    np.divide((units * free).sum(axis=1), weight, out=rate, where=enough)
    live = np.arange(first, end)[None, :] >= panel.starts[rows, None]
    usual = np.maximum(rate, 0.0)[:, None] * factor[None, first - begin : end - begin]
    return np.where(live, usual, np.nan)


def _like(panel: Panel, taken: Bools, rows: np.ndarray, first: int, end: int, usual: Floats) -> Floats:
    """(rows, end − first) units of the same weekday in the nearest week that is free, else the usual mean."""
    found = np.full(usual.shape, np.nan)
    for away in range(7, AROUND_DAYS + 1, 7):
        for other in (np.arange(first, end) - away, np.arange(first, end) + away):
            inside = np.clip(other, 0, panel.days - 1)
            free = ~taken[rows[:, None], inside] & (other >= panel.starts[rows, None]) & (other < panel.days)
            units = np.maximum(panel.units[rows[:, None], inside], 0.0)
            found = np.where(np.isnan(found) & free, units, found)
    return np.where(np.isnan(found), usual, found)


def _weekdays(units: Floats, free: Bools, weekday: np.ndarray) -> Floats:
    """(7,) demand of all rows together on Monday … Sunday relative to the mean day; 1 where nothing is known."""
    sold = np.bincount(weekday, np.maximum(units, 0.0).sum(axis=0), minlength=7)
    seen = np.bincount(weekday, free.sum(axis=0), minlength=7)
    rate = np.divide(sold, seen, out=np.full(7, np.nan), where=seen > 0)
    mean = np.nanmean(rate) if (seen > 0).any() else 0.0
    return np.where(np.isnan(rate), 1.0, rate / mean) if mean > 0 else np.ones(7)
