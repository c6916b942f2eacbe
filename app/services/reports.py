"""Reports: asked for by a member, made by a job, downloaded through a link that expires."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.models.reports import Report
from app.platform import db
from app.platform.formats import harmless
from app.platform.i18n import gettext
from app.queries import accuracy
from app.services import audit

KINDS = ("inventory", "forecast", "reorder", "accuracy", "sales")
# Not one of the reports: it holds everything, so that it is the owner's alone.
EXPORT = "export"
# The first columns are the same in every report, so that a merchant's spreadsheet can rely on them.
_FIRST = ("product_name", "sku", "current_stock", "predicted_demand")
_HORIZON = 28


class ReportNotFound(LookupError):
    """The current store has no such report, or it is not ready."""


@dataclass(frozen=True)
class File:
    """A finished report."""

    filename: str
    content: bytes


def request(kind: str, *, actor: str, now: datetime) -> int:
    """Note that a report, or an export of all data, is wanted; returns its id."""
    if kind not in (*KINDS, EXPORT):
        raise ValueError(f"There is no report {kind!r}; choose one of {', '.join(KINDS)}.")
    report = Report(kind=kind, requested_by=actor, created_at=now)
    db.session().add(report)
    db.session().flush()
    audit.record(actor=actor, action="report.requested", kind=kind, report_id=report.id)
    return report.id


def make(report_id: int, *, today: date, now: datetime) -> None:
    """Make a requested report; a second call changes nothing."""
    report = db.session().execute(select(Report).where(Report.id == report_id)).scalar_one_or_none()
    if report is None or report.status == "done":
        return
    header, rows = _COLUMNS[report.kind], _rows(report.kind, today)
    content, count = _csv((*_FIRST, *header), rows)
    report.content, report.rows = content, count
    report.filename = f"fluxor-{report.kind}-{today.isoformat()}.csv"
    report.status, report.finished_at = "done", now


def record_forecasts(*, today: date) -> int:
    """Note what the models expect of the coming days, and within which range in 8 of 10 cases, once a week a
    product; returns how many were noted.

    A merchant's own number is none of theirs: while it holds nothing is noted.
    """
    return db.execute(
        """
        INSERT INTO forecast_records (store_id, variant_id, origin, days, units, low, high, model)
        SELECT f.store_id, f.variant_id, f.origin, :days,
               (SELECT SUM(d) FROM unnest(f.daily_mean[1:CAST(:days AS integer)]) AS d),
               f.sum_quantiles[at.row + array_position(f.grid_q, 0.1)],
               f.sum_quantiles[at.row + array_position(f.grid_q, 0.9)], f.model
        FROM forecasts f
        CROSS JOIN LATERAL (
            SELECT (array_position(f.grid_days, CAST(:days AS integer)) - 1) * cardinality(f.grid_q) AS row
        ) at
        WHERE cardinality(f.daily_mean) >= :days AND f.refused_until IS NULL AND f.model_numbers IS NULL
            AND NOT EXISTS (
            SELECT 1 FROM forecast_records r WHERE r.store_id = f.store_id AND r.variant_id = f.variant_id
                AND r.origin > CAST(:today AS date) - 8)
        ON CONFLICT DO NOTHING
        """,
        days=_HORIZON,
        today=today,
    )


def fail(report_id: int, *, reason: str, now: datetime) -> None:
    """Note that a report cannot be made."""
    db.execute(
        "UPDATE reports SET status = 'failed', error = :reason, finished_at = :now WHERE id = :id",
        id=report_id,
        reason=reason,
        now=now,
    )


def file(report_id: int, *, is_export: bool = False) -> File:
    """A finished report's content, or an export's where one is asked for. Raises ReportNotFound."""
    is_kind = Report.kind == EXPORT if is_export else Report.kind != EXPORT
    report = (
        db.session()
        .execute(select(Report).where(Report.id == report_id, Report.status == "done", is_kind))
        .scalar_one_or_none()
    )
    if report is None or report.content is None:
        raise ReportNotFound(gettext("This report does not exist or is not ready."))
    return File(report.filename, report.content)


_BASE = """
    SELECT v.display_name AS product_name, v.sku, COALESCE(l.available, 0) AS current_stock,
           (SELECT round(SUM(d)::numeric, 1) FROM unnest(f.daily_mean) AS d) AS predicted_demand, {columns}
    FROM variants v
    JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
    LEFT JOIN stock_totals l ON l.store_id = v.store_id AND l.inventory_item_id = v.inventory_item_id
    LEFT JOIN forecasts f ON f.store_id = v.store_id AND f.variant_id = v.id
    LEFT JOIN suggestions s ON s.store_id = v.store_id AND s.variant_id = v.id
    {join}
    WHERE v.deleted_at IS NULL AND p.deleted_at IS NULL {where}
    ORDER BY {order}
