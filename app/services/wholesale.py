"""Wholesale: one-off large orders found in the order lines, kept apart unless the merchant counts them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from app.domain.demand import Panel
from app.domain.demand.wholesale import LEAST_UNITS, one_off
from app.models.sales import WholesaleLine
from app.platform import columns, copying, db
from app.services import audit, settling, stores


class LineNotFound(LookupError):
    """The product has no such order line that was recognised as wholesale."""


# Only products of which somebody once ordered many at a time can have such lines: the others are not read.
_LINES = """
    SELECT l.id, COALESCE(m.new_variant_id, l.variant_id),
           (o.processed_at AT TIME ZONE %(zone)s)::date, l.units::float8
    FROM order_lines l
    JOIN orders o ON o.store_id = l.store_id AND o.id = l.order_id
    LEFT JOIN variant_merges m ON m.store_id = l.store_id AND m.old_variant_id = l.variant_id
        AND m.status = 'accepted'
    WHERE o.cancelled_at IS NULL AND NOT o.is_test AND NOT l.is_gift_card AND l.units > 0
      AND l.variant_id IN (SELECT variant_id FROM order_lines WHERE units >= %(least)s)
"""
_KINDS = {"id": "bigint", "variant_id": "bigint", "day": "date", "units": "double"}


def recognise(panel: Panel) -> int:
    """Look at the order lines of the panel's days anew; returns how many are held to be one-off wholesale.

    What the merchant has decided on a line stays, and so does a line that was decided on.
    """
    found = columns.read(_LINES, _KINDS, zone=stores.time_zone(), least=LEAST_UNITS)
    inside = (found["day"] >= np.datetime64(panel.first_day)) & (
        found["day"] <= np.datetime64(panel.last_day)
    )
    found = {name: values[inside] for name, values in found.items()}
    if len(found["id"]):
        marked, usual = one_off(found["variant_id"], found["units"], days=panel.days)
    else:
        marked, usual = np.zeros(0, dtype=bool), np.zeros(0)
    rows = zip(
        found["id"][marked].tolist(),
        found["variant_id"][marked].tolist(),
        found["day"][marked].astype(object).tolist(),
        found["units"][marked].astype(int).tolist(),
        usual[marked].tolist(),
        strict=True,
    )
    db.execute(
        "DELETE FROM wholesale_lines WHERE decided_by = '' AND line_id <> ALL(:kept)",
        kept=found["id"][marked].tolist(),
    )
    copying.upsert(
        WholesaleLine, ("line_id", "variant_id", "day", "units", "usual_units"), rows, key=["line_id"]
    )
    return int(marked.sum())


def kept_apart(panel: Panel) -> Panel:
    """The panel without the units of lines that are kept apart."""
    found = db.rows(
        "SELECT variant_id, day, SUM(units) AS units FROM wholesale_lines"
        " WHERE NOT is_counted AND day BETWEEN :first AND :last GROUP BY variant_id, day",
        first=panel.first_day,
        last=panel.last_day,
    )
    if not found:
        return panel
    key = np.asarray([row.variant_id for row in found])
    row = np.minimum(np.searchsorted(panel.keys, key), len(panel) - 1)
    known = panel.keys[row] == key
    column = np.asarray([(one.day - panel.first_day).days for one in found])
    units = panel.units.copy()
    units[row[known], column[known]] -= np.asarray([float(one.units) for one in found])[known]
    return replace(panel, units=units)


def facts(variant_ids: Sequence[int]) -> Mapping[int, dict[str, int]]:
    """Orders and units kept apart in all, by variant, for the ledger."""
    found = db.rows(
        "SELECT variant_id, COUNT(*) AS orders, SUM(units) AS units FROM wholesale_lines"
        " WHERE NOT is_counted AND variant_id = ANY(:ids) GROUP BY variant_id",
        ids=list(variant_ids),
    )
    return {row.variant_id: {"large_orders": int(row.orders), "large_units": int(row.units)} for row in found}


def decide(variant_id: int, line_id: int, *, is_counted: bool, actor: str) -> None:
    """Count a line as demand like any other, or keep it apart. Raises LineNotFound."""
    changed = db.execute(
        "UPDATE wholesale_lines SET is_counted = :counted, decided_by = :actor"
        " WHERE line_id = :line AND variant_id = :variant",
        counted=is_counted,
        actor=actor,
        line=line_id,
        variant=variant_id,
    )
    if not changed:
        raise LineNotFound
    settling.forget([variant_id])
    audit.record(
        actor=actor,
        action="wholesale.decided",
        variant_id=variant_id,
        line_id=line_id,
        is_counted=is_counted,
    )
