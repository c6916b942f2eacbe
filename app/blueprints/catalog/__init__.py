"""Products: the searchable list, and one product with its forecast, its numbers' reasons and its settings."""

from app.blueprints.catalog import listing, overrides, product
from app.blueprints.catalog.door import blueprint

__all__ = ["blueprint", "listing", "overrides", "product"]
