"""The ledger: a suggested quantity as signed lines that sum to it exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.domain.arrays import Floats

CODES = (
    "demand",  # expected until the next order arrives
    "events",  # what coming events change of it
    "override",  # what the merchant's own number changes of it
    "safety",  # safety stock for the service level
    "settling",  # what the target still has to come down by
    "minimum",  # raised to the minimum stock
    "on_hand",
    "committed",  # to open orders
    "backorders",  # owed to customers
    "incoming",
    "enough",  # stock covers more than is needed
    "moq",  # raised to the minimum order quantity
    "case",  # rounded to full cases
    "maximum",  # cut to the maximum stock
)


# The numbers behind the lines of one variant, by the line's code and their own name.
Details = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class LedgerLine:
    """One signed part of a suggested quantity, in whole units; `detail`: the numbers behind it, by name."""

    code: str
    units: int
    detail: Mapping[str, Any]


def lines_matrix(parts: dict[str, Floats], quantity: Floats) -> Floats:
    """(n, lines) whole units in the order of CODES; each row sums to `quantity`, or this is a bug."""
    matrix = np.stack([parts[code] for code in CODES], axis=1)
    if not (matrix.sum(axis=1) == quantity).all():
        raise AssertionError("ledger lines do not sum to the suggested quantity")
    return matrix


def lines(row: Sequence[float], details: Details) -> tuple[LedgerLine, ...]:
    """The lines of one variant that are not zero (the demand line always), in their order."""
    return tuple(
        LedgerLine(code, int(units), details.get(code, {}))
        for code, units in zip(CODES, row, strict=True)
        if units or code == "demand"
    )
