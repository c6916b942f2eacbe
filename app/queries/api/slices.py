"""One page of rows whose columns are named as the fields of an answer"""

from __future__ import annotations

from typing import Any

from app.platform import db
from app.queries.paging import like_escaped


def slice_of(columns: str, tables: str, order: str, page: int, size: int, **values: Any) -> dict[str, Any]:
    """`total` of all rows and the `items` of one page. Two statements. The SQL is ours, never a visitor's."""
    total = db.rows(f"SELECT COUNT(*) AS n {tables}", **values)[0].n
    found = db.rows(
        f"SELECT {columns} {tables} ORDER BY {order} LIMIT :size OFFSET :skipped",
        **values,
        size=size,
        skipped=(page - 1) * size,
    )
    return {"total": total, "items": [row._asdict() for row in found]}


def likes(text: str) -> dict[str, str]:
    """The values of a search for part of a name."""
    return {"search": text, "like": "%" + like_escaped(text) + "%"}
