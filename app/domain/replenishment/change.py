"""Why a suggestion changed: the difference split over sales, stock, arrivals, settings and sharing out, exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app.domain.arrays import Bools, Floats
from app.domain.forecasts.result import Forecasts
from app.domain.replenishment.inputs import Policy, Stock
from app.domain.replenishment.planning import quantity

CAUSES = (
    "sales",  # new ones, and days gone by, changed the forecast
    "stock",
    "arrivals",  # what is on its way
    "settings",
    "sharing",  # levels that are shared out by value, and their targets that come down step by step
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
    before: Earlier,
    stock: Stock,
    forecasts: Forecasts,
    policy: Policy,
    *,
    settling: Floats,
    shared: Bools,
) -> dict[str, Floats]:
    """(n,) units by cause; over the causes they sum to the new quantity minus the old, exactly.

    All are of the same variants in the same order. What the plan is made from is replaced one group at a time in the
    order of CAUSES; each step's effect is its cause's. The earlier forecast need not be known: what it came to is.
    The level of variants that are `shared` (n,) is no setting of theirs.
    """
    n = len(shared)
    then, now = (one.each("service_level", n) for one in (before.policy, policy))
    as_set = replace(policy, service_level=np.where(shared, then, now))
    stock_now = replace(stock, incoming=before.stock.incoming, receipts=before.stock.receipts)
    made = [
        before.quantity,
        quantity(before.stock, forecasts, before.policy, before.settling),
        quantity(stock_now, forecasts, before.policy, before.settling),
        quantity(stock, forecasts, before.policy, before.settling),
        quantity(stock, forecasts, as_set, before.settling),
        quantity(stock, forecasts, policy, settling),
    ]
    return {cause: made[i + 1] - made[i] for i, cause in enumerate(CAUSES)}
