"""All that is stored of one store as a ZIP of CSV files, one for each table"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import LargeBinary, Table, select

from app.models.reports import Report
from app.platform import db
from app.platform.formats import harmless
from app.platform.tenancy import StoreScoped

# Sealed secrets are of no use to anybody but us; files and columns that are made from the data are the data again.
_LEFT_OUT = ("url_sealed", "secret_sealed")


def make(report_id: int, *, today: date, now: datetime) -> None:
    """Make a requested export; a second call changes nothing."""
    report = db.session().execute(select(Report).where(Report.id == report_id)).scalar_one_or_none()
    if report is None or report.status == "done":
        return
    report.content, report.rows = _archive()
    report.filename = f"fluxor-data-{today.isoformat()}.zip"
    report.status, report.finished_at = "done", now


def tables() -> list[Table]:
    """Every table that holds data of one store, by name."""
    found = (
        mapper.local_table for mapper in db.Base.registry.mappers if issubclass(mapper.class_, StoreScoped)
    )
    return sorted((table for table in found if isinstance(table, Table)), key=lambda table: table.name)


def _archive() -> tuple[bytes, int]:
    buffer, count = io.BytesIO(), 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in tables():
            names = [c.name for c in table.columns if c.computed is None and _is_told(c.name, c.type)]
            with archive.open(f"{table.name}.csv", "w") as file:
                text = io.TextIOWrapper(file, encoding="utf-8", newline="")
                writer = csv.writer(text, lineterminator="\r\n")
                writer.writerow(names)
                for row in _rows(table.name, names):
                    writer.writerow(row)
                    count += 1
                text.flush()
    return buffer.getvalue(), count


def _is_told(name: str, kind: Any) -> bool:
    return name not in _LEFT_OUT and not isinstance(kind, LargeBinary)


def _rows(table: str, names: list[str]) -> Iterator[list[Any]]:
    # Both names come from our own models, never from a request.
    chosen = ", ".join(f'"{name}"' for name in names)
    for row in db.stream(f'SELECT {chosen} FROM "{table}"'):  # noqa: S608
        yield [_cell(value) for value in row]


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return harmless(value)
