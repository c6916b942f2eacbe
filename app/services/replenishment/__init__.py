"""Suggestions: what to order, made from stock, forecast and policy; where variants stand is asked here too."""

from app.services.replenishment.planning import run
from app.services.replenishment.positions import classes_of, own_levels, policy_of, positions

__all__ = ["classes_of", "own_levels", "policy_of", "positions", "run"]
