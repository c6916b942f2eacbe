"""The plan of each location: what it is to hold at the same risk as all others, what it lacks and can spare (F26)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from app.domain.arrays import Bools, Floats, Ints
from app.domain.forecasts.result import Forecasts
from app.domain.replenishment.equal_risk import Split, goals, whole
from app.domain.replenishment.inputs import Policy
from app.domain.replenishment.planning import days_of_cover
from app.domain.replenishment.target import ROUNDING


@dataclass(frozen=True)
class PlaceStock:
    """Stock of n variants at K locations, each field (n, K) in whole units.

    `available` can be sold now (below 0: oversold), `incoming` is on its way there, `least` the merchant's minimum.
    Where a variant is not `stocked` the other three are 0. `arrival` is in how many days all that is on its way has
    arrived, NaN where nobody knows: then it is taken to be one lead time (None: nowhere known).
    """

    available: Floats
    incoming: Floats
    least: Floats
    stocked: Bools
    arrival: Floats | None = None

    @property
    def position(self) -> Floats:
        """(n, K) available and on the way."""
        return self.available + self.incoming

    def take(self, rows: Ints) -> PlaceStock:
        """The stock of the variants at these places."""
        arrival = None if self.arrival is None else self.arrival[rows]
        return PlaceStock(
            self.available[rows], self.incoming[rows], self.least[rows], self.stocked[rows], arrival
        )

    def arrives_in(self, lead_time_days: Floats) -> Floats:
        """(n, K) days until all that is on its way has arrived, infinite where nothing is."""
        lead = np.broadcast_to(lead_time_days[:, None], self.incoming.shape)
        known = lead if self.arrival is None else np.where(np.isnan(self.arrival), lead, self.arrival)
        return np.where(self.incoming > 0, known, np.inf)


@dataclass(frozen=True)
class LocationPlan:
    """What each location of each variant is to hold; every field (n, K), NaN where the forecast was refused.

    `expected` demand over lead time and review, `needed` to cover it at the variant's service level, `missed` what of
    it is lost because its own stock does not last until a transfer arrives, `target` what is needed without that, or
    the location's minimum, `goal` what of it the store's stock can pay for at the same risk everywhere, `cover` days
    until what it has is sold. `lack` is what a location that may run out before the transfer after this one is short
    of its goal, `at_once` what of that it needs before. `spare` is what one has beyond its goal, as far as what stays
    on its shelf lasts until its own next receipt, or until then bears the same risk as all others.
    """

    share: Floats
    expected: Floats
    needed: Floats
    missed: Floats
    target: Floats
    goal: Floats
    cover: Floats
    lack: Floats
    at_once: Floats
    spare: Floats


def plan_locations(
    stock: PlaceStock, share: Floats, forecasts: Forecasts, policy: Policy, transit_days: ArrayLike = 0.0
) -> LocationPlan:
    """Share out the forecast of the whole store by `share` (n, K), and the stock it has, see `Split` and `goals`.

    `transit_days` (K,) or one number: how long a transfer takes to each location, as whoever moves stock at each
    review waits for review and transit until the next one arrives. What is lost until this one does needs nothing.
    """
    n, places = share.shape
    lead, review = policy.each("lead_time_days", n), policy.each("review_days", n)
    sd = policy.each("lead_time_sd_days", n)
    transit = np.broadcast_to(np.asarray(transit_days, dtype=float), (n, places))
    score, far = ndtri(policy.each("service_level", n)), float(forecasts.grid_days[-1])
    arrives = stock.arrives_in(lead)
    period = Split.over(forecasts, lead + review, sd, share)
    needed, position = whole(period.at(score)), stock.position
    missed = _missed(stock, arrives <= transit, Split.over(forecasts, transit, np.zeros(n), share))
    missed = np.minimum(missed, np.nan_to_num(needed))
    target = np.maximum(needed - missed, stock.least)
    goal = goals(period, position, stock.least, target, score, missed)
    next_move = np.minimum(review[:, None] + transit, far)
    enough = np.maximum(whole(Split.over(forecasts, next_move, np.zeros(n), share).at(score)), stock.least)
    # What is on the shelves now, until goods come next: nobody keeps more of it than is the same risk for all.
    receipt = np.minimum(np.where(np.isinf(arrives), next_move, arrives), far)
    until_receipt = Split.over(forecasts, receipt, np.where(np.isinf(arrives), 0.0, sd[:, None]), share)
    keep = np.maximum(whole(until_receipt.at(score)) - missed, stock.least)
    near = goals(until_receipt, stock.available, stock.least, keep, score, missed)
    lack = np.where(position < enough, np.maximum(goal - position, 0.0), 0.0)
    return LocationPlan(
        share=share,
        expected=period.expected,
        needed=needed,
        missed=missed,
        target=target,
        goal=goal,
        cover=_cover(forecasts, position, share),
        lack=lack,
        at_once=np.minimum(lack, np.maximum(near - position, 0.0)),
        spare=np.maximum(np.minimum(position - goal, stock.available - np.minimum(near, goal)), 0.0),
    )


def _missed(stock: PlaceStock, is_there: Bools, on_the_way: Split) -> Floats:
    """(n, K) whole units of expected demand until a transfer arrives that are more than is had by then."""
    had = np.maximum(stock.available + np.where(is_there, stock.incoming, 0.0), 0.0)
    units: Floats = np.floor(np.maximum(np.nan_to_num(on_the_way.expected) - had, 0.0) + ROUNDING)
    return units


def _cover(forecasts: Forecasts, position: Floats, share: Floats) -> Floats:
    """(n, K) days until expected demand there has used the position up; infinite where none is expected."""
    found = np.empty_like(position)
    for place in range(position.shape[1]):
        of_store = np.divide(
            position[:, place],
            share[:, place],
            out=np.where(position[:, place] > 0, np.inf, 0.0),
            where=share[:, place] > 0,
        )
        found[:, place] = days_of_cover(forecasts, of_store)
    return found
