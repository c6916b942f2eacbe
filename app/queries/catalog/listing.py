"""The product list: one page of what search and filters pick, and all of it for the CSV and for changes of many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from app.platform import db
from app.queries.catalog import filters
from app.queries.catalog.columns import COLUMNS, DEFAULT, SORTS, chosen
from app.queries.catalog.filters import Filter
from app.queries.paging import PAGE_SIZE, Page, order_by

LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Asked:
    """What the list is asked to show: everything that a saved view keeps."""

    search: str = ""
    filters: tuple[Filter, ...] = ()
    sort: str = "product"
    columns: tuple[str, ...] = DEFAULT

    def query(self, **changed: Any) -> dict[str, Any]:
        """As parameters of a link, with some of it changed; what is usual is left out."""
        asked = replace(self, **changed)
        return {
            "search": asked.search,
            "is": [one.text for one in asked.filters if not one.is_not],
            "not": [one.text for one in asked.filters if one.is_not],
            "sort": "" if asked.sort == "product" else asked.sort,
            "columns": "" if asked.columns == DEFAULT else ",".join(asked.columns),
        }

    def without(self, one: Filter) -> dict[str, Any]:
        """As parameters of a link, without one of the filters."""
        return self.query(filters=tuple(other for other in self.filters if other != one))

    @property
    def is_plain(self) -> bool:
        """Whether nothing is filtered or searched."""
        return not self.search and not self.filters


def read(values: Mapping[str, str], is_: Sequence[str], not_: Sequence[str]) -> Asked:
    """What a query string or form asks for; what makes no sense is left out. `columns` may be many or `a,b`."""
    sort, _ = order_by(values.get("sort", "product"), SORTS, "product")
    return Asked(
        search=values.get("search", "").replace("\0", "").strip()[:LONGEST_SEARCH],
        filters=tuple(filters.read(is_, not_)),
        sort=sort,
        columns=chosen(values.get("columns", "").split(",")),
    )


@dataclass(frozen=True)
class ProductRow:
    """One line: `values` by the names of the columns asked for."""

    variant_id: int
    product: str
    sku: str
    status: str
    is_tracked: bool
    incoming: int
    protection_days: int | None
    confidence: str | None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ProductTable:
    """One page of the list."""

    rows: list[ProductRow]
    page: Page
    asked: Asked


def table(asked: Asked, *, today: date, page: int = 1) -> ProductTable:
    """A page of the products that exist in Shopify. One or two statements.

    The page's variants are picked first, with as few tables as that needs; only they are joined with the rest.
    What is filtered or searched is counted on the same way, since every product has to be looked at for that.
    """
    if not asked.is_plain:
        found = _page(asked, today, page, counted=True)
        if found or page == 1:
            total = int(found[0].total) if found else 0
            return ProductTable([_row(row, asked.columns) for row in found], Page(page, total), asked)
    total = count(asked, today=today)
    place = Page(min(page, max(1, -(-total // PAGE_SIZE))), total)
    rows = _page(asked, today, place.number) if total else []
    return ProductTable([_row(row, asked.columns) for row in rows], place, asked)


_SHOWN = "shown_"  # before the names of columns that were asked for, which may be those of a row's own fields
_ROW = """
    v.id AS variant_id, v.display_name AS product, v.sku, p.status, v.is_tracked, s.protection_days,
    COALESCE(l.incoming, 0) AS incoming, f.confidence
"""


_ROW_NEEDS = "pslf"


def _needs(name: str) -> str:
    """The tables that a column, or the order by it, needs."""
    return COLUMNS[name].needs if name in COLUMNS else ""


def _page(asked: Asked, today: date, page: int, *, counted: bool = False) -> Sequence[Any]:
    picked, order, values = _picked(asked, counted=counted)
    shown = ", ".join(f'{COLUMNS[name].sql} AS "{_SHOWN}{name}"' for name in asked.columns)
    sorted_by = asked.sort.removeprefix("-")
    needs = {*_ROW_NEEDS, *(table for name in (*asked.columns, sorted_by) for table in _needs(name))}
    return db.rows(
        f"""
        WITH picked AS MATERIALIZED ({picked} LIMIT :limit OFFSET :offset)
        SELECT {_ROW}, picked.total, {shown}
        FROM picked JOIN variants v ON v.id = picked.id
        {filters.joins(needs, by_key=True)} ORDER BY {order}
        """,  # noqa: S608  (names and SQL of our own tables of columns and filters)
        **values,
        today=today,
        limit=PAGE_SIZE,
        offset=(page - 1) * PAGE_SIZE,
    )


def count(asked: Asked, *, today: date) -> int:
    """How many products search and filters pick. One statement."""
    picks = filters.condition(list(asked.filters), asked.search)
    sql = f"SELECT COUNT(*) AS n FROM variants v {filters.joins(picks.needs)} WHERE {picks.sql}"  # noqa: S608
    return int(db.rows(sql, **picks.values, **_today(picks.needs, today))[0].n)


def ids(asked: Asked, *, today: date) -> list[int]:
    """All variants that search and filters pick. One statement."""
    picks = filters.condition(list(asked.filters), asked.search)
    sql = f"SELECT v.id FROM variants v {filters.joins(picks.needs)} WHERE {picks.sql}"  # noqa: S608
    return [row.id for row in db.rows(sql, **picks.values, **_today(picks.needs, today))]


def lines(asked: Asked, *, today: date) -> Iterator[Sequence[Any]]:
    """Every row of the list as it stands on screen: name, SKU, then the columns asked for. Streamed."""
    picks = filters.condition(list(asked.filters), asked.search)
    _, order = order_by(asked.sort, SORTS, "product")
    shown = ", ".join(COLUMNS[name].sql for name in asked.columns)
    yield from db.stream(
        f"SELECT v.display_name, v.sku, {shown} FROM variants v {filters.joins('pgtnuslzof')}"  # noqa: S608
        f" WHERE {picks.sql} ORDER BY {order}, v.id",
        **picks.values,
        today=today,
    )


def _picked(asked: Asked, *, counted: bool) -> tuple[str, str, dict[str, Any]]:
    picks = filters.condition(list(asked.filters), asked.search)
    _, by = order_by(asked.sort, SORTS, "product")
    order = f"{by}, v.id"
    needs = picks.needs | set(_needs(asked.sort.removeprefix("-")))
    total = "COUNT(*) OVER ()" if counted else "NULL"
    sql = (
        f"SELECT v.id, {total} AS total FROM variants v {filters.joins(needs)}"  # noqa: S608
        f" WHERE {picks.sql} ORDER BY {order}"
    )
    return sql, order, dict(picks.values)


def _today(needs: frozenset[str], today: date) -> dict[str, date]:
    return {"today": today} if "o" in needs else {}


def _row(row: Any, columns: Sequence[str]) -> ProductRow:
    return db.made(ProductRow, row, values={name: row._mapping[_SHOWN + name] for name in columns})
