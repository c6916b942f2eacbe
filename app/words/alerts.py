"""Alerts in words: what is left of a product, and why that is too little."""

from __future__ import annotations

from app.platform.formats import number
from app.platform.i18n import gettext


def sentence(kind: str, available: int, threshold: int | None) -> str:
    """`No units are left. That is below your threshold of 10.`"""
    left = (
        gettext("No units are left.")
        if available <= 0
        else gettext("%(count)s left.", count=number(available))
    )
    if kind == "runs_out_before_delivery":
        late = gettext("A delivery ordered today may come after the stock has run out.")
        return f"{left} {late}"
    if threshold is not None and available < threshold:
        below = gettext("That is below your threshold of %(threshold)s.", threshold=number(threshold))
        return f"{left} {below}"
    return left
