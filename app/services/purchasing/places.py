"""Where an order is to be delivered: a location that counts, at first the one of the supplier's last order."""

from __future__ import annotations

from enum import Enum

from app.models.purchasing import PurchaseOrder
from app.platform import db
from app.services.inventory import LocationNotFound


class Kept(Enum):
    """What a change says of a location that it leaves as it is: None already says that an order names none."""

    KEPT = "kept"


KEPT = Kept.KEPT
_COUNTS = "is_active AND NOT is_left_out"


def usual(supplier_id: int) -> int | None:
    """Where the supplier's last order went, else the store's first location; None while no location is known."""
    found = db.rows(
        f"""
        SELECT COALESCE(
            (SELECT o.location_id FROM purchase_orders o
             JOIN locations p ON p.store_id = o.store_id AND p.id = o.location_id AND p.is_active
                 AND NOT p.is_left_out
             WHERE o.supplier_id = :supplier ORDER BY o.number DESC LIMIT 1),
            (SELECT MIN(id) FROM locations WHERE {_COUNTS})) AS id
        """,  # noqa: S608  (a constant of this module)
        supplier=supplier_id,
    )
    place: int | None = found[0].id
    return place


def deliver_to(order: PurchaseOrder, wanted: int | Kept | None) -> dict[str, int | None]:
    """Name the location of an order, None for the store as a whole; what changed, for the audit trail.

    Raises LocationNotFound.
    """
    before = order.location_id
    if wanted is KEPT or wanted == before:
        return {}
    sql = f"SELECT id FROM locations WHERE id = :id AND {_COUNTS}"  # noqa: S608  (a constant of this module)
    if wanted is not None and not db.rows(sql, id=wanted):
        raise LocationNotFound(f"There is no location {wanted} in this store that counts.")
    order.location_id = wanted
    return {"location_before": before, "location_id": wanted}
