"""How near some forecasts came, as shares: one form for a product, a demand class and the store"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.domain.forecasts.accuracy import Score, Sums, scored

ADDED_UP = (
    "SUM(a.forecasts)::bigint AS forecasts, SUM(a.sold) AS sold, SUM(a.error) AS error, SUM(a.size) AS size,"
    " SUM(a.average) AS average, SUM(a.held)::bigint AS held, SUM(a.loss) AS loss"
)


@dataclass(frozen=True)
class Figures:
    """How near the forecasts of some products came, as shares of what was sold (F27); None: nothing was sold.

    `average` is the error of the plain 7-day average, `is_worse` says that it was closer. `held` is the share of
    ranges that held, `loss` the mean pinball loss of their ends in units.
    """

    forecasts: int
    error: float | None
    bias: float | None
    average: float | None
    held: float
    loss: float
    is_worse: bool


def figures_of(rows: Sequence[Any]) -> list[Figures]:
    """The figures of each row of sums; see ADDED_UP for what a row has."""
    if not rows:
        return []

    def column(name: str) -> np.ndarray:
        return np.array([getattr(row, name) for row in rows])

    sums = Sums(
        groups=np.arange(len(rows)),
        count=column("forecasts"),
        actual=column("sold"),
        error=column("error"),
        size=column("size"),
        rival=column("average"),
        held=column("held"),
        loss=column("loss"),
    )
    return [of_score(score) for score in scored(sums, fewest=1)]


def of_score(score: Score) -> Figures:
    """A score as figures, unknown shares as None."""
    return Figures(
        forecasts=score.count,
        error=_known(score.wape),
        bias=_known(score.bias),
        average=_known(score.wape_other),
        held=score.within_range,
        loss=score.pinball,
        is_worse=score.losing,
    )


def _known(share: float) -> float | None:
    return share if share == share else None
