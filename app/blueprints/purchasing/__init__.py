"""Purchase orders from suggestion to receipt, and the suppliers they go to."""

from app.blueprints.purchasing import files, orders, suppliers  # noqa: F401  (they declare the routes)
from app.blueprints.purchasing.pages import blueprint

__all__ = ["blueprint"]
