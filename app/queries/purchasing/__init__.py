"""What the purchasing pages show: what is due from whom, orders, one order, suppliers."""

from app.queries.purchasing.detail import Line, Order, order
from app.queries.purchasing.orders import OrderTable, named_locations, open_lines, table
from app.queries.purchasing.suppliers import SupplierView, due, supplied, supplier, suppliers

__all__ = [
    "Line",
    "Order",
    "OrderTable",
    "SupplierView",
    "due",
    "named_locations",
    "open_lines",
    "order",
    "supplied",
    "supplier",
    "suppliers",
    "table",
]
