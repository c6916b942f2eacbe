"""Products: the searchable list, and one product with its forecast, its numbers' reasons and its settings."""

from app.blueprints.catalog import bulk, listing, minimums, overrides, product, views, wholesale
from app.blueprints.catalog.door import blueprint

__all__ = ["blueprint", "bulk", "listing", "minimums", "overrides", "product", "views", "wholesale"]
