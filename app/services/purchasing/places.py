"""Where an order is to be delivered: a location that counts, at first the one of the supplier's last order."""

from __future__ import annotations

from app.models.purchasing import PurchaseOrder
from app.platform import db
from app.services.inventory import LocationNotFound

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


def deliver_to(order: PurchaseOrder, location_id: int | None) -> None:
    """Name the location of an order; None leaves it as it is. Raises LocationNotFound."""
    if location_id is None or location_id == order.location_id:
        return
    if not db.rows(f"SELECT id FROM locations WHERE id = :id AND {_COUNTS}", id=location_id):  # noqa: S608
        raise LocationNotFound(f"There is no location {location_id} in this store that counts.")
    order.location_id = location_id
