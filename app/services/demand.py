"""Demand: what customers wanted, from what was sold and from the days on which the shelf was seen empty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.domain.arrays import Bools, Floats, Ints
from app.domain.demand import Panel
from app.domain.demand.records import share_in_stock
from app.domain.demand.sold_out import restore
from app.platform import columns


def as_wanted(panel: Panel, *, apart: Bools | None = None) -> Panel:
    """The panel with the days on which stock was recorded as gone given back their expected demand (F19).

    `apart` (n, days) marks days that are no example of usual demand, such as those of an event; they stay as they
    are. Days without a record stand as they were sold: what is not known is not made up.
    """
    closing = np.ones(panel.units.shape)
    row, column, _ = _recorded(panel, "AND d.available <= 0")
    if not len(row):
        return panel
    closing[row, column] = 0.0
    share = share_in_stock(panel.units, closing)
    if apart is None:
        return replace(restore(replace(panel, in_stock=share)), in_stock=panel.in_stock)
    share[apart] = 0.0  # what was not in stock is no example for other days
    wanted = restore(replace(panel, in_stock=share)).units
    return replace(panel, units=np.where(apart, panel.units, wanted))


def closing_stock(panel: Panel) -> Floats:
    """(n, days) stock of each variant at the end of each day as it was recorded, NaN where it was not."""
    closing = np.full(panel.units.shape, np.nan)
    row, column, available = _recorded(panel, "")
    closing[row, column] = available
    return closing


def _recorded(panel: Panel, which: str) -> tuple[Ints, Ints, Ints]:
    """Row, column and available units of the recorded days of the panel's variants, in one streamed query."""
    found = columns.read(
        f"""
        SELECT v.id, d.day, d.available
        FROM stock_days d
        JOIN variants v ON v.store_id = d.store_id AND v.inventory_item_id = d.inventory_item_id
        WHERE d.day BETWEEN %(first)s AND %(last)s AND v.deleted_at IS NULL AND v.is_tracked {which}
        """,  # noqa: S608  (a constant of this module)
        {"id": "bigint", "day": "date", "available": "bigint"},
        first=panel.first_day,
        last=panel.last_day,
    )
    key, column = found["id"], (found["day"] - np.datetime64(panel.first_day, "D")).astype(np.int64)
    row = np.minimum(np.searchsorted(panel.keys, key), len(panel) - 1)
    known = panel.keys[row] == key
    return row[known], column[known], found["available"][known]
