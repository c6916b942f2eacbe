"""Query cost, by Shopify's rules and measured pages, and the leaky bucket of an app in a shop.

Requested: scalars and enums 0, an object 1, a connection `2 + scale(first) × (cost of a node)`, a mutation
10.
`scale` grows with the logarithm of the page: with scale(250) = 11 the formula gives exactly the measured
requested costs: 250 orders 13, with lineItems(first: 250){id} 156. Money is not an object here (MoneyBag and
MoneyV2 cost 0), which is what the measured full lines (431) need. Actual: the same with the number of nodes
really returned, a nested connection having 1 instead of 2 (250 orders with one or two lines: 35).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.graphql.plan import PlannedField, Selection

MAX_QUERY_COST = 1000
MUTATION_COST = 10
FREE_TYPES = {"MoneyBag", "MoneyV2", "PageInfo", "Count"}
PLANS = {
    "standard": (2000.0, 100.0),
    "advanced": (4000.0, 200.0),
    "plus": (20000.0, 1000.0),
    "enterprise": (40000.0, 2000.0),
}


def scale(count: float) -> float:
    """How many nodes a page of `count` is charged for: 1 → 1, 10 → 5, 50 → 8, 100 → 9, 250 → 11."""
    return 0 if count <= 0 else max(1, min(count, round(2 * math.log(count))))


def requested_cost(selection: Selection, *, mutation: bool = False) -> int:
    """Points that a plan may cost at most."""
    if mutation:
        return MUTATION_COST * sum(1 for f in selection.fields if f.name != "__typename")
    return math.ceil(sum(_field_cost(planned) for planned in selection.fields))


def _field_cost(planned: PlannedField) -> float:
    if not planned.below:
        return 0
    if planned.is_connection:
        size = planned.arguments.get("first") or planned.arguments.get("last") or 1
        return 2 + scale(size) * node_cost(planned)
    inner = max(sum(_field_cost(f) for f in selection.fields) for selection in planned.below.values())
    own = (0 if planned.type_name in FREE_TYPES else 1) + inner
    return own * scale(planned.arguments.get("first") or 10) if planned.is_list else own


def node_cost(planned: PlannedField) -> float:
    """Cost of one node of a connection field, selected through `nodes` or `edges { node }`."""
    worst = 0.0
    for connection in planned.below.values():
        for part in connection.fields:
            holders = part.below.values() if part.name == "nodes" else []
            if part.name == "edges":
                holders = [
                    s
                    for e in part.below.values()
                    for f in e.fields
                    if f.name == "node"
                    for s in f.below.values()
                ]
            for selection in holders:
                worst = max(worst, 1 + sum(_field_cost(f) for f in selection.fields))
    return worst


@dataclass
class Meter:
    """Counts what was returned, to charge the actual cost."""

    seen: dict[int, list[float]] = field(default_factory=dict)

    def count(self, planned: PlannedField, values: Sequence[Any]) -> None:
        """Note how many parents had the field and how many objects it gave them."""
        record = self.seen.setdefault(id(planned), [0.0, 0.0])
        record[0] += len(values)
        for value in values:
            if value is None:
                continue
            if planned.is_connection:
                record[1] += len(value.nodes)
            else:
                record[1] += len(value) if planned.is_list else 1

    def actual_cost(self, selection: Selection, *, mutation: bool = False) -> int:
        """Points for what was really returned."""
        if mutation:
            return requested_cost(selection, mutation=True)
        return math.ceil(sum(self._field(planned, top=True) for planned in selection.fields) - 1e-9)

    def _field(self, planned: PlannedField, *, top: bool = False) -> float:
        parents, found = self.seen.get(id(planned), (0.0, 0.0))
        if not planned.below or not parents:
            return 0
        per_parent = found / parents
        if planned.is_connection:
            return (2 if top else 1) + scale(per_parent) * self._node(planned)
        inner = max(sum(self._field(f) for f in selection.fields) for selection in planned.below.values())
        return per_parent * ((0 if planned.type_name in FREE_TYPES else 1) + inner)

    def _node(self, planned: PlannedField) -> float:
        worst = 0.0
        for connection in planned.below.values():
            for part in connection.fields:
                holders = list(part.below.values()) if part.name == "nodes" else []
                if part.name == "edges":
                    holders = [
                        s
                        for e in part.below.values()
                        for f in e.fields
                        if f.name == "node"
                        for s in f.below.values()
                    ]
                for selection in holders:
                    worst = max(worst, 1 + sum(self._field(f) for f in selection.fields))
        return worst


class Bucket:
    """The leaky bucket of one app in one shop, in real time. Thread-safe."""

    def __init__(self, plan: str) -> None:
        self._lock = threading.Lock()
        self.maximum, self.restore_rate = PLANS[plan]
        self._level = self.maximum
        self._at = time.monotonic()

    def set_plan(self, plan: str) -> None:
        """Take on another plan's size and rate."""
        with self._lock:
            self._refill()
            self.maximum, self.restore_rate = PLANS[plan]
            self._level = min(self._level, self.maximum)

    def _refill(self) -> None:
        now = time.monotonic()
        self._level = min(self.maximum, self._level + (now - self._at) * self.restore_rate)
        self._at = now

    def admit(self, requested: float) -> bool:
        """Take `requested` points if they are there."""
        with self._lock:
            self._refill()
            if self._level < requested:
                return False
            self._level -= requested
            return True

    def settle(self, requested: float, actual: float) -> None:
        """Give back what was taken beyond the actual cost."""
        with self._lock:
            self._refill()
            self._level = min(self.maximum, self._level + requested - actual)

    def status(self) -> dict[str, float | int]:
        """`throttleStatus`, with Shopify's mixture of floats and integers."""
        with self._lock:
            self._refill()
            return {
                "maximumAvailable": self.maximum,
                "currentlyAvailable": math.floor(self._level),
                "restoreRate": self.restore_rate,
            }
