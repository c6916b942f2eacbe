"""The door to replenishment: stock, forecasts and policy in, suggestions with their ledgers out."""

from app.domain.replenishment.inputs import Policy, Receipt, Stock
from app.domain.replenishment.ledger import LedgerLine
from app.domain.replenishment.planning import plan
from app.domain.replenishment.suggestions import Suggestion, Suggestions

__all__ = ["LedgerLine", "Policy", "Receipt", "Stock", "Suggestion", "Suggestions", "plan"]
