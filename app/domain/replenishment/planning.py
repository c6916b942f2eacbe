"""The plan: order up to the demand quantile of the protection period at every review (F3)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from app.domain.arrays import Bools, Floats, Ints, Texts
from app.domain.forecasts.result import MAX_DAYS, Forecasts
from app.domain.replenishment import money, projection
from app.domain.replenishment.inputs import Policy, Stock
from app.domain.replenishment.ledger import Details, lines_matrix
from app.domain.replenishment.order_size import order_quantity, within_maximum
from app.domain.replenishment.settling import NOTHING, Reviewed, Settled, settle
from app.domain.replenishment.suggestions import Suggestions
from app.domain.replenishment.target import ROUNDING, stock_for, target_stock


def plan(
    stock: Stock,
    forecasts: Forecasts,
    policy: Policy,
    *,
    today: date,
    model: Forecasts | None = None,
    usual: Forecasts | None = None,
    before: Reviewed = NOTHING,
) -> Suggestions:
    """Suggestions for every variant of `forecasts`, from `stock` and `policy` given in the same order.

    `model`: the forecasts before the merchant's overrides, `usual`: those before coming events too, so that the
    ledger shows what each changed. `before`: what targets had come to at the latest review, from where they come
    down step by step.

    target S = Q_α(demand over L + R), quantity = what S − position needs after minimum, MOQ, cases and
    maximum. Raises ValueError, naming field and variant, where an input is outside its limits.
    """
    n = len(forecasts)
    lead, sd, review = (policy.each(f, n) for f in ("lead_time_days", "lead_time_sd_days", "review_days"))
    alpha, period = policy.each("service_level", n), lead + review
    target = target_stock(forecasts, policy)
    expected = forecasts.mean_of_sum(period)
    by_model = expected if model is None else model.mean_of_sum(period)
    without_events = by_model if usual is None else usual.mean_of_sum(period)
    settled = settle(target, before, lead, review)
    parts, quantity = _order(stock, policy, settled, expected, by_model, without_events)
    known = ~forecasts.refused
    position = stock.position(n)
    reorder_point = np.ceil(stock_for(forecasts, lead, sd, alpha) - ROUNDING)
    cover = days_of_cover(forecasts, position)
    out, gap, order_by = _stock_outs(stock, forecasts, policy, today)
    unit_cost, margin = stock.money("unit_cost", n), stock.money("price", n) - stock.money("unit_cost", n)
    idle = money.overstock_units(forecasts, _overstock_days(policy, period), position)
    return Suggestions(
        keys=forecasts.keys,
        today=today,
        quantity=quantity,
        target_stock=np.maximum(target + settled.whole, policy.each("min_stock", n)),
        settled=settled,
        reorder_point=reorder_point,
        safety_stock=target - np.round(expected),
        expected_demand=expected,
        days_of_cover=cover,
        stock_out_p10=out[0.9],
        stock_out_p50=out[0.5],
        stock_out_p90=out[0.1],
        stock_gap=gap & known,
        order_by=order_by,
        urgency=_urgency(known, quantity, position, reorder_point, cover, period + review),
        cost=quantity * unit_cost,
        cost_of_waiting=margin * money.expected_unmet(forecasts, period, position),
        overstock_units=idle,
        overstock_value=idle * unit_cost,
        ledger_units=lines_matrix(parts, quantity),
        ledger_details=_details(policy, period, alpha, settled, before, today),
    )


def quantity(stock: Stock, forecasts: Forecasts, policy: Policy, settling: Floats) -> Floats:
    """(n,) the quantities that `plan` suggests, without the rest, with targets `settling` (n,) units higher."""
    unused = np.zeros(len(forecasts))  # expected demand is lines of the ledger, no part of the quantity
    settled = Settled(target_stock(forecasts, policy), settling)
    return _order(stock, policy, settled, unused, unused, unused)[1]


def _order(
    stock: Stock, policy: Policy, settled: Settled, expected: Floats, by_model: Floats, usual: Floats
) -> tuple[dict[str, Floats], Floats]:
    """Ledger parts and quantity; without a forecast nothing is needed beyond the minimum stock."""
    n = len(settled.target)
    demand, modelled, ordinary = (np.nan_to_num(np.round(mean)) for mean in (expected, by_model, usual))
    goal = np.nan_to_num(settled.target)
    raised = np.maximum(goal + settled.whole, policy.each("min_stock", n))
    moq, case = policy.each("moq", n), policy.each("case_size", n)
    position = stock.position(n)
    need = raised - position
    at_least = np.where(need > 0, np.maximum(need, moq), 0.0)
    whole = order_quantity(need, moq, case)
    quantity = within_maximum(whole, policy.each("max_stock", n) - position, moq, case)
    parts = {
        "demand": ordinary,
        "events": modelled - ordinary,
        "override": demand - modelled,
        "safety": goal - demand,
        "settling": settled.whole,
        "minimum": raised - goal - settled.whole,
        "on_hand": -stock.units("on_hand", n),
        "committed": stock.units("committed", n),
        "backorders": stock.units("backorders", n),
        "incoming": -stock.units("incoming", n),
        "enough": np.maximum(-need, 0.0),
        "moq": at_least - np.maximum(need, 0.0),
        "case": whole - at_least,
        "maximum": quantity - whole,
    }
    return parts, quantity


def days_of_cover(forecasts: Forecasts, position: Floats) -> Floats:
    """(n,) days until expected demand has used the position up; past 180 days at the last rate."""
    path = forecasts.mean_path()
    rate = (path[:, -1] - path[:, -30]) / 29
    covered = (path < position[:, None]).sum(axis=1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = MAX_DAYS + (position - path[:, -1]) / rate
    cover = np.where(covered >= MAX_DAYS, beyond, covered)
    cover = np.where((rate <= 0) & (position > path[:, -1]), np.inf, cover)
    return np.where(np.isnan(path[:, -1]), np.nan, np.where(position <= 0, 0.0, cover))


def _stock_outs(
    stock: Stock, forecasts: Forecasts, policy: Policy, today: date
) -> tuple[dict[float, Texts], Bools, Texts]:
    """Stock-out dates by demand quantile, gaps at the median, order-by dates at the service level."""
    n = len(forecasts)
    lead, alpha = policy.each("lead_time_days", n), policy.each("service_level", n)
    dated = (
        np.bincount([r.row for r in stock.receipts], [r.units for r in stock.receipts], minlength=n)
        if stock.receipts
        else np.zeros(n)
    )
    undated = np.maximum(stock.units("incoming", n) - dated, 0.0)
    arrived = projection.arrivals(n, MAX_DAYS, undated, lead, stock.receipts)
    available = stock.available(n)
    days = {q: projection.first_empty_day(available, arrived, forecasts.paths(q)) for q in (0.9, 0.5, 0.1)}
    promised = projection.first_empty_day(available, arrived, forecasts.paths(alpha))
    back = np.where(promised == projection.NEVER, projection.NEVER, promised - np.ceil(lead).astype(np.int64))
    dates = {q: _dates(d, today, forecasts) for q, d in days.items()}
    return dates, projection.stock_gap(days[0.5], arrived), _dates(back, today, forecasts)


def _dates(days: Ints, today: date, forecasts: Forecasts) -> Texts:
    out = np.full(len(days), None, dtype=object)
    for i in np.flatnonzero((days != projection.NEVER) & ~forecasts.refused):
        out[i] = today + timedelta(days=int(days[i]))
    return out


def _urgency(
    known: Bools,
    quantity: Floats,
    position: Floats,
    reorder_point: Floats,
    cover: Floats,
    two_reviews: Floats,
) -> Texts:
    with np.errstate(invalid="ignore"):
        below = (quantity > 0) & (position < reorder_point)
        later = cover <= two_reviews
    return np.select(
        [~known, below, quantity > 0, later], ["unknown", "now", "soon", "later"], default="none"
    )


def _overstock_days(policy: Policy, period: Floats) -> Floats:
    return np.minimum(period + policy.each("overstock_days", len(period)), float(MAX_DAYS))


def _details(
    policy: Policy, period: Floats, alpha: Floats, settled: Settled, before: Reviewed, today: date
) -> tuple[Details, ...]:
    """The numbers behind a ledger's lines: days of the protection period, the service level in percent, and of a
    target that comes down, from where and since when."""
    n = len(period)
    lead, review = policy.each("lead_time_days", n), policy.each("review_days", n)
    details: list[dict[str, dict[str, Any]]] = [
        {
            "demand": {"lead_days": float(lead[i]), "review_days": float(review[i])},
            "safety": {"percent": round(100 * float(alpha[i]), 2)},
        }
        for i in range(n)
    ]
    was, days = np.broadcast_to(before.target, (n,)), np.broadcast_to(before.days, (n,))
    for i in np.flatnonzero(settled.whole > 0):
        on = today - timedelta(days=int(days[i]))
        details[i]["settling"] = {"was": round(float(was[i])), "on": on.isoformat()}
    return tuple(details)
