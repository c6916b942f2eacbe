"""Purchase orders: what may happen to an order when, and units that are never lost or counted twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

DRAFT, SENT, PARTLY_RECEIVED, RECEIVED = "draft", "sent", "partly_received", "received"
CLOSED, CANCELLED = "closed", "cancelled"
STATUSES = (DRAFT, SENT, PARTLY_RECEIVED, RECEIVED, CLOSED, CANCELLED)
# Orders whose open units are on their way, and orders to which nothing can happen any more.
ON_THE_WAY = (SENT, PARTLY_RECEIVED)
OVER = (CLOSED, CANCELLED)

# Act → the statuses in which it is allowed.
_ALLOWED = {
    "edit": {DRAFT},
    "send": {DRAFT},
    "mail": set(ON_THE_WAY),
    "reschedule": set(ON_THE_WAY),
    "receive": set(ON_THE_WAY),
    "close": {PARTLY_RECEIVED, RECEIVED},
    "cancel": {DRAFT, SENT},
}
ACTS = tuple(_ALLOWED)


class ActNotAllowed(ValueError):
    """The order's status does not allow this; `allowed` are the statuses that do."""

    def __init__(self, status: str, act: str) -> None:
        self.status, self.act = status, act
        self.allowed = tuple(one for one in STATUSES if one in _ALLOWED[act])
        super().__init__(f"{act}: {status}, not {' or '.join(self.allowed)}")


class TooManyUnits(ValueError):
    """More units than are open of those ordered were to be received or rejected, or fewer than none.

    `product` is its name, where it is known.
    """

    def __init__(self, wanted: int, line: LineUnits, product: str = "") -> None:
        self.wanted, self.line, self.product = wanted, line, product
        super().__init__(
            f"{product or 'A line'}: {wanted} units, while {line.open} of {line.ordered} are open"
        )


@dataclass(frozen=True)
class LineUnits:
    """One line in whole units: ordered = received + rejected + cancelled + open, always."""

    ordered: int
    received: int = 0
    rejected: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        if min(self.ordered, self.received, self.rejected, self.cancelled, self.open) < 0:
            spent = self.received + self.rejected + self.cancelled
            raise TooManyUnits(spent, self)

    @property
    def open(self) -> int:
        """Units that have neither arrived nor been given up."""
        return self.ordered - self.received - self.rejected - self.cancelled

    def receive(self, *, received: int, rejected: int = 0) -> LineUnits:
        """The line after a delivery: `received` good units, `rejected` ones that go back. Raises TooManyUnits."""
        if received < 0 or rejected < 0:
            raise TooManyUnits(min(received, rejected), self)
        if received + rejected > self.open:
            raise TooManyUnits(received + rejected, self)
        return replace(self, received=self.received + received, rejected=self.rejected + rejected)

    def give_up(self) -> LineUnits:
        """The line when no more of it is expected: what was open is cancelled."""
        return replace(self, cancelled=self.cancelled + self.open)


def may(status: str, act: str) -> bool:
    """Whether the status allows the act."""
    return status in _ALLOWED[act]


def check(status: str, act: str) -> None:
    """Raise ActNotAllowed unless the status allows the act."""
    if not may(status, act):
        raise ActNotAllowed(status, act)


def after_receipt(lines: Iterable[LineUnits]) -> str:
    """The status after a delivery: received once nothing is open any more."""
    return PARTLY_RECEIVED if any(line.open for line in lines) else RECEIVED
