"""How good the store's forecasts were: over all products, and by demand class"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import cast

from app.platform import db
from app.queries.accuracy.figures import ADDED_UP, Figures, figures_of

# The steadiest first; a class of an earlier release comes last.
CLASSES = ("smooth", "erratic", "intermittent", "lumpy", "new", "none")


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
