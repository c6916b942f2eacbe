"""The merchant's settings of many products at once: what a change would touch, and the change itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.forecasts import MAX_DAYS
from app.platform import db
from app.services import audit

NAMES = ("supplier_id", "lead_time_days", "moq", "case_size", "low_stock_threshold")
MOST_IN_AUDIT = 1000


@dataclass(frozen=True)
class Effect:
    """What a change of many would do: products chosen and changed, changed ones by field, and too slow ones."""

    chosen: int
    changed: int
    by_field: Mapping[str, int]
    too_slow: int


def effect(ids: Sequence[int], changes: Mapping[str, Any]) -> Effect:
    """What `change` with the same arguments would do. `changes` maps names of NAMES to values, None inherits.

    `too_slow`: products whose lead time and days between orders would come to over 180 days, more than can be
    forecast. One statement.
    """
    differs = {name: f"t.{name} IS DISTINCT FROM {_value(name)}" for name in changes}
    counts = ", ".join(f"COUNT(*) FILTER (WHERE {sql}) AS {name}" for name, sql in differs.items())
    lead = _value("lead_time_days") if changes.get("lead_time_days") is not None else "NULL"
    with db.by_whole_tables():
        row = db.rows(
            f"""
            SELECT COUNT(*) AS chosen, COUNT(*) FILTER (WHERE {" OR ".join(differs.values())}) AS changed,
                   COUNT(*) FILTER (WHERE {lead} + COALESCE(t.review_days, u.review_days, g.review_days)
                                          > {MAX_DAYS}) AS too_slow, {counts}
            FROM variants v
            JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
            JOIN store_settings g ON g.store_id = v.store_id
            LEFT JOIN variant_settings t ON t.store_id = v.store_id AND t.variant_id = v.id
            LEFT JOIN suppliers n ON n.store_id = p.store_id AND n.vendor = p.vendor
            LEFT JOIN suppliers u ON u.store_id = p.store_id AND u.id = COALESCE(t.supplier_id, n.id)
            WHERE v.id = ANY(:ids) AND v.deleted_at IS NULL
            """,  # noqa: S608  (names of NAMES)
            ids=list(ids),
            **changes,
        )[0]
    by_field = {name: int(getattr(row, name)) for name in changes}
    return Effect(int(row.chosen), int(row.changed), by_field, int(row.too_slow))


def change(ids: Sequence[int], changes: Mapping[str, Any], *, actor: str, now: datetime) -> list[int]:
    """Change the settings of many products; returns those that changed. Settings not named stay as they are."""
    columns, values = ", ".join(changes), ", ".join(_value(name) for name in changes)
    changed = db.rows(
        f"""
        INSERT INTO variant_settings AS t (store_id, variant_id, updated_at, {columns})
        SELECT v.store_id, v.id, :now, {values} FROM variants v
        LEFT JOIN variant_settings old ON old.store_id = v.store_id AND old.variant_id = v.id
        WHERE v.id = ANY(:ids) AND v.deleted_at IS NULL
          AND ({" OR ".join(f"old.{name} IS DISTINCT FROM {_value(name)}" for name in changes)})
        ON CONFLICT (store_id, variant_id) DO UPDATE
        SET updated_at = EXCLUDED.updated_at, {", ".join(f"{name} = EXCLUDED.{name}" for name in changes)}
        WHERE {" OR ".join(f"t.{name} IS DISTINCT FROM EXCLUDED.{name}" for name in changes)}
        RETURNING t.variant_id
        """,  # noqa: S608  (names of NAMES)
        ids=list(ids),
        now=now,
        **changes,
    )
    found = sorted(row.variant_id for row in changed)
    if found:
        audit.record(
            actor=actor,
            action="variant.settings_changed_in_bulk",
            products=len(found),
            variant_ids=found[:MOST_IN_AUDIT],
            changes=dict(changes),
        )
    return found


def _value(name: str) -> str:
    # Names are ours (NAMES); the cast is what lets a bound NULL stand beside them.
    return f"CAST(:{name} AS bigint)"
