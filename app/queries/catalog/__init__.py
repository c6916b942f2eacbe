"""Products: the searchable list with its filters and views, and one product with its stock and settings."""

from app.queries.catalog.columns import COLUMNS, DEFAULT
from app.queries.catalog.detail import ProductDetail, StockAt, detail
from app.queries.catalog.filters import FIELDS, STATES, Filter
from app.queries.catalog.listing import Asked, ProductRow, ProductTable, ids, lines, read, table
from app.queries.catalog.views import SavedView, supplier_names, values, views

__all__ = [
    "COLUMNS",
    "DEFAULT",
    "FIELDS",
    "STATES",
    "Asked",
    "Filter",
    "ProductDetail",
    "ProductRow",
    "ProductTable",
    "SavedView",
    "StockAt",
    "detail",
    "ids",
    "lines",
    "read",
    "supplier_names",
    "table",
    "values",
    "views",
]
