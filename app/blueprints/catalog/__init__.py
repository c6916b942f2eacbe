"""Products: the searchable list, and one product with its forecast, its numbers' reasons and its settings."""

from app.blueprints.catalog.routes import blueprint

__all__ = ["blueprint"]
