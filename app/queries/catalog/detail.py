"""One product with its stock at each location and its own settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.platform import db


@dataclass(frozen=True)
class StockAt:
    """Stock at one location."""

    location: str
    is_active: bool
    is_left_out: bool
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
    service_level: float | None
    abc_class: str | None  # None: not planned yet
    moq: int | None
    case_size: int | None
    engine: str | None
    supplier_id: int | None


def detail(variant_id: int) -> ProductDetail | None:
    """One product, None when this store has no such one. Two statements."""
    found = db.rows(
        """
        SELECT v.id AS variant_id, v.product_id, v.inventory_item_id, v.display_name AS name, v.sku, v.barcode,
               v.price, v.is_tracked, v.deleted_at, p.vendor AS supplier, p.status, s.abc_class,
               t.low_stock_threshold, t.lead_time_days, t.service_level, t.moq, t.case_size, t.engine, t.supplier_id,
               COALESCE(v.unit_cost, t.unit_cost) AS unit_cost
        FROM variants v JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
        LEFT JOIN variant_settings t ON t.store_id = v.store_id AND t.variant_id = v.id
        LEFT JOIN suggestions s ON s.store_id = v.store_id AND s.variant_id = v.id
        WHERE v.id = :id
        """,
        id=variant_id,
    )
    if not found:
        return None
    return db.made(ProductDetail, found[0], stock=_stock(found[0].inventory_item_id))


def _stock(inventory_item_id: int) -> list[StockAt]:
    rows = db.rows(
        """
        SELECT COALESCE(o.name, 'Unknown location') AS location, l.is_active, l.is_left_out, l.available, l.on_hand,
               l.committed, l.incoming, l.updated_at
        FROM inventory_levels l
        LEFT JOIN locations o ON o.store_id = l.store_id AND o.id = l.location_id
        WHERE l.inventory_item_id = :item ORDER BY 1
        """,
        item=inventory_item_id,
    )
    return [db.made(StockAt, row) for row in rows]
