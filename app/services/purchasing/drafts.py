"""Drafts of purchase orders: made from suggestions, one for each supplier, and changed until they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.domain import purchasing as rules
from app.models.purchasing import PurchaseOrder, PurchaseOrderLine, Supplier
from app.platform import db, tenancy
from app.platform.i18n import gettext
from app.services import stores
from app.services.catalog import VariantNotFound
from app.services.purchasing import places, suppliers
from app.services.purchasing.orders import UnableToOrder, lines_of, locked, note


@dataclass(frozen=True)
class LineChange:
    """What a draft's form says of one line; 0 units take the line off the order."""

    ordered: int
    unit_cost: Decimal | None


def draft_for(supplier: Supplier, *, actor: str, now: datetime) -> PurchaseOrder:
    """The supplier's draft, locked; a new one with the next number if there is none.

    The counter's row stays locked until the new order is committed, so numbers have no gaps and no doubles,
    and whoever waits for it finds the draft that was made in the meantime.
    """
    found = _draft_of(supplier)
    if found is not None:
        return found
    db.execute(
        "INSERT INTO purchase_order_counters (store_id, last_number) VALUES (:store, 0)"
        " ON CONFLICT (store_id) DO NOTHING",
        store=tenancy.require_store(),
    )
    last = db.rows("SELECT last_number FROM purchase_order_counters FOR UPDATE")[0].last_number
    found = _draft_of(supplier)
    if found is not None:
        return found
    db.execute("UPDATE purchase_order_counters SET last_number = :number", number=last + 1)
    order = PurchaseOrder(
        number=last + 1,
        supplier_id=supplier.id,
        status=rules.DRAFT,
        version=0,
        currency=supplier.currency or stores.currency(),
        location_id=places.usual(supplier.id),
        created_by=actor,
        created_at=now,
    )
    db.session().add(order)
    db.session().flush()
    note(order, "created", actor=actor, now=now, supplier_id=supplier.id, location_id=order.location_id)
    return order


def new_draft(supplier_id: int, *, actor: str, now: datetime) -> PurchaseOrder:
    """The supplier's draft, or an empty one to be filled by hand. Raises SupplierNotFound."""
    return draft_for(suppliers.get(supplier_id), actor=actor, now=now)


def _draft_of(supplier: Supplier) -> PurchaseOrder | None:
    query = select(PurchaseOrder).where(
        PurchaseOrder.supplier_id == supplier.id, PurchaseOrder.status == rules.DRAFT
    )
    return db.session().execute(query.with_for_update()).scalar_one_or_none()


_VARIANTS = """
    SELECT v.id, v.display_name, v.sku, COALESCE(v.unit_cost, t.unit_cost) AS unit_cost,
           p.vendor, t.supplier_id, s.quantity AS suggested
    FROM variants v
    JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
    LEFT JOIN variant_settings t ON t.store_id = v.store_id AND t.variant_id = v.id
    LEFT JOIN suggestions s ON s.store_id = v.store_id AND s.variant_id = v.id
    WHERE v.deleted_at IS NULL AND p.deleted_at IS NULL
"""
_DUE = """
    AND s.quantity > 0
    AND (t.supplier_id = :supplier OR (t.supplier_id IS NULL AND p.vendor = :vendor))
    AND NOT EXISTS (SELECT 1 FROM suggestion_snoozes z
                    WHERE z.store_id = v.store_id AND z.variant_id = v.id)
    ORDER BY v.display_name, v.id
"""


def accept(variant_id: int, *, quantity: int | None, actor: str, now: datetime) -> PurchaseOrder:
    """Put a product on its supplier's draft, as suggested or with another quantity; accepting twice orders once.

    Raises VariantNotFound, UnableToOrder when there is nothing to order.
    """
    found = db.rows(f"{_VARIANTS} AND v.id = :id", id=variant_id)
    if not found:
        raise VariantNotFound(f"There is no product {variant_id} in this store.")
    wanted = quantity if quantity is not None else int(found[0].suggested or 0)
    if wanted < 1:
        raise UnableToOrder(
            gettext("There is nothing to order of this product. Enter a quantity of 1 or more.")
        )
    order = draft_for(suppliers.of_product(found[0].supplier_id, found[0].vendor), actor=actor, now=now)
    _put(order, found[0], wanted)
    note(order, "line_set", actor=actor, now=now, variant_id=variant_id, ordered=wanted)
    return order


