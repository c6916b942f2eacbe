"""Transfers: what each location is to hold of each product, and what to move between them before buying."""

from app.services.transfers.planning import plan
from app.services.transfers.records import LEVELS
from app.services.transfers.writing import forget

__all__ = ["LEVELS", "forget", "plan"]
