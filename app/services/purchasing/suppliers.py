"""Suppliers: at first one for each vendor that the catalogue names; the merchant says what they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.models.purchasing import Supplier
from app.models.stores import StoreSettings
from app.platform import db
from app.platform.i18n import gettext, speaking
from app.services import audit, stores


class SupplierNotFound(LookupError):
    """The current store has no such supplier."""


class SupplierExists(ValueError):
    """The store has a supplier for that vendor already."""


def ensure_suppliers() -> int:
    """Make a supplier for each vendor that has none; returns how many are new.

    What sells without a vendor gets a supplier as well, named in the store's language until the merchant names it.
    """
    with speaking(stores.settings().language):
        unnamed = gettext("Supplier not named")
    return db.execute(
        """
        INSERT INTO suppliers (store_id, vendor, name)
        SELECT DISTINCT p.store_id, p.vendor, CASE p.vendor WHEN '' THEN :unnamed ELSE p.vendor END
        FROM products p WHERE p.deleted_at IS NULL
        ON CONFLICT (store_id, vendor) DO NOTHING
        """,
        unnamed=unnamed,
    )


def get(supplier_id: int) -> Supplier:
    """A supplier of the current store. Raises SupplierNotFound."""
    query = select(Supplier).where(Supplier.id == supplier_id)
    found = db.session().execute(query).scalar_one_or_none()
    if found is None:
        raise SupplierNotFound(f"There is no supplier {supplier_id} in this store.")
    return found


def of_vendor(vendor: str) -> Supplier:
    """The supplier of a vendor's products; made if the catalogue has named the vendor only just now."""
    query = select(Supplier).where(Supplier.vendor == vendor)
    found = db.session().execute(query).scalar_one_or_none()
    if found is None:
        ensure_suppliers()
        found = db.session().execute(query).scalar_one()
    return found


def of_product(supplier_id: int | None, vendor: str) -> Supplier:
    """Where a product is bought: from the supplier chosen for it, else from its vendor's."""
    return of_vendor(vendor) if supplier_id is None else get(supplier_id)


def lead_time_days(supplier: Supplier) -> int:
    """Days from order to shelf: the supplier's own, else the store's."""
    if supplier.lead_time_days is not None:
        return supplier.lead_time_days
    return db.session().execute(select(StoreSettings.lead_time_days)).scalar_one()


def create_supplier(vendor: str, values: Mapping[str, Any], *, actor: str) -> Supplier:
    """A supplier for a vendor that the catalogue names, or will name. Raises SupplierExists."""
    query = select(Supplier.id).where(Supplier.vendor == vendor)
    if db.session().execute(query).scalar_one_or_none() is not None:
        raise SupplierExists(
            gettext(
                "There is a supplier for the vendor “%(vendor)s” already. Change that one.", vendor=vendor
            )
        )
    supplier = Supplier(vendor=vendor, **values)
    db.session().add(supplier)
    db.session().flush()
    audit.record(actor=actor, action="supplier.created", supplier_id=supplier.id, vendor=vendor)
    return supplier


def change_supplier(supplier_id: int, values: Mapping[str, Any], *, actor: str) -> dict[str, tuple[Any, Any]]:
    """Change what is known of a supplier (None inherits); returns (before, after). Raises SupplierNotFound."""
    supplier = get(supplier_id)
    changed = {
        name: (getattr(supplier, name), value)
        for name, value in values.items()
        if getattr(supplier, name) != value
    }
    for name, (_, value) in changed.items():
        setattr(supplier, name, value)
    if changed:
        audit.record(
            actor=actor,
            action="supplier.changed",
            supplier_id=supplier_id,
            changes={name: [str(one) for one in pair] for name, pair in changed.items()},
        )
    return changed
