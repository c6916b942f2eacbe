"""The JSON API of a store's data, its OpenAPI document and its reference page."""

from app.blueprints.api import documents, forecast, orders, stock
from app.blueprints.api.door import blueprint

__all__ = ["blueprint", "documents", "forecast", "orders", "stock"]
