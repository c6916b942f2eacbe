"""Reorder suggestions as a table, and one of them with its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.platform import db
from app.queries import ledger
from app.queries.ledger import Change, LedgerEntry
from app.queries.paging import MATCHES, PAGE_SIZE, Join, Page, like_escaped, order_by

SORTS = {
    "urgency": "s.urgency_rank, s.order_by NULLS LAST, s.cost_of_waiting DESC NULLS LAST, v.display_name",
    "product": "v.display_name",
    "stock": "s.on_hand - s.committed",
    "demand": "s.expected_demand",
    "quantity": "s.quantity",
    "cost": "s.cost",
    "order_by": "s.order_by",
    "supplier": "u.name",
}


@dataclass(frozen=True)
class SuggestionRow:
    """One line of the table; money in the store's currency."""

    variant_id: int
    product: str
    sku: str
    supplier: str
    available: int
    incoming: int
    expected_demand: float | None
    protection_days: int
    quantity: int
    urgency: str
    order_by: date | None
    stock_out: date | None
    cost: Decimal | None
    cost_of_waiting: Decimal | None
    confidence: str | None
    draft_id: int | None
    draft_number: int | None
    draft_units: int | None
    snoozed_until: date | None
    snooze_reason: str | None


@dataclass(frozen=True)
class SuggestionTable:
    """One page of it."""

    rows: list[SuggestionRow]
    page: Page
    sort: str
    search: str
    show: str


@dataclass(frozen=True)
class SuggestionDetail:
    """All of one product's suggestion."""

    row: SuggestionRow
    on_hand: int
    committed: int
    safety_stock: int | None
    reorder_point: int | None
    target_stock: int | None
    days_of_cover: float | None
    stock_out_early: date | None
    stock_out_late: date | None
    stock_gap: bool
    overstock_units: int
    overstock_value: Decimal | None
    ledger: list[LedgerEntry]
    change: Change | None


_OF_SUGGESTION = "{0}.store_id = s.store_id AND {0}.variant_id = s.variant_id"
_NAMES = Join("v", "variants", "v.store_id = s.store_id AND v.id = s.variant_id", is_inner=True)
_SNOOZES = Join("z", "suggestion_snoozes", _OF_SUGGESTION.format("z"))
# What `suggestions s` is joined with to be shown.
_SHOWN = (
    _NAMES,
    Join("p", "products", "p.store_id = v.store_id AND p.id = v.product_id", is_inner=True),
    Join("f", "forecasts", _OF_SUGGESTION.format("f")),
    Join("t", "variant_settings", _OF_SUGGESTION.format("t")),
    Join("n", "suppliers", "n.store_id = s.store_id AND n.vendor = p.vendor"),
    Join("u", "suppliers", "u.store_id = s.store_id AND u.id = COALESCE(t.supplier_id, n.id)"),
    _SNOOZES,
)
_LOOKED_UP = " ".join(join.by_key for join in _SHOWN)
# The draft is looked up for the rows of the page alone: a column of this cost is worked out after the LIMIT.
_COLUMNS = """
    s.variant_id, s.on_hand, s.committed, s.incoming, s.expected_demand, s.protection_days, s.quantity, s.urgency,
    s.order_by, s.stock_out, s.cost, s.cost_of_waiting,
    v.display_name, v.sku, COALESCE(u.name, p.vendor) AS vendor, f.confidence,
    z.until AS snoozed_until, z.reason AS snooze_reason,
    (SELECT ARRAY[o.id, o.number, l.ordered]
     FROM purchase_order_lines l JOIN purchase_orders o ON o.store_id = l.store_id AND o.id = l.order_id
     WHERE l.store_id = s.store_id AND l.variant_id = s.variant_id AND o.status = 'draft'
     ORDER BY o.id DESC LIMIT 1) AS draft
"""
_WHERE = {
    "order": "s.quantity > 0 AND z.until IS NULL",
    "snoozed": "z.until IS NOT NULL",
    "all": "true",
}


