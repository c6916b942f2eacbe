"""What service levels would cost each class of products, as the settings page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.platform import db

CLASSES = ("A", "B", "C")


@dataclass(frozen=True)
class Cost:
    """One level: money in stock on average, and units and money of sales expected to be lost in a year."""

    level: float
    stock_value: Decimal
    lost_units: float
    lost_value: Decimal


@dataclass(frozen=True)
class ClassCosts:
    """One class: how many of its products are forecast, how many of them have no unit cost, and the levels."""

    abc_class: str
    products: int
    without_cost: int
    costs: list[Cost]

    def at(self, level: float) -> Cost | None:
        """The cost of one level, None where no plan has worked it out yet."""
        return next((cost for cost in self.costs if abs(cost.level - level) < 1e-9), None)


def costs() -> dict[str, ClassCosts]:
    """By class, all three of them; empty ones while there is no plan. One statement."""
    found = db.rows("SELECT * FROM service_costs ORDER BY abc_class, level")
    return {name: _of_class(name, [row for row in found if row.abc_class == name]) for name in CLASSES}


def _of_class(name: str, rows: list[Any]) -> ClassCosts:
    costs = [Cost(row.level, row.stock_value, row.lost_units, row.lost_value) for row in rows]
    products, without_cost = (rows[0].products, rows[0].without_cost) if rows else (0, 0)
    return ClassCosts(name, products, without_cost, costs)
