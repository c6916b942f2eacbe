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
        SELECT v.*, p.vendor, p.status, t.low_stock_threshold, t.lead_time_days, t.service_level, t.moq, t.case_size,
               t.engine, t.supplier_id, s.abc_class,
               COALESCE(v.unit_cost, t.unit_cost) AS known_cost
        FROM variants v JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
        LEFT JOIN variant_settings t ON t.store_id = v.store_id AND t.variant_id = v.id
        LEFT JOIN suggestions s ON s.store_id = v.store_id AND s.variant_id = v.id
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
        unit_cost=row.known_cost,
        is_tracked=row.is_tracked,
        deleted_at=row.deleted_at,
        stock=_stock(row.inventory_item_id),
        low_stock_threshold=row.low_stock_threshold,
        lead_time_days=row.lead_time_days,
        service_level=row.service_level,
        abc_class=row.abc_class,
        moq=row.moq,
        case_size=row.case_size,
        engine=row.engine,
        supplier_id=row.supplier_id,
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
