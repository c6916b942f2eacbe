"""What a plan answers: how much to order, by when and why, for each variant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.domain.arrays import Bools, Floats, Keys, Texts
from app.domain.replenishment.ledger import Details, LedgerLine, lines
from app.domain.replenishment.settling import Settled


@dataclass(frozen=True)
class Suggestion:
    """One variant's suggestion; units are whole, money is in the shop's currency, unknown values None."""

    key: object
    quantity: int
    target_stock: int | None
    reorder_point: int | None
    safety_stock: int | None
    expected_demand: float | None
    days_of_cover: float | None
    stock_out_p10: date | None
    stock_out_p50: date | None
    stock_out_p90: date | None
    stock_gap: bool
    order_by: date | None
    urgency: str
    cost: float | None
    cost_of_waiting: float | None
    overstock_units: int
    overstock_value: float | None
    ledger: tuple[LedgerLine, ...]


@dataclass(frozen=True)
class Suggestions:
    """Arrays (n,) in the order of the forecast's keys; `suggestions[i]` is one Suggestion with its ledger.

    `quantity` whole units (0 where refused); `target_stock` S (F3), on its way down where it was higher, see
    `settled`; `reorder_point` (F1 over the lead time)
    and `safety_stock` whole units, `expected_demand` over lead time + review; `days_of_cover` of what is in
    stock and on its way. `stock_out_p10`: 10 % chance of having run out by that day; None: not within 180
    days. `urgency`: now (already below the reorder point), soon (order at this review), later, none, or
    unknown without a forecast. `cost_of_waiting`: margin expected to be lost if this review is skipped
    (F25). `overstock_units`, `overstock_value`: F24. NaN where a forecast, cost or price is missing.
    """

    keys: Keys
    today: date
    quantity: Floats
    target_stock: Floats
    settled: Settled
    reorder_point: Floats
    safety_stock: Floats
    expected_demand: Floats
    days_of_cover: Floats
    stock_out_p10: Texts
    stock_out_p50: Texts
    stock_out_p90: Texts
    stock_gap: Bools
    order_by: Texts
    urgency: Texts
    cost: Floats
    cost_of_waiting: Floats
    overstock_units: Floats
    overstock_value: Floats
    ledger_units: Floats
    ledger_details: tuple[Details, ...]

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, i: int) -> Suggestion:
        return Suggestion(
            key=self.keys[i].item() if hasattr(self.keys[i], "item") else self.keys[i],
            quantity=int(self.quantity[i]),
            target_stock=_whole(self.target_stock[i]),
            reorder_point=_whole(self.reorder_point[i]),
            safety_stock=_whole(self.safety_stock[i]),
            expected_demand=_known(self.expected_demand[i]),
            days_of_cover=_known(self.days_of_cover[i]),
            stock_out_p10=self.stock_out_p10[i],
            stock_out_p50=self.stock_out_p50[i],
            stock_out_p90=self.stock_out_p90[i],
            stock_gap=bool(self.stock_gap[i]),
            order_by=self.order_by[i],
            urgency=str(self.urgency[i]),
            cost=_known(self.cost[i]),
            cost_of_waiting=_known(self.cost_of_waiting[i]),
            overstock_units=_whole(self.overstock_units[i]) or 0,
            overstock_value=_known(self.overstock_value[i]),
            ledger=self.ledger(i),
        )

    def ledger(self, i: int) -> tuple[LedgerLine, ...]:
        """The signed lines of variant number `i`; they sum to its quantity exactly."""
        return lines(self.ledger_units[i].tolist(), self.ledger_details[i])


def _known(value: float) -> float | None:
    return None if value != value else float(value)  # NaN is the one value that differs from itself


def _whole(value: float) -> int | None:
    return None if value != value else int(value)
