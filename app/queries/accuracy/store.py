"""How good the store's forecasts were: over all products, and by demand class"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import numpy as np

from app.domain.forecasts.accuracy import Score, Sums, scored
from app.platform import db

# The steadiest first; a class of an earlier release comes last.
CLASSES = ("smooth", "erratic", "intermittent", "lumpy", "new", "none")
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


@dataclass(frozen=True)
class ClassFigures:
    """One demand class: how many products it has, and their figures."""

    demand_class: str
    products: int
    figures: Figures


@dataclass(frozen=True)
class Summary:
    """All of it; `total` is None while no forecast is over. `first_on`: when the first noted one can be compared."""

    made_on: date | None
    total: ClassFigures | None
    classes: list[ClassFigures]
    first_on: date | None


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
    return [_figures(score) for score in scored(sums, fewest=1)]


def summary() -> Summary:
    """The figures of all products and of each demand class, as added up last. One statement, or two."""
    # The classes' few sums are added up once more for all, and not all products' a second time.
    found = db.rows(
        f"WITH a AS MATERIALIZED (SELECT a.demand_class, COUNT(*) AS products, MAX(a.made_on) AS made_on, {ADDED_UP}"  # noqa: S608
        " FROM accuracy_sums a GROUP BY a.demand_class)"
        f" SELECT a.demand_class, SUM(a.products)::bigint AS products, MAX(a.made_on) AS made_on, {ADDED_UP}"
        " FROM a GROUP BY GROUPING SETS ((a.demand_class), ()) HAVING COUNT(*) > 0"
    )
    made = [
        ClassFigures(row.demand_class or "", row.products, figures)
        for row, figures in zip(found, figures_of(found), strict=True)
    ]
    return Summary(
        made_on=max((row.made_on for row in found), default=None),
        total=next((one for one in made if not one.demand_class), None),
        classes=sorted((one for one in made if one.demand_class), key=_place),
        first_on=None if made else _first_on(),
    )


def _first_on() -> date | None:
    first = db.rows("SELECT MIN(origin + CAST(days AS integer)) + 1 AS day FROM forecast_records")
    return cast(date | None, first[0].day)


def _place(one: ClassFigures) -> tuple[int, str]:
    known = one.demand_class in CLASSES
    return (CLASSES.index(one.demand_class) if known else len(CLASSES), one.demand_class)


def _figures(score: Score) -> Figures:
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
