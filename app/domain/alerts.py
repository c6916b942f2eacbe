"""Which products deserve an alert, how grave it is, and when to stay silent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import ArrayLike

from app.domain.arrays import Bools, spread
from app.domain.replenishment import Suggestions

COOLDOWN = timedelta(hours=24)
# A summary of the week that ended goes out on a Monday.
_SUMMARY_DAY = 1


@dataclass(frozen=True)
class Past:
    """What is on record for one product: when it was last alerted, whether that alert is still open, snooze.

    An alert is open until the product has recovered once; `now` and both times are UTC.
    """

    sent_at: datetime | None = None
    open: bool = False
    gravity: str = ""
    snoozed_until: datetime | None = None


@dataclass(frozen=True)
class Alert:
    """One product that deserves an alert now."""

    key: object
    kind: str  # out_of_stock | below_threshold | runs_out_before_delivery
    gravity: str  # critical | high | medium
    available: int
    threshold: int | None
    stock_out: date | None
    order_by: date | None


@dataclass(frozen=True)
class Due:
    """`alerts` to send now, gravest first; `recovered`: keys whose open alert has resolved itself."""

    alerts: tuple[Alert, ...]
    recovered: tuple[object, ...]


GRAVITIES = ("critical", "high", "medium")


def due(
    suggestions: Suggestions,
    available: ArrayLike,
    *,
    threshold: ArrayLike = np.nan,
    past: Mapping[object, Past] | None = None,
    now: datetime,
    cooldown: timedelta = COOLDOWN,
) -> Due:
    """Alerts due at `now` (UTC): out of stock, out before a delivery could arrive, or below `threshold`.

    `available` units and `threshold` (NaN or 0: none) are arrays (n,) or scalars in the order of `suggestions`.
    What is late but has been ordered in full is told only while it will probably run out before that arrives.
    A product is alerted once when it becomes low (edge-triggered), again only when it becomes graver, and
    never within `cooldown` of its last alert or while snoozed. Without a forecast only the threshold counts.
    """
    n, record = len(suggestions), past or {}
    stock, least = spread(available, n, "available"), spread(threshold, n, "threshold")
    late = _runs_out_before_delivery(suggestions)
    with np.errstate(invalid="ignore"):
        below = (stock < least) & (least > 0)
    out = (stock <= 0) & (below | late)
    alerts: list[Alert] = []
    recovered: list[object] = []
    for i, key in enumerate(suggestions.keys.tolist()):
        was = record.get(key, Past())
        if not (below[i] or late[i]):
            if was.open:
                recovered.append(key)
            continue
        kind = "out_of_stock" if out[i] else "below_threshold" if below[i] else "runs_out_before_delivery"
        gravity = "critical" if out[i] else "high" if late[i] else "medium"
        if _speaks(was, gravity, now, cooldown):
            alerts.append(_alert(suggestions, i, key, kind, gravity, stock[i], least[i]))
    alerts.sort(key=lambda a: (GRAVITIES.index(a.gravity), a.stock_out or date.max, str(a.key)))
    return Due(tuple(alerts), tuple(recovered))


def digest_is_due(local: datetime, *, hour: int, quiet_days: Collection[int]) -> bool:
    """Whether the daily digest may go out at this time of the store's day; weekdays as ISO counts them (1–7).

    From the hour on rather than at it: a scheduler that was late, or an hour that the clock skips, loses no day.
    """
    return local.hour >= hour and local.isoweekday() not in quiet_days


def summary_is_due(local: datetime, *, hour: int) -> bool:
    """Whether the weekly summary may go out at this time of the store's day."""
    return local.hour >= hour and local.isoweekday() == _SUMMARY_DAY


def _runs_out_before_delivery(suggestions: Suggestions) -> Bools:
    """(n,) true where the promised service needs an order placed before today, and something can be done.

    That is: something is to be ordered, or what is on its way will probably come too late (a stock gap).
    """
    today = suggestions.today
    late = np.array([by is not None and by < today for by in suggestions.order_by.tolist()], dtype=bool)
    return late & ((suggestions.quantity > 0) | suggestions.stock_gap)


def _speaks(was: Past, gravity: str, now: datetime, cooldown: timedelta) -> bool:
    if was.snoozed_until is not None and now < was.snoozed_until:
        return False
    if was.sent_at is not None and now - was.sent_at < cooldown:
        return False
    graver = was.gravity in GRAVITIES and GRAVITIES.index(gravity) < GRAVITIES.index(was.gravity)
    return not was.open or graver


def _alert(
    suggestions: Suggestions, i: int, key: object, kind: str, gravity: str, stock: float, least: float
) -> Alert:
    return Alert(
        key=key,
        kind=kind,
        gravity=gravity,
        available=int(stock),
        threshold=None if least != least else int(least),
        stock_out=suggestions.stock_out_p50[i],
        order_by=suggestions.order_by[i],
    )