"""
_COLUMNS: dict[str, tuple[str, ...]] = {
    "inventory": ("vendor", "on_hand", "committed", "incoming", "unit_cost", "stock_value"),
    "forecast": ("horizon_days", "model", "confidence", "demand_class", "stock_out_date"),
    "reorder": (
        "vendor",
        "reorder_quantity",
        "urgency",
        "order_by",
        "cost",
        "target_stock",
        "safety_stock",
        "on_hand",
        "committed",
        "incoming",
    ),
    "accuracy": (
        "from_day",
        "to_day",
        "forecast_units",
        "sold_units",
        "error_units",
        "error_percent",
        "model",
        "low_units",
        "high_units",
        "within_range",
        "average_units",
        "average_error_units",
        "average_error_percent",
    ),
    "sales": ("day", "units", "revenue"),
}
# The same comparisons as on a product's page and in the API, at most of the last half year.
_ACCURACY = (
    f"JOIN ({accuracy.COMPARED} AND {accuracy.IS_OVER}) a ON a.store_id = v.store_id AND a.variant_id = v.id"
)
_OF_SOLD = "round((100 * ({} - a.sold) / NULLIF(GREATEST(a.sold, 0), 0))::numeric, 1)"
_PARTS = {
    "accuracy": (
        "a.first, a.last, round(a.forecast::numeric, 2), a.sold, round((a.forecast - a.sold)::numeric, 2),"
        f" {_OF_SOLD.format('a.forecast')}, a.model, round(a.low::numeric, 2), round(a.high::numeric, 2),"
        " CAST(a.sold BETWEEN a.low AND a.high AS integer), round(a.average::numeric, 2),"
        f" round((a.average - a.sold)::numeric, 2), {_OF_SOLD.format('a.average')}",
        _ACCURACY,
        "",
        "a.first DESC, v.display_name, v.id",
    ),
    "inventory": (
        "p.vendor, COALESCE(l.on_hand, 0), COALESCE(l.committed, 0), COALESCE(l.incoming, 0), v.unit_cost,"
        " round(COALESCE(l.on_hand, 0) * v.unit_cost, 2)",
        "",
        "",
        "v.display_name, v.id",
    ),
    "forecast": (
        f"{_HORIZON}, f.model, f.confidence, f.demand_class, s.stock_out",
        "",
        "AND f.variant_id IS NOT NULL",
        "v.display_name, v.id",
    ),
    "reorder": (
        "p.vendor, s.quantity, s.urgency, s.order_by, s.cost, s.target_stock, s.safety_stock, s.on_hand,"
        " s.committed, s.incoming",
        "",
        "AND s.quantity > 0",
        "s.urgency_rank, s.order_by NULLS LAST, v.id",
    ),
    "sales": (
        "a.day, a.units, a.revenue",
        "JOIN daily_sales a ON a.store_id = v.store_id AND a.variant_id = v.id",
        "",
        "a.day, v.id",
    ),
}


def _rows(kind: str, today: date) -> Iterator[Sequence[Any]]:
    columns, join, where, order = _PARTS[kind]
    yield from db.stream(_BASE.format(columns=columns, join=join, where=where, order=order), today=today)


def _csv(header: Sequence[str], rows: Iterator[Sequence[Any]]) -> tuple[bytes, int]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow([harmless(value) for value in row])
        count += 1
    # The mark lets spreadsheets read UTF-8 names right.
    return ("\ufeff" + buffer.getvalue()).encode(), count
