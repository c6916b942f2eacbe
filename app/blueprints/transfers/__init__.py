"""Transfers: what to move between locations before buying, why, and what is set of locations."""

from app.blueprints.transfers import locations, pages
from app.blueprints.transfers.door import blueprint

__all__ = ["blueprint", "locations", "pages"]
