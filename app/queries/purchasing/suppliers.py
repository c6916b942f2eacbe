"""Suppliers: what is due from each now, what they ask for, and what they deliver."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.platform import db
from app.queries.purchasing.orders import code


@dataclass(frozen=True)
class SupplierView:
    """A supplier, with what is due from it now; money of suggestions is in the store's currency."""

    id: int
    vendor: str
    name: str
    email: str
    note: str
    currency: str | None
    minimum_order_value: Decimal | None
    lead_time_days: int | None
    lead_time_sd_days: float | None
    review_days: int | None
    products: int
    due_lines: int
    due_units: int
    due_cost: Decimal | None
    due_without_cost: int
    order_by: date | None
    cost_of_waiting: Decimal | None
    draft_id: int | None
    draft_number: int | None
    draft_lines: int
    missing_on_draft: int
    open_orders: int
    measured_days: Decimal | None
    measured_orders: int

    @property
    def draft_code(self) -> str:
        """The draft's number, empty when there is none."""
        return code(self.draft_number) if self.draft_number else ""


# Lead time as measured: from sending an order to its first delivery, over the orders that have one. What is due is
# a small part of all products, so it is found first, and its products are looked up one by one (`OFFSET 0`); of the
# settings only those that name a supplier are read.
_SUPPLIERS = """
    SELECT s.*, {products} AS products, COALESCE(q.due_lines, 0) AS due_lines,
           COALESCE(q.due_units, 0) AS due_units, q.due_cost, COALESCE(q.due_without_cost, 0) AS due_without_cost,
           q.order_by, q.cost_of_waiting, COALESCE(q.missing_on_draft, 0) AS missing_on_draft,
           d.id AS draft_id, d.number AS draft_number,
           (SELECT COUNT(*) FROM purchase_order_lines l
            WHERE l.store_id = s.store_id AND l.order_id = d.id) AS draft_lines,
           (SELECT COUNT(*) FROM purchase_orders o WHERE o.store_id = s.store_id AND o.supplier_id = s.id
            AND o.status IN ('sent', 'partly_received')) AS open_orders,
           m.measured_days, COALESCE(m.measured_orders, 0) AS measured_orders
    FROM suppliers s
    LEFT JOIN purchase_orders d ON d.store_id = s.store_id AND d.supplier_id = s.id AND d.status = 'draft'
    LEFT JOIN LATERAL (
        SELECT AVG(EXTRACT(EPOCH FROM r.first - o.sent_at)) / 86400 AS measured_days,
               COUNT(*) AS measured_orders
        FROM purchase_orders o
        JOIN LATERAL (SELECT MIN(at) AS first FROM purchase_receipts r
                      WHERE r.store_id = o.store_id AND r.order_id = o.id) r ON r.first IS NOT NULL
        WHERE o.store_id = s.store_id AND o.supplier_id = s.id
    ) m ON true
    LEFT JOIN (
        SELECT g.store_id, COALESCE(t.supplier_id, n.id) AS supplier_id, COUNT(*) AS due_lines,
               SUM(g.quantity) AS due_units, SUM(g.cost) AS due_cost,
               COUNT(*) FILTER (WHERE g.cost IS NULL) AS due_without_cost,
               MIN(g.order_by) AS order_by, SUM(g.cost_of_waiting) AS cost_of_waiting,
               COUNT(*) FILTER (WHERE g.variant_id NOT IN (
                   SELECT l.variant_id FROM purchase_order_lines l
                   JOIN purchase_orders o ON o.store_id = l.store_id AND o.id = l.order_id
                   WHERE o.status = 'draft'
               )) AS missing_on_draft
        FROM suggestions g
        JOIN LATERAL (
            SELECT store_id, product_id FROM variants v
            WHERE v.store_id = g.store_id AND v.id = g.variant_id AND v.deleted_at IS NULL OFFSET 0
        ) v ON true
        JOIN LATERAL (
            SELECT store_id, vendor FROM products p
            WHERE p.store_id = v.store_id AND p.id = v.product_id AND p.deleted_at IS NULL OFFSET 0
        ) p ON true
        LEFT JOIN variant_settings t
            ON t.store_id = g.store_id AND t.variant_id = g.variant_id AND t.supplier_id IS NOT NULL
        LEFT JOIN suppliers n ON n.store_id = p.store_id AND n.vendor = p.vendor
        LEFT JOIN suggestion_snoozes z ON z.store_id = g.store_id AND z.variant_id = g.variant_id
        WHERE g.quantity > 0 AND z.variant_id IS NULL
        GROUP BY 1, 2
    ) q ON q.store_id = s.store_id AND q.supplier_id = s.id
"""
# A product belongs to the supplier that it names, else to the one that stands for its vendor. Few name one, so
# all are counted by vendor, and those few are taken off and put where they belong.
_NAMED = """
    WITH named AS MATERIALIZED (
        SELECT t.store_id, t.supplier_id, p.vendor, COUNT(*) AS products
        FROM variant_settings t
        JOIN variants v ON v.store_id = t.store_id AND v.id = t.variant_id AND v.deleted_at IS NULL
        JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id AND p.deleted_at IS NULL
        WHERE t.supplier_id IS NOT NULL GROUP BY t.store_id, t.supplier_id, p.vendor
    )
"""
_OF_VENDORS = """
    LEFT JOIN (
        SELECT p.store_id, p.vendor, COUNT(*) AS products
        FROM products p JOIN variants v ON v.store_id = p.store_id AND v.product_id = p.id
        WHERE v.deleted_at IS NULL AND p.deleted_at IS NULL GROUP BY p.store_id, p.vendor
    ) c ON c.store_id = s.store_id AND c.vendor = s.vendor
    LEFT JOIN (
        SELECT store_id, vendor, SUM(products) AS products FROM named GROUP BY store_id, vendor
    ) x ON x.store_id = s.store_id AND x.vendor = s.vendor
    LEFT JOIN (
        SELECT store_id, supplier_id, SUM(products) AS products FROM named GROUP BY store_id, supplier_id
    ) e ON e.store_id = s.store_id AND e.supplier_id = s.id
"""


