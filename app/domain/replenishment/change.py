"""Why a suggestion changed: the difference split over sales, stock, arrivals and settings, exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.domain.arrays import Floats
from app.domain.forecasts.result import Forecasts
from app.domain.replenishment.inputs import Policy, Stock
from app.domain.replenishment.planning import quantity

CAUSES = (
    "sales",  # new ones, and days gone by, changed the forecast
    "stock",
    "arrivals",  # what is on its way
    "settings",
    "settling",  # targets that come down step by step
)


@dataclass(frozen=True)
class Earlier:
    """What an earlier plan was made from beside its forecast, and the (n,) quantity that it came to.

    `settling` (n,) units by which its targets still had to come down.
    """

    quantity: Floats
    stock: Stock
    policy: Policy
    settling: Floats


def explain_change(
    before: Earlier, stock: Stock, forecasts: Forecasts, policy: Policy, settling: Floats
) -> dict[str, Floats]:
    """(n,) units by cause; over the causes they sum to the new quantity minus the old, exactly.

    All are of the same variants in the same order. What the plan is made from is replaced one group at a time in the
    order of CAUSES; each step's effect is its cause's. The earlier forecast need not be known: what it came to is.
    """
    stock_now = replace(stock, incoming=before.stock.incoming, receipts=before.stock.receipts)
    made = [
        before.quantity,
        quantity(before.stock, forecasts, before.policy, before.settling),
        quantity(stock_now, forecasts, before.policy, before.settling),
        quantity(stock, forecasts, before.policy, before.settling),
        quantity(stock, forecasts, policy, before.settling),
        quantity(stock, forecasts, policy, settling),
    ]
    return {cause: made[i + 1] - made[i] for i, cause in enumerate(CAUSES)}
