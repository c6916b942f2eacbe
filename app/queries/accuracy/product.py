"""How good a product's forecasts were: each noted one beside what was sold, and what that comes to (F27)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from app.domain.forecasts.accuracy import scores
from app.platform import db
from app.queries.accuracy.comparisons import COMPARED
from app.queries.accuracy.figures import Figures, of_score


@dataclass(frozen=True)
class Comparison:
    """One forecast of the units from `first` to `last`, its range, what was sold, and the 7-day average."""

    first: date
    last: date
    forecast: float
    low: float
    high: float
    sold: int
    average: float
    model: str

    @property
    def held(self) -> bool:
        """Whether the range held."""
        return self.low <= self.sold <= self.high


@dataclass(frozen=True)
class Accuracy:
    """The comparisons, newest first, and their figures once there are enough; `ready_on`: when the first one is
    there."""

    comparisons: list[Comparison]
    figures: Figures | None
    ready_on: date | None


def of_product(variant_id: int, *, today: date) -> Accuracy:
    """The product's noted forecasts of the last half year whose days are over. One statement."""
    rows = db.rows(f"{COMPARED} AND r.variant_id = :id ORDER BY r.origin DESC", id=variant_id, today=today)
    made = [
        Comparison(
            first=row.first,
            last=row.last,
            forecast=row.forecast,
            low=row.low,
            high=row.high,
            sold=row.sold,
            average=row.average,
            model=row.model,
        )
        for row in rows
        if row.last < today
    ]
    waiting = min((row.last for row in rows), default=None) if not made else None
    return Accuracy(made, _figures(made), waiting and waiting + timedelta(days=1))


def _figures(made: list[Comparison]) -> Figures | None:
    def column(name: str) -> np.ndarray:
        return np.array([float(getattr(one, name)) for one in made])

    found = scores(
        column("sold"),
        column("forecast"),
        column("low"),
        column("high"),
        np.array(["product"] * len(made), dtype=object),
        other=column("average"),
    )
    return of_score(found[0]) if found else None
