"""How good a product's forecasts were: each noted one beside what was sold, and what that comes to (F27)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from app.domain.forecasts.accuracy import Score, scores
from app.domain.forecasts.past import AVERAGE_DAYS
from app.platform import db

MOST = 26
RANGE_SHARE = 0.8  # of sums that the range from `low` to `high` should hold


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

    @property
    def held(self) -> bool:
        """Whether the range held."""
        return self.low <= self.sold <= self.high


@dataclass(frozen=True)
class Accuracy:
    """The newest comparisons, and their score once there are enough; `ready_on`: when the first one is there."""

    comparisons: list[Comparison]
    score: Score | None
    ready_on: date | None


def of_product(variant_id: int, *, today: date) -> Accuracy:
    """The forecasts of a product that were noted with their range. One statement.

    The rival is the simplest rule: that as much will be sold a day as on the 7 days before.
    """
    rows = db.rows(
        """
        SELECT r.origin, r.days, r.units, r.low, r.high, COALESCE(s.sold, 0) AS sold,
               COALESCE(s.before, 0) * r.days / CAST(:week AS float) AS average
        FROM forecast_records r
        LEFT JOIN LATERAL (
            SELECT SUM(d.units) FILTER (WHERE d.day > r.origin) AS sold,
                   SUM(d.units) FILTER (WHERE d.day <= r.origin) AS before
            FROM daily_sales d WHERE d.store_id = r.store_id AND d.variant_id = r.variant_id
                AND d.day BETWEEN r.origin - CAST(:week AS integer) + 1 AND r.origin + CAST(r.days AS integer)
        ) s ON true
        WHERE r.variant_id = :id AND r.low IS NOT NULL ORDER BY r.origin DESC LIMIT :most
        """,
        id=variant_id,
        most=MOST,
        week=AVERAGE_DAYS,
    )
    ends = [row.origin + timedelta(days=row.days) for row in rows]
    made = [
        Comparison(row.origin + timedelta(days=1), end, row.units, row.low, row.high, row.sold, row.average)
        for row, end in zip(rows, ends, strict=True)
        if end < today
    ]
    waiting = min(ends, default=None) if not made else None
    return Accuracy(made, _score(made), waiting and waiting + timedelta(days=1))


def _score(made: list[Comparison]) -> Score | None:
    def column(name: str) -> np.ndarray:
        return np.array([float(getattr(one, name)) for one in made])

    found = scores(
        column("sold"),
        column("forecast"),
        column("low"),
        column("high"),
        np.array(["product"] * len(made), dtype=object),
        other=column("average"),
        range_share=RANGE_SHARE,
    )
    return found[0] if found and found[0].wape == found[0].wape else None
