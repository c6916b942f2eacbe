"""Products: the searchable list, and one product with its stock at each location and its own settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.platform import db
from app.queries.paging import PAGE_SIZE, Page, like_escaped, order_by

SORTS = {
    "product": "v.display_name",
    "sku": "v.sku",
    "supplier": "p.vendor",
    "stock": "COALESCE(l.available, 0)",
    "demand": "s.expected_demand",
    "price": "v.price",
}


@dataclass(frozen=True)
class ProductRow:
    """One line of the list."""

    variant_id: int
    product: str
    sku: str
    supplier: str
    status: str
    available: int
    incoming: int
    price: Decimal | None
    expected_demand: float | None
    protection_days: int | None
    urgency: str | None
    is_tracked: bool


@dataclass(frozen=True)
class ProductTable:
    """One page of it."""

    rows: list[ProductRow]
    page: Page
    sort: str
    search: str


@dataclass(frozen=True)
class StockAt:
    """Stock at one location."""

    location: str
    is_active: bool
    available: int
    on_hand: int
    committed: int
    incoming: int
    updated_at: datetime


@dataclass(frozen=True)
class ProductDetail:
    """One product (variant). Settings are None where they are inherited."""

    variant_id: int
    product_id: int
    name: str
    sku: str
    barcode: str
    supplier: str
    status: str
    price: Decimal | None
    unit_cost: Decimal | None
    is_tracked: bool
    deleted_at: datetime | None
    stock: list[StockAt]
    low_stock_threshold: int | None
    lead_time_days: int | None
    moq: int | None
    case_size: int | None
    engine: str | None


_LEVELS = """
    LEFT JOIN (
        SELECT store_id, inventory_item_id, SUM(available) AS available, SUM(incoming) AS incoming
        FROM inventory_levels WHERE is_active GROUP BY store_id, inventory_item_id
    ) l ON l.store_id = v.store_id AND l.inventory_item_id = v.inventory_item_id
"""


def table(*, sort: str = "product", search: str = "", page: int = 1) -> ProductTable:
    """A page of the products that exist in Shopify. Two statements."""
    held, order = order_by(sort, SORTS, "product")
    where = (
        "WHERE v.deleted_at IS NULL AND (:search = '' OR v.display_name ILIKE :like OR v.sku ILIKE :like"
        " OR v.barcode = :search OR p.vendor ILIKE :like)"
    )
    likes = {"search": search, "like": "%" + like_escaped(search) + "%"}
    joined = "FROM variants v JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id"
    total = db.rows(f"SELECT COUNT(*) AS n {joined} {where}", **likes)[0].n
    place = Page(min(page, max(1, -(-total // PAGE_SIZE))), total)
    found = db.rows(
        "SELECT v.id, v.display_name, v.sku, p.vendor, p.status, v.price, v.is_tracked,"
        " COALESCE(l.available, 0) AS available, COALESCE(l.incoming, 0) AS incoming,"
        " s.expected_demand, s.protection_days, s.urgency"
        f" {joined} {_LEVELS}"
        " LEFT JOIN suggestions s ON s.store_id = v.store_id AND s.variant_id = v.id"
        f" {where} ORDER BY {order}, v.id LIMIT :limit OFFSET :offset",
        **likes,
        limit=place.size,
        offset=(place.number - 1) * place.size,
    )
    rows = [
        ProductRow(
            variant_id=row.id,
            product=row.display_name,
            sku=row.sku,
            supplier=row.vendor,
            status=row.status,
            available=int(row.available),
            incoming=int(row.incoming),
            price=row.price,
            expected_demand=row.expected_demand,
            protection_days=row.protection_days,
            urgency=row.urgency,
            is_tracked=row.is_tracked,
        )
        for row in found
    ]
    return ProductTable(rows, place, held, search)


def detail(variant_id: int) -> ProductDetail | None:
    """One product, None when this store has no such one. Two statements."""
    found = db.rows(
        """
        SELECT v.*, p.vendor, p.status, t.low_stock_threshold, t.lead_time_days, t.moq, t.case_size, t.engine
        FROM variants v JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
        LEFT JOIN variant_settings t ON t.store_id = v.store_id AND t.variant_id = v.id
        WHERE v.id = :id
        """,
        id=variant_id,
    )
    if not found:
        return None
    row = found[0]
    return ProductDetail(
        variant_id=row.id,
        product_id=row.product_id,
        name=row.display_name,
        sku=row.sku,
        barcode=row.barcode,
        supplier=row.vendor,
        status=row.status,
        price=row.price,
        unit_cost=row.unit_cost,
        is_tracked=row.is_tracked,
        deleted_at=row.deleted_at,
        stock=_stock(row.inventory_item_id),
        low_stock_threshold=row.low_stock_threshold,
        lead_time_days=row.lead_time_days,
        moq=row.moq,
        case_size=row.case_size,
        engine=row.engine,
    )


def _stock(inventory_item_id: int) -> list[StockAt]:
    rows = db.rows(
        """
        SELECT COALESCE(o.name, 'Unknown location') AS name, l.*
        FROM inventory_levels l
        LEFT JOIN locations o ON o.store_id = l.store_id AND o.id = l.location_id
        WHERE l.inventory_item_id = :item ORDER BY 1
        """,
        item=inventory_item_id,
    )
    return [
        StockAt(r.name, r.is_active, r.available, r.on_hand, r.committed, r.incoming, r.updated_at)
        for r in rows
    ]
