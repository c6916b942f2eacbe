"""The one-off large orders of a product, as its page lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.platform import db

MOST = 20


@dataclass(frozen=True)
class WholesaleView:
    """One order line; `usual_units` is the product's median line, `is_counted` what the merchant decided."""

    line_id: int
    day: date
    units: int
    usual_units: float
    is_counted: bool
    decided_by: str


def of_product(variant_id: int) -> list[WholesaleView]:
    """The newest ones. One statement."""
    names = ", ".join(WholesaleView.__dataclass_fields__)
    found = db.rows(
        f"SELECT {names} FROM wholesale_lines WHERE variant_id = :id"  # noqa: S608
        " ORDER BY day DESC, line_id DESC LIMIT :most",
        id=variant_id,
        most=MOST,
    )
    return [WholesaleView(**row._asdict()) for row in found]
