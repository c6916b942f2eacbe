"""Why a suggestion changed: the difference split over sales, stock, arrivals and settings, exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.domain.arrays import Floats
from app.domain.forecasts.result import Forecasts
from app.domain.replenishment.inputs import Policy, Stock
from app.domain.replenishment.planning import quantity

CAUSES = (
    "sales",  # new ones changed the forecast
    "stock",
    "arrivals",  # what is on its way
    "settings",
)


@dataclass(frozen=True)
class Basis:
    """All that one plan was computed from, for the same variants in the same order."""

    stock: Stock
    forecasts: Forecasts
    policy: Policy


def explain_change(before: Basis, after: Basis) -> dict[str, Floats]:
    """(n,) units by cause; over the causes they sum to the new quantity minus the old, exactly.

    The inputs are replaced one group at a time in the order of CAUSES; each step's effect is its cause's.
    """
    if before.forecasts.keys.tolist() != after.forecasts.keys.tolist():
        raise ValueError("both plans must hold the same variants in the same order")
    stock_now = replace(after.stock, incoming=before.stock.incoming, receipts=before.stock.receipts)
    steps = [
        before,
        replace(before, forecasts=after.forecasts),
        replace(before, forecasts=after.forecasts, stock=stock_now),
        replace(after, policy=before.policy),
        after,
    ]
    made = [quantity(step.stock, step.forecasts, step.policy) for step in steps]
    return {cause: made[i + 1] - made[i] for i, cause in enumerate(CAUSES)}
