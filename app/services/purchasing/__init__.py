"""Purchasing: suppliers, orders to them, what arrives, and the papers that go out."""

from app.services.purchasing.changes import DraftChange, change_draft, change_location
from app.services.purchasing.drafts import (
    LineChange,
    accept,
    add_line,
    new_draft,
    order_due,
    put_lines,
)
from app.services.purchasing.orders import (
    OrderChanged,
    OrderNotFound,
    UnableToOrder,
    cancel,
    close,
    reschedule,
    send,
)
from app.services.purchasing.places import KEPT, Kept
from app.services.purchasing.receiving import receive
from app.services.purchasing.suppliers import (
    SupplierExists,
    SupplierNotFound,
    change_supplier,
    create_supplier,
    ensure_suppliers,
)

__all__ = [
    "KEPT",
    "DraftChange",
    "Kept",
    "LineChange",
    "OrderChanged",
    "OrderNotFound",
    "SupplierExists",
    "SupplierNotFound",
    "UnableToOrder",
    "accept",
    "add_line",
    "cancel",
    "change_draft",
    "change_location",
    "change_supplier",
    "close",
    "create_supplier",
    "ensure_suppliers",
    "new_draft",
    "order_due",
    "put_lines",
    "receive",
    "reschedule",
    "send",
]
