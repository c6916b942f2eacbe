"""The JSON API of a store's data, its OpenAPI document and its reference page."""

from app.blueprints.api import (
    documents,
    forecast,
    imports,
    orders,
    overrides,
    settings,
    stock,
    suggestions,
    suppliers,
)
from app.blueprints.api.door import blueprint, root

__all__ = [
    "blueprint",
    "documents",
    "forecast",
    "imports",
    "orders",
    "overrides",
    "root",
    "settings",
    "stock",
    "suggestions",
    "suppliers",
]
