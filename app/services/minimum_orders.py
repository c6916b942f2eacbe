"""Minimum orders above the need: what taking one costs and what waiting costs, for the ledger's line (F11, F25)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.domain.arrays import Floats
from app.domain.forecasts import Forecasts
from app.domain.replenishment import Policy, Stock
from app.domain.replenishment.minimum_order import resolve
from app.services import stores


def facts(
    forecasts: Forecasts, stock: Stock, policy: Policy, settling: Floats
) -> Mapping[int, dict[str, Any]]:
    """By variant: days that the order lasts, costs of taking it and of waiting, which is less, the currency.

    `forecasts`, `stock`, `policy` and the units by which targets still come down are of variants whose order was
    raised to the minimum. Days and amounts
    are None where they are not known; `cheaper` is accept, wait, or empty where a cost or price is missing.
    """
    if not len(forecasts):
        return {}
    found = resolve(stock, forecasts, policy, settling=settling)
    currency = stores.currency()
    return {
        int(key): {
            "days": _known(found.years_of_cover[i] * 365),
            "accept": _known(found.cost_of_accepting[i]),
            "wait": _known(found.cost_of_waiting[i]),
            "cheaper": str(found.cheaper[i]),
            "currency": currency,
        }
        for i, key in enumerate(forecasts.keys)
    }


def _known(value: float) -> float | None:
    return round(float(value), 2) if np.isfinite(value) else None
