"""The ledger: a suggested quantity as signed lines that sum to it exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.arrays import Floats

LABELS = {
    "demand": "Expected demand until the next order arrives",
    "override": "Changed by your override",
    "safety": "Safety stock for the service level",
    "minimum": "Raised to your minimum stock",
    "on_hand": "On hand",
    "committed": "Committed to open orders",
    "backorders": "Owed to customers",
    "incoming": "Already on its way",
    "enough": "Stock already covers this, so nothing to order",
    "moq": "Raised to the minimum order quantity",
    "case": "Rounded to full cases",
    "maximum": "Cut to your maximum stock",
}
CODES = tuple(LABELS)


@dataclass(frozen=True)
class LedgerLine:
    """One signed part of a suggested quantity, in whole units."""

    code: str
    label: str
    units: int
    detail: str


def lines_matrix(parts: dict[str, Floats], quantity: Floats) -> Floats:
    """(n, lines) whole units in the order of CODES; each row sums to `quantity`, or this is a bug."""
    matrix = np.stack([parts[code] for code in CODES], axis=1)
    if not (matrix.sum(axis=1) == quantity).all():
        raise AssertionError("ledger lines do not sum to the suggested quantity")
    return matrix


def lines(row: Floats, details: dict[str, str]) -> tuple[LedgerLine, ...]:
    """The lines of one variant that are not zero (the demand line always), in their order."""
    return tuple(
        LedgerLine(code, LABELS[code], int(units), details.get(code, ""))
        for code, units in zip(CODES, row, strict=True)
        if units or code == "demand"
    )
