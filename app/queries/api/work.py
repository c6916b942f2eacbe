"""What is done in the background, as the JSON API lists it: reports, runs of the sync, imports, overrides"""

from __future__ import annotations

from datetime import date
from typing import Any

from app.queries.api.slices import slice_of
from app.queries.imports import TABLES, WORK_STATUS
from app.words.failures import said


def reports(*, page: int, size: int) -> dict[str, Any]:
    """Reports, newest first."""
    found = slice_of(
        "id, kind, status, filename, rows, error, requested_by, created_at AS timestamp, finished_at",
        "FROM reports WHERE kind <> 'export'",
        "created_at DESC, id DESC",
        page,
        size,
    )
    return _failures_said(found)


def sync_runs(*, page: int, size: int) -> dict[str, Any]:
    """Runs of the sync, newest first, with how much each stored."""
    found = slice_of(
        "id, kind, status, stage, done, error, started_at, finished_at",
        "FROM sync_runs",
        "started_at DESC, id DESC",
        page,
        size,
    )
    for item in found["items"]:
        counts = item.pop("done") or {}
        item["counts"] = {name: count for name, count in counts.items() if isinstance(count, int)}
    return _failures_said(found)


def imports(*, page: int, size: int) -> dict[str, Any]:
    """Files that were brought, newest first, without their rows."""
    found = slice_of(
        "i.id, i.kind, i.filename, i.status, COALESCE(i.content -> 'columns', '[]'::jsonb) AS columns, i.mapping,"
        " i.answers, i.summary, i.actor, i.created_at AS timestamp, i.applied_at, i.undone_at, i.work,"
        f" {WORK_STATUS}, i.rows, i.rows_done, i.error",
        f"FROM {TABLES}",
        "i.created_at DESC, i.id DESC",
        page,
        size,
    )
    return _failures_said(found)


def overrides(*, show: str, product_id: int | None, today: date, page: int, size: int) -> dict[str, Any]:
    """Overrides, newest first: `open` (those that hold today) or `all`."""
    where = {"open": "o.ended_at IS NULL AND o.until >= :today", "all": "true"}[show]
    return slice_of(
        "o.id, o.variant_id AS product_id, v.display_name AS product_name, v.sku, o.kind,"
        " o.value::float AS value, o.starts_on, o.until, o.reason, o.actor, o.created_at AS timestamp,"
        " o.ended_at, o.ended_at IS NULL AND o.until >= :today AS holds",
        "FROM forecast_overrides o JOIN variants v ON v.store_id = o.store_id AND v.id = o.variant_id"
        f" WHERE {where} AND (CAST(:product AS bigint) IS NULL OR o.variant_id = :product)",
        "o.id DESC",
        page,
        size,
        product=product_id,
        today=today,
    )


def _failures_said(found: dict[str, Any]) -> dict[str, Any]:
    for item in found["items"]:
        item["error"] = said(item["error"])
    return found