def order_due(supplier_id: int, *, actor: str, now: datetime) -> PurchaseOrder:
    """Put all that is due from a supplier on its draft; quantities already chosen there stay.

    Raises SupplierNotFound, UnableToOrder when nothing is due.
    """
    supplier = suppliers.get(supplier_id)
    due = db.rows(f"{_VARIANTS} {_DUE}", supplier=supplier.id, vendor=supplier.vendor)
    if not due:
        raise UnableToOrder(gettext("Nothing is due from %(supplier)s now.", supplier=supplier.name))
    order = draft_for(supplier, actor=actor, now=now)
    present = {line.variant_id for line in lines_of(order)}
    for row in due:
        if row.id not in present:
            _put(order, row, int(row.suggested))
    note(order, "due_lines_added", actor=actor, now=now, lines=len(due))
    return order


def add_line(order_id: int, sku: str, *, actor: str, now: datetime) -> PurchaseOrder:
    """Put one more product on a draft by its SKU or barcode. Raises OrderNotFound, UnableToOrder, ActNotAllowed."""
    order = locked(order_id)
    rules.check(order.status, "edit")
    found = db.rows(f"{_VARIANTS} AND (v.sku = :sku OR v.barcode = :sku) LIMIT 2", sku=sku)
    if len(found) != 1 or not sku:
        if found and sku:
            words = gettext(
                "More than one product has the SKU or barcode “%(sku)s”. Check it in your products.", sku=sku
            )
        else:
            words = gettext(
                "No product has the SKU or barcode “%(sku)s”. Check it in your products.", sku=sku
            )
        raise UnableToOrder(words)
    row = found[0]
    if row.id in {line.variant_id for line in lines_of(order)}:
        raise UnableToOrder(
            gettext(
                "%(product)s is on this order already. Change its quantity there.", product=row.display_name
            )
        )
    _put(order, row, max(int(row.suggested or 0), 1))
    note(order, "line_set", actor=actor, now=now, variant_id=row.id)
    return order


def put_lines(order_id: int, wanted: Mapping[int, LineChange], *, actor: str, now: datetime) -> PurchaseOrder:
    """Set products of a draft, named by their variant, to these units and costs; 0 units take one off.

    A product that the draft lacks is added, whoever sells it; a cost of None keeps the one that is known.
    Raises OrderNotFound, ActNotAllowed, VariantNotFound.
    """
    order = locked(order_id)
    rules.check(order.status, "edit")
    known = {row.id: row for row in db.rows(f"{_VARIANTS} AND v.id = ANY(:ids)", ids=list(wanted))}
    present = {line.variant_id: line for line in lines_of(order)}
    for variant_id, change in wanted.items():
        line = present.get(variant_id)
        if line is not None and change.ordered < 1:
            db.session().delete(line)
        elif change.ordered >= 1:
            if variant_id not in known:
                raise VariantNotFound(f"There is no product {variant_id} in this store.")
            _put(order, known[variant_id], change.ordered, cost=change.unit_cost)
    note(order, "lines_set", actor=actor, now=now, lines=len(wanted))
    return order


def _put(order: PurchaseOrder, row: Any, quantity: int, *, cost: Decimal | None = None) -> None:
    query = select(PurchaseOrderLine).where(
        PurchaseOrderLine.order_id == order.id, PurchaseOrderLine.variant_id == row.id
    )
    line = db.session().execute(query).scalar_one_or_none()
    if line is None:
        line = PurchaseOrderLine(
            order_id=order.id,
            variant_id=row.id,
            name=row.display_name,
            sku=row.sku,
            unit_cost=_cost(row, order.currency),
        )
        db.session().add(line)
    line.ordered, line.suggested = quantity, row.suggested
    line.unit_cost = cost if cost is not None else line.unit_cost
    db.session().flush()


def _cost(row: Any, currency: str) -> Decimal | None:
    """What the product last cost in this currency; Shopify's unit cost is in the store's currency alone."""
    last = db.rows(
        """
        SELECT l.unit_cost FROM purchase_order_lines l
        JOIN purchase_orders o ON o.store_id = l.store_id AND o.id = l.order_id
        WHERE l.variant_id = :id AND o.currency = :currency AND l.unit_cost IS NOT NULL
          AND o.sent_at IS NOT NULL ORDER BY o.sent_at DESC LIMIT 1
        """,
        id=row.id,
        currency=currency,
    )
    if currency == stores.currency() and row.unit_cost is not None:
        return Decimal(row.unit_cost)
    return last[0].unit_cost if last else None
