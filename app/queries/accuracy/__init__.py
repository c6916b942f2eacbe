"""How good forecasts were: of one product, of each demand class and product, and of the merchant's own numbers."""

from app.queries.accuracy.comparisons import COMPARED, IS_OVER, WEEKS
from app.queries.accuracy.figures import Figures
from app.queries.accuracy.own import OwnNumber, OwnNumbers, own_numbers
from app.queries.accuracy.product import Accuracy, Comparison, of_product
from app.queries.accuracy.store import Summary, summary
from app.queries.accuracy.table import Row, Table, table

__all__ = [
    "COMPARED",
    "IS_OVER",
    "WEEKS",
    "Accuracy",
    "Comparison",
    "Figures",
    "OwnNumber",
    "OwnNumbers",
    "Row",
    "Summary",
    "Table",
    "of_product",
    "own_numbers",
    "summary",
    "table",
]