def due(*, limit: int = 500) -> list[SupplierView]:
    """Suppliers with something to order or an open draft, the most urgent first. One statement.

    `products` counts those to be ordered alone: the others need not be read for this.
    """
    return _views(
        _SUPPLIERS.format(products="COALESCE(q.due_lines, 0)"),
        "WHERE COALESCE(q.due_lines, 0) > 0 OR d.id IS NOT NULL"
        " ORDER BY q.order_by NULLS LAST, q.cost_of_waiting DESC NULLS LAST, s.name, s.id LIMIT :limit",
        limit=limit,
    )


def suppliers(*, search: str = "") -> list[SupplierView]:
    """All suppliers by name. One statement."""
    return _views(
        _WITH_PRODUCTS,
        "WHERE :search = '' OR position(lower(:search) IN lower(s.name)) > 0 ORDER BY s.name, s.id",
        search=search,
    )


def supplier(supplier_id: int) -> SupplierView | None:
    """One supplier, None when this store has no such one. One statement."""
    found = _views(_WITH_PRODUCTS, "WHERE s.id = :id", id=supplier_id)
    return found[0] if found else None


_PRODUCTS = "CAST(COALESCE(c.products, 0) - COALESCE(x.products, 0) + COALESCE(e.products, 0) AS bigint)"
_WITH_PRODUCTS = _NAMED + _SUPPLIERS.format(products=_PRODUCTS) + _OF_VENDORS


def _views(sql: str, end: str, **asked: Any) -> list[SupplierView]:
    return [db.made(SupplierView, row) for row in db.rows(f"{sql} {end}", **asked)]


@dataclass(frozen=True)
class SuppliedProduct:
    """One product of a supplier, and what is to be ordered of it."""

    variant_id: int
    product: str
    sku: str
    quantity: int | None
    order_by: date | None
    unit_cost: Decimal | None


MOST_PRODUCTS = 200


def supplied(supplier_id: int, vendor: str) -> list[SuppliedProduct]:
    """A supplier's products, those to be ordered first; at most MOST_PRODUCTS. One statement."""
    rows = db.rows(
        """
        SELECT v.id AS variant_id, v.display_name AS product, v.sku, s.quantity, s.order_by,
               COALESCE(v.unit_cost, t.unit_cost) AS unit_cost
        FROM variants v JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
        LEFT JOIN suggestions s ON s.store_id = v.store_id AND s.variant_id = v.id
        LEFT JOIN variant_settings t ON t.store_id = v.store_id AND t.variant_id = v.id
        WHERE (t.supplier_id = :supplier OR (t.supplier_id IS NULL AND p.vendor = :vendor))
          AND v.deleted_at IS NULL AND p.deleted_at IS NULL
        ORDER BY COALESCE(s.quantity, 0) > 0 DESC, v.display_name, v.id LIMIT :most
        """,
        supplier=supplier_id,
        vendor=vendor,
        most=MOST_PRODUCTS,
    )
    return [SuppliedProduct(**row._asdict()) for row in rows]