def table(
    *,
    sort: str = "urgency",
    search: str = "",
    show: str = "order",
    page: int = 1,
    size: int = PAGE_SIZE,
    to_order: int | None = None,
) -> SuggestionTable:
    """A page of suggestions: `show` "order" (something to order), "snoozed" or "all". One or two statements.

    `to_order`: how many there are to order, where that is known already; it spares the counting.
    """
    show = show if show in _WHERE else "order"
    held, order = order_by(sort, SORTS, "urgency")
    if search:  # every suggestion is looked at for that, so those that match are counted on the same way
        found = _page(held, order, show=show, search=search, size=size, page=page, total="COUNT(*) OVER ()")
        if found or page == 1:
            place = Page(page, found[0].total if found else 0, size)
            return SuggestionTable([_row(row) for row in found], place, held, search, show)
    total = to_order if to_order is not None and show == "order" and not search else _count(show, search)
    place = Page(min(page, max(1, -(-total // size))), total, size)
    found = _page(held, order, show=show, search=search, size=size, page=place.number)
    return SuggestionTable([_row(row) for row in found], place, held, search, show)


def _page(
    sort: str, order: str, *, show: str, search: str, size: int, page: int, total: str = "NULL"
) -> Sequence[Any]:
    # The page is picked with few tables; only its rows are joined with the rest, so they are named first.
    return db.rows(
        f"""
        WITH picked AS MATERIALIZED (
            SELECT s.variant_id AS id, {total} AS total FROM suggestions s {_tables(sort, show=show, search=search)}
            {_where(show, search)} ORDER BY {order}, s.variant_id LIMIT :limit OFFSET :offset
        )
        SELECT {_COLUMNS}, picked.total FROM picked JOIN suggestions s ON s.variant_id = picked.id {_LOOKED_UP}
        ORDER BY {order}, s.variant_id
        """,  # noqa: S608
        **_like(search),
        limit=size,
        offset=(page - 1) * size,
    )


# Kept totals, less what is snoozed.
_COUNTS = {
    "order": "(SELECT COALESCE(SUM(to_order), 0) FROM suggestion_totals)"
    " - (SELECT COUNT(*) FROM suggestion_snoozes JOIN suggestions USING (store_id, variant_id) WHERE quantity > 0)",
    "snoozed": "(SELECT COUNT(*) FROM suggestion_snoozes JOIN suggestions USING (store_id, variant_id))",
    "all": "(SELECT COALESCE(SUM(products), 0) FROM suggestion_totals)",
}


def _count(show: str, search: str) -> int:
    if not search:
        return int(db.rows(f"SELECT {_COUNTS[show]} AS n")[0].n)
    tables = _tables("", show=show, search=search)
    sql = f"SELECT COUNT(*) AS n FROM suggestions s {tables} {_where(show, search)}"  # noqa: S608
    return int(db.rows(sql, **_like(search))[0].n)


def _where(show: str, search: str) -> str:
    return f"WHERE {_WHERE[show]}" + (f" AND {MATCHES}" if search else "")


def _like(search: str) -> dict[str, str]:
    return {"like": "%" + like_escaped(search) + "%"} if search else {}


def _tables(sort: str, *, show: str, search: str) -> str:
    """What counting, or picking in this order, needs beside `suggestions s`."""
    name = sort.removeprefix("-")
    if name == "supplier":
        return " ".join(join.whole for join in _SHOWN)
    is_named = search or name in ("product", "urgency")
    return f"{_NAMES.whole if is_named else ''} {'' if show == 'all' else _SNOOZES.whole}"


def detail(variant_id: int) -> SuggestionDetail | None:
    """One product's suggestion, None while there is none. One statement."""
    found = db.rows(
        f"""
        SELECT {_COLUMNS}, s.safety_stock, s.reorder_point, s.target_stock, s.days_of_cover, s.stock_out_early,
               s.stock_out_late, s.stock_gap, s.overstock_units, s.overstock_value, s.ledger, s.change
        FROM suggestions s {_LOOKED_UP} WHERE s.variant_id = :id
        """,  # noqa: S608
        id=variant_id,
    )
    if not found:
        return None
    row = found[0]
    lines = [ledger.entry(**line) for line in row.ledger]
    change = row.change and ledger.change(**row.change)
    return db.made(SuggestionDetail, row, row=_row(row), ledger=lines, change=change)


def planned_at() -> datetime | None:
    """When the newest plan was made. One statement."""
    found: datetime | None = db.rows("SELECT MAX(made_at) AS at FROM suggestions")[0].at
    return found


def _row(row: Any) -> SuggestionRow:
    draft_id, draft_number, draft_units = row.draft or (None, None, None)
    return db.made(
        SuggestionRow,
        row,
        product=row.display_name,
        supplier=row.vendor,
        available=row.on_hand - row.committed,
        draft_id=draft_id,
        draft_number=draft_number,
        draft_units=draft_units,
    )
