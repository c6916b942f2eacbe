"""What service levels cost the store: the stock they take and the sales still lost, kept for the settings page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from app.domain.arrays import Bools, Floats, Keys, Texts
from app.domain.forecasts import Forecasts
from app.domain.replenishment import Policy, Stock
from app.domain.replenishment.allocation import levels_by_value, movable
from app.domain.replenishment.service_cost import USUAL_LEVELS, service_costs
from app.domain.replenishment.settling import Reviewed
from app.models.replenishment import ServiceCost
from app.platform import copying, db
from app.services import stores

_COLUMNS = (
    "abc_class",
    "level",
    "products",
    "without_cost",
    "stock_value",
    "lost_units",
    "lost_value",
    "made_at",
)


def moving(forecasts: Forecasts, stock: Stock, own_levels: Floats) -> Bools:
    """(n,) whose levels the store wants shared out by value for money: not those that have one of their own."""
    n = len(forecasts)
    if stores.settings().service_by != "value":
        return np.zeros(n, dtype=bool)
    value, cost = stock.money("price", n), stock.money("unit_cost", n)
    return movable(forecasts, value=value, cost=cost, fixed=~np.isnan(own_levels))


def shared_out(
    forecasts: Forecasts, policy: Policy, stock: Stock, own_levels: Floats, before: Reviewed
) -> Policy:
    """The policy with its levels as the store wants them shared out: as they are, or by value for money.

    A product with a level of its own (`own_levels`, NaN where it has none) keeps that. What is kept of targets that
    come down from `before` serves too.
    """
    if stores.settings().service_by != "value":
        return policy
    n = len(forecasts)
    levels = levels_by_value(
        forecasts,
        policy,
        value=stock.money("price", n),
        cost=stock.money("unit_cost", n),
        fixed=~np.isnan(own_levels),
        before=before,
    )
    return replace(policy, service_level=levels)


def facts(keys: Keys, policy: Policy, asked: Policy) -> Mapping[int, dict[str, Any]]:
    """What a ledger says beside the level of variants whose level is not what the settings ask for of them alone."""
    n = len(keys)
    moved = policy.each("service_level", n) != asked.each("service_level", n)
    return {int(key): {"by": "value"} for key in keys[moved]}


def store_costs(forecasts: Forecasts, policy: Policy, stock: Stock, classes: Texts, *, now: datetime) -> None:
    """Keep what the usual levels, and those that are set, would cost each class, with today's forecasts.

    A class's level is taken for all its products, also for those that have one of their own.
    """
    settings = stores.settings()
    of_classes = (settings.service_level_a, settings.service_level_b, settings.service_level_c)
    levels = np.array(sorted({*USUAL_LEVELS, settings.service_level, *(one for one in of_classes if one)}))
    db.execute("DELETE FROM service_costs")
    made = service_costs(forecasts, policy, stock, levels, classes)
    copying.append(
        ServiceCost,
        _COLUMNS,
        (
            (
                one.group,
                one.level,
                one.products,
                one.without_cost,
                round(one.stock_value, 2),
                one.lost_units,
                round(one.lost_value, 2),
                now,
            )
            for one in made
        ),
    )
