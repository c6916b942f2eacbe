"""Accuracy: the noted forecasts that are over, beside what was sold, added up by variant once a day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from app.domain.forecasts.accuracy import summed
from app.domain.forecasts.past import AVERAGE_DAYS, Sales, beside
from app.models.accuracy import AccuracySum
from app.platform import columns, db
from app.queries.accuracy import WEEKS

_RECORDS = """
    SELECT r.variant_id, r.origin, r.days, r.units, r.low, r.high
    FROM forecast_records r JOIN variants v ON v.store_id = r.store_id AND v.id = r.variant_id
    WHERE r.low IS NOT NULL AND r.high IS NOT NULL AND r.origin >= %(since)s
      AND r.origin + r.days::integer < %(today)s AND v.deleted_at IS NULL
"""
_RECORD_KINDS = {
    "variant_id": "bigint",
    "origin": "date",
    "days": "bigint",
    "units": "double",
    "low": "double",
    "high": "double",
}
_SALES = """
    SELECT variant_id, day, units::float8 FROM daily_sales WHERE day > %(after)s AND day < %(today)s
"""


def is_due(*, today: date) -> bool:
    """Whether a noted forecast is over, and nothing was added up today yet."""
    found = db.rows(
        """
        SELECT EXISTS (SELECT 1 FROM forecast_records WHERE low IS NOT NULL AND origin >= :since
                   AND origin + CAST(days AS integer) < CAST(:today AS date))
               AND NOT EXISTS (SELECT 1 FROM accuracy_sums WHERE made_on = :today) AS due
        """,
        since=_since(today),
        today=today,
    )
    return bool(found[0].due)


def add_up(*, today: date) -> int:
    """Add up the last WEEKS weeks' forecasts that are over, in place of what was added up before.

    Returns how many variants have any. A forecast counts for as many days as it spoke of.
    """
    records = columns.read(_RECORDS, _RECORD_KINDS, since=_since(today), today=today)
    db.execute("DELETE FROM accuracy_sums")
    keys = records["variant_id"]
    if not len(keys):
        return 0
    first = records["origin"].min().astype(object) - timedelta(days=AVERAGE_DAYS)
    sales = columns.read(
        _SALES, {"variant_id": "bigint", "day": "date", "units": "double"}, after=first, today=today
    )
    sold, average = beside(
        Sales(sales["variant_id"], sales["day"], sales["units"]), keys, records["origin"], records["days"]
    )
    found = summed(sold, records["units"], records["low"], records["high"], keys, other=average)
    classes = {
        row.variant_id: row.demand_class for row in db.rows("SELECT variant_id, demand_class FROM forecasts")
    }
    values: dict[str, columns.Column] = {
        "variant_id": found.groups,
        "made_on": today,
        "demand_class": [classes.get(key, "none") for key in found.groups.tolist()],
        "forecasts": found.count.astype(np.int64),
        "sold": found.actual,
        "error": found.error,
        "size": found.size,
        "average": found.rival,
        "held": found.held.astype(np.int64),
        "loss": found.loss,
    }
    columns.append(AccuracySum, values, len(found.groups))
    return len(found.groups)


def _since(today: date) -> date:
    return today - timedelta(weeks=WEEKS)
