"""Alerts in words: what is left of a product, and why that is too little."""

from __future__ import annotations

from app.platform.formats import number
from app.platform.i18n import gettext


def sentence(kind: str, available: int, threshold: int | None) -> str:
    """`4 left. That is below your threshold of 10.`; with nothing left there is no more to say."""
    if available <= 0:
        return gettext("No units are left.")
    left = gettext("%(count)s left.", count=number(available))
    if kind == "runs_out_before_delivery":
        late = gettext("A delivery ordered today may come after the stock has run out.")
        return f"{left} {late}"
    if threshold is not None and available < threshold:
        below = gettext("That is below your threshold of %(threshold)s.", threshold=number(threshold))
        return f"{left} {below}"
    return left
