"""From a need to an order: minimum order quantity, cases and the maximum stock (F11)."""

from __future__ import annotations

import numpy as np

from app.domain.arrays import Floats


def order_quantity(need: Floats, moq: Floats, case_size: Floats) -> Floats:
    """(n,) units to order: 0 for need ≤ 0, else m·⌈max(need, MOQ)/m⌉ for cases of m (F11)."""
    rounded = case_size * np.ceil(np.maximum(need, moq) / case_size)
    return np.where(need > 0, rounded, 0.0)


def within_maximum(quantity: Floats, room: Floats, moq: Floats, case_size: Floats) -> Floats:
    """(n,) the order cut to whole cases that fit into `room` (NaN: no limit); 0 if less than the MOQ fits."""
    room = np.where(np.isnan(room), np.inf, np.maximum(room, 0.0))
    fits = quantity <= room
    with np.errstate(invalid="ignore"):
        cut = case_size * np.floor(room / case_size)
    return np.where(fits, quantity, np.where(cut >= moq, cut, 0.0))
