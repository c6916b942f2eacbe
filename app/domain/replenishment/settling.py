"""Targets rise at once and come down step by step, as the days go by that the higher target was for.

A target covers lead time + review, L + R days. Of what an earlier one was higher than today's, as far as the forecast
of then did not foresee that, the share of those days is kept that is still to come: L ÷ (L + R) a review later. A
quiet week is more often chance than a new level, and what is let go of at once is bought back a week later.
docs/decisions/003 has what it saves, and what else was tried.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.domain.arrays import Bools, Floats
from app.domain.forecasts.result import MAX_DAYS, Forecasts

LET_GO = 0.2  # of a unit: else a product that stopped selling would be kept for months for its last one
MOST_FORESEEN = 1.5  # a rise that was foreseen and did not come keeps no more than this


@dataclass(frozen=True)
class Reviewed:
    """What the target of each of n variants had come to at its latest review, `days` ago; NaN: unknown, or void.

    `foreseen` is what that of the next review was to be of it, see `foreseen`.
    """

    target: ArrayLike = np.nan
    days: ArrayLike = 0.0
    foreseen: ArrayLike = 1.0

    def is_due(self, review_days: ArrayLike) -> Bools:
        """Whether the next review has come, or there was none that counts."""
        due: Bools = np.isnan(self.target) | (np.asarray(self.days) >= np.asarray(review_days))
        return due

    def at_next(self, review_days: Floats) -> Reviewed:
        """The same as of the next review of each of n variants, beside (n, K) targets."""
        days = np.maximum(self.days, review_days)
        return Reviewed(*(np.reshape(x, (-1, 1)) for x in (self.target, days, self.foreseen)))


NOTHING = Reviewed()


@dataclass(frozen=True)
class Settled:
    """Targets on their way down: `units` (n,) or (n, K) above today's are kept."""

    target: Floats
    units: Floats

    @property
    def whole(self) -> Floats:
        """The units that are kept, rounded up to whole ones beyond LET_GO."""
        units: Floats = np.maximum(np.ceil(self.units - LET_GO), 0.0)
        return units

    @property
    def reached(self) -> Floats:
        """What the target comes to, in fractions: by whole units the way down would never end."""
        return self.target + self.units


def settle(target: Floats, before: Reviewed, lead_days: ArrayLike, review_days: ArrayLike) -> Settled:
    """Today's `target` (n,) or (n, K) on its way down; all of one shape, or such as spread to it.

    Nothing is kept where the target has risen or is NaN.
    """
    share = np.maximum(1.0 - np.divide(before.days, np.add(lead_days, review_days)), 0.0)
    gone = np.minimum(np.divide(before.days, review_days), 1.0)
    expected = np.asarray(before.target) * (1.0 + gone * (np.asarray(before.foreseen) - 1.0))
    return Settled(target, np.maximum(np.nan_to_num(share * (expected - target)), 0.0))


def foreseen(forecasts: Forecasts, lead_days: Floats, review_days: Floats) -> Floats:
    """(n,) expected demand of the L + R days that begin a review from now ÷ that of those that begin now.

    1 where none is expected; at most MOST_FORESEEN. Beyond the last day of the forecast the rate is that of before.
    """
    period = lead_days + review_days
    last = np.minimum(period + review_days, float(MAX_DAYS))
    later = forecasts.mean_of_sum(last) - forecasts.mean_of_sum(review_days)
    now = forecasts.mean_of_sum(period) * (last - review_days) / period
    ratio = np.divide(later, now, out=np.ones_like(now), where=now > 0)
    return np.clip(ratio, 0.0, MOST_FORESEEN)


class Reviews:
    """The reviews of n variants one after the other, for whoever looks back: targets come down as in the app."""

    def __init__(self, lead_days: Floats, review_days: Floats) -> None:
        self.lead, self.review = lead_days, review_days
        self.reached: Floats | None = None
        self.day, self.foreseen = np.zeros(len(lead_days)), np.ones(len(lead_days))

    def before(self, day: float, void: Bools) -> Reviewed:
        """What is known on `day` of the latest reviews, but of those (n,) that are `void`."""
        if self.reached is None:
            return NOTHING
        by_setting = (len(void),) + (1,) * (self.reached.ndim - 1)
        return Reviewed(
            np.where(void.reshape(by_setting), np.nan, self.reached),
            (day - self.day).reshape(by_setting),
            self.foreseen.reshape(by_setting),
        )

    def settled(self, day: float, target: Floats, forecasts: Forecasts, before: Reviewed) -> Floats:
        """(n,) or (n, K) whole units to order up to on `day`, given its `target` and what that is made from."""
        by_setting = (len(target),) + (1,) * (target.ndim - 1)
        made = settle(target, before, self.lead.reshape(by_setting), self.review.reshape(by_setting))
        due = before.is_due(self.review.reshape(by_setting)).reshape(len(target), -1).any(axis=1)
        self.reached = made.reached if self.reached is None else self.reached
        self.reached = np.where(due.reshape(by_setting), made.reached, self.reached)
        self.day = np.where(due, day, self.day)
        self.foreseen = np.where(due, foreseen(forecasts, self.lead, self.review), self.foreseen)
        return np.nan_to_num(made.target) + made.whole
