"""The JSON API of a store's data, its OpenAPI document and its reference page."""

from app.blueprints.api import documents, forecast, orders, settings, stock, suggestions, suppliers
from app.blueprints.api.door import blueprint, root

__all__ = [
    "blueprint",
    "documents",
    "forecast",
    "orders",
    "root",
    "settings",
    "stock",
    "suggestions",
    "suppliers",
]
