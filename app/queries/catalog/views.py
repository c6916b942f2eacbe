"""Saved views of the product list, and the values that its filters offer."""

from __future__ import annotations

from dataclasses import dataclass

from app.platform import db

MOST_VALUES = 500


@dataclass(frozen=True)
class SavedView:
    """A saved view as its tab shows it; `query` is the query string of the list."""

    id: int
    name: str
    query: str
    is_shared: bool


def views(member_id: int) -> list[SavedView]:
    """The shared views and the member's own. One statement."""
    found = db.rows(
        "SELECT id, name, query, member_id IS NULL AS is_shared FROM product_views"
        " WHERE member_id IS NULL OR member_id = :member ORDER BY lower(name), id",
        member=member_id,
    )
    return [SavedView(**row._asdict()) for row in found]


_VALUES = {
    "supplier": "SELECT id::text AS value, name AS words FROM suppliers ORDER BY lower(name), id LIMIT :most",
    "vendor": "SELECT DISTINCT vendor AS value, vendor AS words FROM products WHERE deleted_at IS NULL"
    " AND vendor <> '' ORDER BY vendor LIMIT :most",
    "type": "SELECT DISTINCT product_type AS value, product_type AS words FROM products"
    " WHERE deleted_at IS NULL AND product_type <> '' ORDER BY product_type LIMIT :most",
}


def values(field: str) -> list[tuple[str, str]]:
    """(value, words) of a filter's field that takes what the store holds; at most MOST_VALUES. One statement."""
    if field not in _VALUES:
        return []
    return [(row.value, row.words) for row in db.rows(_VALUES[field], most=MOST_VALUES)]


def supplier_names(ids: list[int]) -> dict[int, str]:
    """The names of suppliers that filters name. One statement."""
    if not ids:
        return {}
    return {
        row.id: row.name for row in db.rows("SELECT id, name FROM suppliers WHERE id = ANY(:ids)", ids=ids)
    }
