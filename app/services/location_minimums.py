"""The least that a location is to hold of a product: what the merchant sets, and what a plan takes from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.platform import db, tenancy
from app.services import audit
from app.services.catalog import VariantNotFound
from app.services.inventory import LocationNotFound


def change(variant_id: int, units: Mapping[int, int | None], *, actor: str, now: datetime) -> bool:
    """Set the minimum of a product at each of these locations (None or 0: none); whether anything changed.

    Raises VariantNotFound, LocationNotFound.
    """
    if not db.rows("SELECT id FROM variants WHERE id = :id", id=variant_id):
        raise VariantNotFound(f"There is no product {variant_id} in this store.")
    known = {row.id for row in db.rows("SELECT id FROM locations WHERE is_active")}
    for place in units:
        if place not in known:
            raise LocationNotFound(f"There is no active location {place} in this store.")
    held = _of_product(variant_id)
    wanted = {place: amount or None for place, amount in units.items()}
    changes = {
        place: [held.get(place), amount] for place, amount in wanted.items() if held.get(place) != amount
    }
    for place, (_, amount) in changes.items():
        _set(variant_id, place, amount, now)
    if changes:
        audit.record(
            actor=actor, action="location.minimums_changed", variant_id=variant_id, changes=_named(changes)
        )
    return bool(changes)


def _named(changes: Mapping[int, list[int | None]]) -> dict[str, list[int | None]]:
    return {str(place): pair for place, pair in changes.items()}


def _of_product(variant_id: int) -> dict[int, int]:
    found = db.rows("SELECT location_id, units FROM location_minimums WHERE variant_id = :id", id=variant_id)
    return {row.location_id: row.units for row in found}


def _set(variant_id: int, location_id: int, units: int | None, now: datetime) -> None:
    ids = {"variant": variant_id, "place": location_id}
    if units is None:
        db.execute(
            "DELETE FROM location_minimums WHERE variant_id = :variant AND location_id = :place", **ids
        )
        return
    db.execute(
        """
        INSERT INTO location_minimums (store_id, variant_id, location_id, units, updated_at)
        VALUES (:store, :variant, :place, :units, :now)
        ON CONFLICT (store_id, variant_id, location_id)
        DO UPDATE SET units = EXCLUDED.units, updated_at = EXCLUDED.updated_at
        """,
        store=tenancy.require_store(),
        units=units,
        now=now,
        **ids,
    )
