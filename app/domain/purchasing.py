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
    """The order's status does not allow this; the message says what does."""


class TooManyUnits(ValueError):
    """More units than are open were to be received, rejected or cancelled."""


@dataclass(frozen=True)
class LineUnits:
    """One line in whole units: ordered = received + rejected + cancelled + open, always."""

    ordered: int
    received: int = 0
    rejected: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        if min(self.ordered, self.received, self.rejected, self.cancelled, self.open) < 0:
            raise TooManyUnits(f"{self} counts more units than were ordered, or fewer than none.")

    @property
    def open(self) -> int:
        """Units that have neither arrived nor been given up."""
        return self.ordered - self.received - self.rejected - self.cancelled

    def receive(self, *, received: int, rejected: int = 0) -> LineUnits:
        """The line after a delivery: `received` good units, `rejected` ones that go back. Raises TooManyUnits."""
        if received < 0 or rejected < 0:
            raise TooManyUnits("A delivery cannot hold fewer than 0 units.")
        if received + rejected > self.open:
            raise TooManyUnits(
                f"Only {self.open:,} of {self.ordered:,} units are open."
                " Enter at most that; count what came on top of it in Shopify alone."
            )
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
        allowed = " or ".join(one.replace("_", " ") for one in STATUSES if one in _ALLOWED[act])
        raise ActNotAllowed(
            f"This order is {status.replace('_', ' ')}; to {act} an order it has to be {allowed}."
        )


def after_receipt(lines: Iterable[LineUnits]) -> str:
    """The status after a delivery: received once nothing is open any more."""
    return PARTLY_RECEIVED if any(line.open for line in lines) else RECEIVED
