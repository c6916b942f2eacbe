"""The demand class of each variant: smooth, erratic, intermittent or lumpy (F22), or new, or none."""

from __future__ import annotations

import numpy as np

from app.domain.arrays import Floats, Texts
from app.domain.demand.panel import Panel

ADI_CUT = 1.32
CV2_CUT = 0.49
RECENT_DAYS = 365


def interval_and_variation(panel: Panel, recent_days: int = RECENT_DAYS) -> tuple[Floats, Floats]:
    """(n,) ADI in days and (n,) CV² of non-zero sizes (population), over the last `recent_days` (F22).

    ADI = days of history ÷ days with demand; infinite without any demand, CV² then NaN.
    """
    first = max(0, panel.days - recent_days)
    units = np.maximum(panel.units[:, first:], 0.0)
    history = np.minimum(panel.history_days, panel.days - first)
    count = (units > 0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = units.sum(axis=1) / count
        variance = (units**2).sum(axis=1) / count - mean**2
        return history / count, np.maximum(variance, 0.0) / mean**2


def demand_class(panel: Panel, *, new_below_days: int = 30) -> Texts:
    """(n,) class of each variant: `none` sold nothing in a year, `new` has under `new_below_days` days."""
    adi, cv2 = interval_and_variation(panel)
    frequent, even = adi <= ADI_CUT, cv2 <= CV2_CUT
    return np.select(
        [np.isinf(adi), panel.history_days < new_below_days, frequent & even, frequent, even],
        ["none", "new", "smooth", "erratic", "intermittent"],
        default="lumpy",
    )
