"""All that is stored of one store as a ZIP of CSV files, one for each table"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import LargeBinary, Table

from app.models.reports import ReportPart
from app.platform import db
from app.platform.spreadsheets import Counted, as_csv
from app.platform.tenancy import StoreScoped
from app.services import reports

# Sealed secrets are of no use to anybody but us; files and columns that are made from the data are the data again.
_LEFT_OUT = ("url_sealed", "secret_sealed")
_FILES = ReportPart.__tablename__
# A row may hold hundreds of numbers.
_BATCH = 200


def make(report_id: int, *, today: date, now: datetime) -> None:
    """Make a requested export in bounded memory; a second call changes nothing."""
    report = reports.wanted(report_id)
    if report is None:
        return
    parts = reports.Parts(report_id)
    rows = _archive(parts)
    filename = f"fluxor-data-{today.isoformat()}.zip"
    reports.finish(report, parts, rows=rows, filename=filename, now=now)


def tables() -> list[Table]:
    """Every table that holds data of one store, by name."""
    found = (
        mapper.local_table for mapper in db.Base.registry.mappers if issubclass(mapper.class_, StoreScoped)
    )
    return sorted((table for table in found if isinstance(table, Table)), key=lambda table: table.name)


def _archive(parts: reports.Parts) -> int:
    count = 0
    with zipfile.ZipFile(parts, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in tables():
            if table.name != _FILES:
                count += _add(archive, table)
    return count


def _add(archive: zipfile.ZipFile, table: Table) -> int:
    names = [c.name for c in table.columns if c.computed is None and _is_told(c.name, c.type)]
    rows = Counted(_rows(table.name, names))
    # How long a table is shows only at its end: without the wide form of sizes one beyond 2 GiB would fail.
    with archive.open(f"{table.name}.csv", "w", force_zip64=True) as file:
        for written in as_csv(names, rows, mark=""):
            file.write(written)
    return rows.count


def _is_told(name: str, kind: Any) -> bool:
    return name not in _LEFT_OUT and not isinstance(kind, LargeBinary)


def _rows(table: str, names: list[str]) -> Iterator[list[Any]]:
    # Both names come from our own models, never from a request.
    chosen = ", ".join(f'"{name}"' for name in names)
    for row in db.stream(f'SELECT {chosen} FROM "{table}"', batch=_BATCH):  # noqa: S608
        yield [_cell(value) for value in row]


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else value
